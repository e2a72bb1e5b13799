/**
 * Challenges nobody has to remember: 32 bytes that say until when they are good and carry the server's mark over what
 * they are for. So a page that only looks costs no write, and any process of the server takes any other's. What was used
 * is remembered until it would have expired (spent_challenges), so each is good once.
 */
import { hash, timingSafeEqual } from "node:crypto";
import { formatBase64Url, parseBase64Url } from "@countersign/evidence/base64";
import { CountersignError } from "@countersign/evidence/errors";
import { type Need, need, type Transaction } from "../ledger/command.ts";
import type { PeopleParts } from "./faces.ts";
import { spentChallenges } from "./tables.ts";

/** How long a person has to answer, ms. */
export const CHALLENGE_LIFE_MS = 5 * 60_000;

const RANDOM_BYTES = 12;
const TIME_BYTES = 6;
const MARK_BYTES = 14;
const CHALLENGE_BYTES = RANDOM_BYTES + TIME_BYTES + MARK_BYTES;

/** A challenge that was found good, to be spent in the command that relies on it. */
export type GoodChallenge = { readonly challenge: string; readonly endsMs: number };

export type Challenges = {
  /** A fresh one, base64url, for one purpose: `sign-in`, `step-up ses_…`. */
  make(tenant: string, purpose: string): string;
  /** The challenge with its end, or undefined when it is not one of ours for this purpose, or too old. */
  check(tenant: string, purpose: string, text: string): GoodChallenge | undefined;
};

export function openChallenges({ clock, seals, random }: Pick<PeopleParts, "clock" | "seals" | "random">): Challenges {
  const mark = (tenant: string, purpose: string, head: Uint8Array) =>
    Buffer.from(
      seals.lookupHash(tenant, "challenge", `${purpose}\n${formatBase64Url(head)}`).slice(0, MARK_BYTES * 2),
      "hex",
    );

  return {
    make(tenant, purpose) {
      const head = Buffer.alloc(RANDOM_BYTES + TIME_BYTES);
      head.set(random(RANDOM_BYTES));
      head.writeUIntBE(clock.nowMs() + CHALLENGE_LIFE_MS, RANDOM_BYTES, TIME_BYTES);
      return formatBase64Url(Buffer.concat([head, mark(tenant, purpose, head)]));
    },

    check(tenant, purpose, text) {
      const bytes = parseBase64Url(text);
      if (bytes === undefined || bytes.length !== CHALLENGE_BYTES) return undefined;
      const head = Buffer.from(bytes.subarray(0, RANDOM_BYTES + TIME_BYTES));
      if (!timingSafeEqual(bytes.subarray(head.length), mark(tenant, purpose, head))) return undefined;
      const endsMs = head.readUIntBE(RANDOM_BYTES, TIME_BYTES);
      return endsMs <= clock.nowMs() ? undefined : { challenge: text, endsMs };
    },
  };
}

const keyOf = (text: string) => ({ challenge: hash("sha256", text) });

/** What a command that spends a challenge or a state looks at. */
export function needsOfChallenge({ challenge }: GoodChallenge): Need {
  return need(spentChallenges, keyOf(challenge));
}

/** @throws CountersignError sign-in-refused when it was used before, or its time has passed meanwhile */
export function spend(tx: Transaction, { challenge, endsMs }: GoodChallenge): void {
  const key = keyOf(challenge);
  if (endsMs <= tx.nowMs || tx.row(spentChallenges, key) !== undefined) {
    throw new CountersignError("sign-in-refused", { detail: "This challenge was answered before, or too late." });
  }
  tx.put(spentChallenges, { ...key, ends_ms: endsMs });
}
