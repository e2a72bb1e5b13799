/**
 * Looks for secrets in what an action gave back, by the forms of base/secret-forms.ts. It raises attention and gates
 * nothing. What is kept of the result no longer holds them: the check is of the bytes as they were reported.
 */
import type { EventOf } from "@countersign/evidence/event";
import { holdsSecret } from "../base/secret-forms.ts";

type Check = EventOf<"safety.checked">["safety"]["checks"][number];

/** Bytes looked at; what is longer is inconclusive unless the beginning already fails. */
export const SCANNED_BYTES = 8 * 1024 * 1024;

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
