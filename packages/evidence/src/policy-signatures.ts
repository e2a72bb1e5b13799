/**
 * Signatures on a policy bundle: who wrote, reviewed or released these bytes, wherever they are used. They say nothing of
 * where a bundle is in force; publishing takes an answer to a request of the tenant's own. Spec: spec/policy.md,
 * "Signatures".
 */
import { formatBase64Url, parseBase64Url } from "./base64.ts";
import type { BundleSignature } from "./bundle-shapes.ts";
import { approverKeyOf, type ControlState } from "./control.ts";
import { verifyEd25519 } from "./ed25519.ts";
import type { EventOf } from "./event.ts";
import { type Fault, fault } from "./fault.ts";
import { parseHex, utf8 } from "./hash.ts";
import { own } from "./own.ts";
import { type Bundle, SIGNATURES_PATH } from "./policy.ts";
import { type PolicyFinding, policyFinding } from "./policy-finding.ts";

/** The key a signature names, as 32 raw bytes; undefined when nobody here knows it. */
export type SignatureKeys = (keyId: string) => Uint8Array | undefined;

/** What is signed of a bundle. @param digest `sha256:<hex>`: the policy digest */
export function bundleSigningBytes(digest: string): Uint8Array {
  const context = utf8("countersign/v1/policy-bundle\n");
  const hash = parseHex(digest.slice("sha256:".length));
  const bytes = new Uint8Array(context.length + hash.length);
  bytes.set(context);
  bytes.set(hash, context.length);
  return bytes;
}

/** Signs with what `sign` holds: 64 bytes of Ed25519 over its argument. */
export function signBundle(
  digest: string,
  by: { readonly keyId: string; readonly role: BundleSignature["role"] },
  sign: (message: Uint8Array) => Uint8Array,
): BundleSignature {
  const sig = formatBase64Url(sign(bundleSigningBytes(digest)));
  return { key_id: by.keyId, alg: "ed25519", role: by.role, sig };
}

/** The signatures that verify, and a finding for each that does not or cannot be verified here. */
export function checkSignatures(
  bundle: Pick<Bundle, "digest" | "signatures">,
  keyOf: SignatureKeys,
): { readonly signatures: readonly BundleSignature[]; readonly findings: readonly PolicyFinding[] } {
  const findings: PolicyFinding[] = [];
  const message = bundleSigningBytes(bundle.digest);
  const signatures = bundle.signatures.filter(({ key_id: keyId, role, sig }) => {
    const key = keyOf(keyId);
    const find = (code: "signature-unknown" | "signature-invalid") =>
      findings.push(policyFinding(code, `${role} ${keyId}`, { path: SIGNATURES_PATH }));
    if (key === undefined) find("signature-unknown");
    else if (verifyEd25519(key, message, parseBase64Url(sig) ?? new Uint8Array(0))) return true;
    else find("signature-invalid");
    return false;
  });
  return { signatures, findings };
}

/**
 * Keys that may sign a bundle in a tenant: people's Ed25519 keys, and those the log announced for policies. A revoked one
 * signs no more.
 */
export function signatureKeysOf(control: ControlState): SignatureKeys {
  return (keyId) => {
    const person = approverKeyOf(control, keyId);
    if (person !== undefined && person.revoked === undefined && person.method === "ed25519")
      return parseBase64Url(person.x);
    const key = own(control.keys, keyId);
    if (key?.purpose !== "policy" || key.alg !== "ed25519" || key.revoked !== undefined) return undefined;
    return key.x === undefined ? undefined : parseBase64Url(key.x);
  };
}

/** Why signatures recorded with an upload do not verify under the keys known at that point of the log. */
export function uploadSignatureFaults(event: EventOf<"policy.uploaded">, control: ControlState): readonly Fault[] {
  const { signatures = [], bundle } = event;
  const checked = checkSignatures({ digest: bundle.digest as Bundle["digest"], signatures }, signatureKeysOf(control)); // a digest, by the event's shape
  const at = { index: event.integrity.index, eventId: event.event_id };
  return checked.findings.map(({ code, detail }) => fault("policy-signature-invalid", `${detail}: ${code}`, at));
}
