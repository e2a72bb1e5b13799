/**
 * Outcomes that could not be delivered, kept on disk until the gate has them. One file per report, written to a
 * temporary name, fsynced, renamed, and its folder fsynced, so a report that `keep` has returned for survives a crash.
 * Delivery repeats the same bytes under the same idempotency key, so a report sent twice is recorded once.
 * A decision can never come out of here: only what already happened goes in.
 */
import { mkdir, open, readdir, readFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { CountersignError } from "@countersign/evidence/errors";
import type { OutcomeReport } from "@countersign/evidence/wire";

/** One report waiting to be delivered. */
export type KeptReport = {
  readonly actionId: string;
  readonly idempotencyKey: string;
  readonly report: OutcomeReport;
  /** When it was kept; RFC 3339. */
  readonly at: string;
};

export type Outbox = {
  /** Keeps a report durably. @throws CountersignError outbox-unsafe */
  keep(report: KeptReport): Promise<void>;
  /**
   * Delivers in the order kept; stops at the first that cannot be delivered now. What the gate refuses for good is moved
   * to `refused/` beside its reason, never dropped.
   */
  deliver(
    send: (report: KeptReport) => Promise<void>,
  ): Promise<{ delivered: number; refused: number; waiting: number }>;
  waiting(): Promise<number>;
  /** Whether a report could be kept now: writes a file and takes it away. @throws CountersignError outbox-unsafe */
  probe(): Promise<void>;
};

/** Opens (and makes, with mode 0700) the folder. */
export async function openOutbox(folder: string): Promise<Outbox> {
  try {
    await mkdir(join(folder, "refused"), { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new CountersignError("outbox-unsafe", { detail: `Cannot make ${folder}.`, cause });
  }
  let sequence = 0;
  // One delivery at a time in this process; another process may deliver too, which idempotency makes harmless.
  let delivering: Promise<unknown> = Promise.resolve();

  const names = async () => (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();

  return {
    async keep(report) {
      const name = `${String(Date.parse(report.at)).padStart(15, "0")}-${String(sequence++).padStart(6, "0")}-${report.idempotencyKey}.json`;
      try {
        await writeDurably(folder, name, JSON.stringify(report));
      } catch (cause) {
        throw new CountersignError("outbox-unsafe", { detail: `Cannot keep a report in ${folder}.`, cause });
      }
    },
    async deliver(send) {
      const turn = delivering.then(async () => {
        let delivered = 0;
        let refused = 0;
        for (const name of await names()) {
          const text = await readFile(join(folder, name), "utf8").catch(() => undefined);
          if (text === undefined) continue; // Another process delivered it meanwhile.
          try {
            await send(JSON.parse(text) as KeptReport);
            delivered++;
          } catch (cause) {
            if (!isFinal(cause)) break;
            await writeDurably(join(folder, "refused"), `${name}.reason`, `${cause.code}: ${cause.message}\n`);
            await rename(join(folder, name), join(folder, "refused", name));
            refused++;
            continue;
          }
          await unlink(join(folder, name)).catch(() => undefined);
        }
        return { delivered, refused, waiting: (await names()).length };
      });
      delivering = turn.catch(() => undefined);
      return turn;
    },
    async probe() {
      const path = join(folder, `.probe-${process.pid}-${sequence++}`);
      try {
        await (await open(path, "wx", 0o600)).close();
        await unlink(path);
      } catch (cause) {
        throw new CountersignError("outbox-unsafe", { detail: `Cannot write in ${folder}.`, cause });
      }
    },
    async waiting() {
      return (await names()).length;
    },
  };
}

/** Only a refusal that repeating cannot change: the gate answered, and not with "later". */
function isFinal(cause: unknown): cause is CountersignError {
  return (
    cause instanceof CountersignError &&
    cause.status >= 400 &&
    cause.status < 500 &&
    cause.status !== 401 &&
    cause.status !== 429
  );
}

async function writeDurably(folder: string, name: string, text: string): Promise<void> {
  const temporary = join(folder, `.${name}.tmp`);
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(folder, name));
  const directory = await open(folder, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
