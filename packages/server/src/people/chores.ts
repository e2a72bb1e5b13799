/** Rows whose time has passed: removed, many at a time. That a link or a waiting passkey lapsed is said, each by itself. */
import { type Command, need, type Transaction } from "../ledger/command.ts";
import type { Chore } from "../ledger/due.ts";
import type { Table } from "../ledger/table.ts";
import { endWaiting } from "./enrolments.ts";
import { lapsedSessions } from "./sessions.ts";
import { endLink } from "./set-up-links.ts";
import { setUpLinks, spentChallenges, waitingEnrolments } from "./tables.ts";

export const signInChores: readonly Chore[] = [
  lapsedSessions,
  sweeping("spent-challenges", spentChallenges, (tx, challenge) => tx.remove(spentChallenges, { challenge })),
  sweeping("set-up-links", setUpLinks, (tx, token) => endLink(tx, token, "link_lapsed")),
  sweeping("waiting-enrolments", waitingEnrolments, (tx, id) => endWaiting(tx, id, "passkey_lapsed")),
];

/** A table with one key column, a time after which its rows mean nothing, and an index by it. */
type Ending = typeof spentChallenges | typeof setUpLinks | typeof waitingEnrolments;

function sweeping(what: string, table: Ending, end: (tx: Transaction, key: string) => void): Chore {
  const shape: Table = table;
  const [name] = Object.keys(shape.key) as [string]; // each of the three has one
  const command: Command<{ keys: readonly string[] }, { removed: number }> = {
    name: `people.sweep-${what}`,
    needs: ({ keys }) => ({ rows: keys.map((key) => need(shape, { [name]: key })) }),
    run(tx, { keys }) {
      const gone = keys.filter((key) => {
        const row = tx.row(shape, { [name]: key });
        return row !== undefined && Number(row.ends_ms) <= tx.nowMs;
      });
      for (const key of gone) end(tx, key);
      return { removed: gone.length };
    },
  };
  return {
    name: command.name,
    find(reader, nowMs, limit) {
      const rows = reader.list(shape, "by_end", [], { limit }).filter((row) => Number(row.ends_ms) <= nowMs);
      return rows.length === 0 ? [] : [{ keys: rows.map((row) => String(row[name])) }];
    },
    command: command as Command<unknown, unknown>, // its input is what find gives, by name
  };
}
