/** The one place where a person's signature is verified before it is recorded. */
import { approverKeyOf, type ControlState } from "@countersign/evidence/control";
import { verifyEd25519 } from "@countersign/evidence/ed25519";
import { CountersignError } from "@countersign/evidence/errors";
import { verifyEs256 } from "@countersign/evidence/es256";
import { signedVote } from "@countersign/evidence/vote-signature";

/** @throws CountersignError signature-invalid unless the key enrolled under its name signed the text's digest */
export function refuseSignature(control: ControlState, given: Parameters<typeof signedVote>[0]): void {
  const signed = signedVote(given, approverKeyOf(control, given.kid));
  if (typeof signed === "string") throw new CountersignError("signature-invalid", { detail: `${signed}.` });
  const verify = signed.alg === "ed25519" ? verifyEd25519 : verifyEs256;
  if (!verify(signed.publicKey, signed.message, signed.signature)) throw new CountersignError("signature-invalid");
}
