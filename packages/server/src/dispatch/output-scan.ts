/**
 * Looks for secrets in what an action gave back: key formats that say what they are by their beginning. Every place a
 * beginning stands is looked at for a bounded length, so the time is linear in the bytes whatever they hold. It raises
 * attention and gates nothing: a secret without such a form, or one that is encoded, passes unseen.
 */
import type { EventOf } from "@countersign/evidence/event";

type Check = EventOf<"safety.checked">["safety"]["checks"][number];

/** Bytes looked at; what is longer is inconclusive unless the beginning already fails. */
export const SCANNED_BYTES = 8 * 1024 * 1024;

const digits = "0123456789";
const upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const word = `${upper}${upper.toLowerCase()}${digits}`;
const of = (characters: string): ReadonlySet<string> => new Set(characters);

/** A beginning, the characters that must follow it, and how many at least. */
const FORMS: readonly { readonly prefix: string; readonly follow: ReadonlySet<string>; readonly count: number }[] = [
  { prefix: "AKIA", follow: of(upper + digits), count: 16 },
  { prefix: "ASIA", follow: of(upper + digits), count: 16 },
  { prefix: "AIza", follow: of(`${word}_-`), count: 35 },
  { prefix: "ghp_", follow: of(word), count: 36 },
  { prefix: "gho_", follow: of(word), count: 36 },
  { prefix: "ghs_", follow: of(word), count: 36 },
  { prefix: "github_pat_", follow: of(`${word}_`), count: 22 },
  { prefix: "glpat-", follow: of(`${word}_-`), count: 20 },
  { prefix: "xoxb-", follow: of(`${word}-`), count: 20 },
  { prefix: "xoxp-", follow: of(`${word}-`), count: 20 },
  { prefix: "sk_live_", follow: of(word), count: 16 },
  { prefix: "rk_live_", follow: of(word), count: 16 },
  { prefix: "-----BEGIN PRIVATE KEY-----", follow: of(""), count: 0 },
  { prefix: "-----BEGIN RSA PRIVATE KEY-----", follow: of(""), count: 0 },
  { prefix: "-----BEGIN EC PRIVATE KEY-----", follow: of(""), count: 0 },
  { prefix: "-----BEGIN OPENSSH PRIVATE KEY-----", follow: of(""), count: 0 },
];

/** Whether the bytes hold something that has the form of a secret. */
export function holdsSecret(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  return FORMS.some(({ prefix, follow, count }) => {
    for (let at = text.indexOf(prefix); at >= 0; at = text.indexOf(prefix, at + 1)) {
      const from = at + prefix.length;
      let length = 0;
      while (length < count && follow.has(text[from + length] ?? "")) length++;
      if (length === count) return true;
    }
    return false;
  });
}

/**
 * The check of a result. A scanner that crashes has found nothing out: that is inconclusive, never a pass.
 *
 * @param scan the scanner; tests put in one that crashes
 */
export function outputCheck(result: Uint8Array, scan: (bytes: Uint8Array) => boolean = holdsSecret): Check {
  const name = "output-secrets";
  try {
    if (scan(result.subarray(0, SCANNED_BYTES))) return { name, verdict: "fail", code: "SECRET_IN_OUTPUT" };
  } catch {
    return { name, verdict: "inconclusive", code: "CHECK_CRASHED" };
  }
  if (result.length > SCANNED_BYTES) return { name, verdict: "inconclusive", code: "OUTPUT_TOO_LARGE" };
  return { name, verdict: "pass" };
}
