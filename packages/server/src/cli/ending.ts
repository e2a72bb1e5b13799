/** What commands that end something have in common: why, and since when it was in other hands. */
import { type Context, option } from "./command.ts";

export const REASON = option("--reason <code>", "A reason code, UPPER_SNAKE. Default: REVOKED.");
export const ENDING = [
  REASON,
  option("--compromised-since <time>", "From when on others had it: 2027-01-01T00:00:00.000Z."),
];

/** The members of an operation's input the options above come to. */
export function endingOf({ options }: Context): { reason?: unknown; compromised_since?: unknown } {
  const { reason, compromisedSince } = options;
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(compromisedSince === undefined ? {} : { compromised_since: compromisedSince }),
  };
}
