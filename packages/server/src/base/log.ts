/** The process's own log: JSON lines on stderr (stdout belongs to commands). It is not evidence and holds no secrets. */
import { type DestinationStream, pino } from "pino";

/** What the server logs through; a pino logger. */
export type Log = {
  debug(about: object, words: string): void;
  info(about: object, words: string): void;
  warn(about: object, words: string): void;
  error(about: object, words: string): void;
};

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Members that never reach the log, wherever they stand at the first two levels. */
const SECRET = ["authorization", "key", "secret", "args", "body", "token", "note"];

/**
 * A logger at `level`.
 *
 * @param to where lines go; stderr unless a test says otherwise. Synchronous, so that the last words before a crash are kept.
 */
export function openLog(level: LogLevel, to?: DestinationStream): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET.flatMap((name) => [name, `*.${name}`]), censor: "[hidden]" },
    },
    to ?? pino.destination({ dest: 2, sync: true }),
  );
}

/** Logs nothing. */
export const silentLog: Log = openLog("silent");
