/** Rows whose time has passed and about which there is nothing to say: removed, many at a time, without an event. */
import type { Command } from "../ledger/command.ts";
import { need } from "../ledger/command.ts";
import type { Chore } from "../ledger/due.ts";
import type { Table } from "../ledger/table.ts";
import { lapsedSessions } from "./sessions.ts";
import { setUpLinks, spentChallenges, waitingEnrolments } from "./tables.ts";

export const signInChores: readonly Chore[] = [
  lapsedSessions,
  sweeping("spent-challenges", spentChallenges),
  sweeping("set-up-links", setUpLinks),
  sweeping("waiting-enrolments", waitingEnrolments),
];

/** A table with one key column, a time after which its rows mean nothing, and an index by it. */
type Ending = typeof spentChallenges | typeof setUpLinks | typeof waitingEnrolments;

function sweeping(what: string, table: Ending): Chore {
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
      for (const key of gone) tx.remove(shape, { [name]: key });
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
