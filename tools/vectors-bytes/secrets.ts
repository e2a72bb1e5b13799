/** Vectors of commitments, disclosures and seals: spec/commitment.md. */
import { formatBase64 } from "@countersign/evidence/base64";
import { commitmentOf, type Disclosure, disclosureOf, formatDisclosure } from "@countersign/evidence/commitment";
import { utf8 } from "@countersign/evidence/hash";
import { formatSealHeader, type SealHeader } from "@countersign/evidence/sealing";
import { openNow, sealNow } from "@countersign/evidence/sealing.node";
import { args, argsDisclosure, flipped, named } from "./log.ts";

/** `disclosure` is the exact text; `payload`, when there, base64 of the plain bytes it speaks of. */
export type CommitmentVector = {
  readonly desc: string;
  readonly disclosure: string;
  readonly commitment: string;
  readonly payload?: string;
  readonly faults: readonly string[];
};
/** Bytes in base64. `plain` is null when the seal does not open. */
export type SealVector = {
  readonly desc: string;
  readonly key: string;
  readonly key_id?: string;
  readonly nonce?: string;
  readonly sealed: string;
  readonly plain: string | null;
  readonly faults: readonly string[];
};

export function commitmentVectors(): Record<string, CommitmentVector> {
  const salt = named("salt of a reason").subarray(0, 16);
  const reason = disclosureOf(salt, "/approval/reason", "CHG-1042 rollback of bad config");
  const of = (
    desc: string,
    disclosure: Disclosure,
    faults: readonly string[] = ["commitment-mismatch"],
    opens = reason,
  ): CommitmentVector => ({ desc, disclosure: formatDisclosure(disclosure), commitment: commitmentOf(opens), faults });
  const malformed = (desc: string, disclosure: string): CommitmentVector => ({
    ...of(desc, reason, ["disclosure-malformed"]),
    disclosure,
  });
  const text = formatDisclosure(reason);
  const payload = (desc: string, bytes: Uint8Array, faults: readonly string[]): CommitmentVector => ({
    ...of(desc, argsDisclosure, faults, argsDisclosure),
    payload: formatBase64(bytes),
  });
  const structure = disclosureOf(salt, "/action/intent", { steps: ["plan", "apply"], risk: 2, note: null });
  return {
    "text/valid": of("a text", reason, []),
    "structure/valid": of("a structure", structure, [], structure),
    "text/other-value": of("another value", [reason[0], reason[1], "CHG-1042 rollback of bad config "]),
    "text/other-salt": of("another salt", disclosureOf(flipped(salt), "/approval/reason", reason[2])),
    "text/other-pointer": of("the same value under another pointer", disclosureOf(salt, "/approval/note", reason[2])),
    "text/salt-short": malformed("a salt of 15 bytes", text.replace(reason[0], reason[0].slice(0, 20))),
    "text/salt-padded": malformed("a salt with padding", text.replace(reason[0], `${reason[0]}==`)),
    "text/no-pointer": malformed("a pointer that is none", text.replace("/approval/reason", "approval/reason")),
    "text/four-parts": malformed("one element too many", text.replace(/\]$/, ",1]")),
    "text/white-space": malformed("a space after a comma", text.replace(",", ", ")),
    "text/duplicate-key": malformed("a value with a duplicate key", `["${reason[0]}","/a",{"b":1,"b":2}]`),
    "payload/valid": payload("arguments: the value is the digest of the exact bytes", args, []),
    "payload/one-space-more": payload(
      "the same JSON with one space more",
      utf8(new TextDecoder().decode(args).replace(":", ": ")),
      ["payload-mismatch"],
    ),
  };
}

export function sealingVectors(): Record<string, SealVector> {
  const key = named("seal key");
  const header: SealHeader = {
    keyId: "prod-a/usr_01jqs0azz1f8vr9k2m4n6p8s0t/1",
    nonce: named("nonce").subarray(0, 12),
  };
  const sealed = sealNow(key, header, args);
  const of = (
    desc: string,
    bytes: Uint8Array,
    faults: readonly string[] = ["seal-not-opened"],
    with_ = key,
  ): SealVector => {
    const opened = openNow(with_, bytes);
    return {
      desc,
      key: formatBase64(with_),
      sealed: formatBase64(bytes),
      plain: opened.ok ? formatBase64(opened.value) : null,
      faults,
    };
  };
  const head = formatSealHeader(header).length;
  const made = { key_id: header.keyId, nonce: formatBase64(header.nonce) };
  const text = Buffer.from(sealed).toString("latin1");
  const rewritten = (from: string | RegExp, to: string) =>
    Uint8Array.from(Buffer.from(text.replace(from, to), "latin1"));
  const malformed = ["seal-malformed"];
  return {
    "payload/valid": { ...of("arguments", sealed, []), ...made },
    "payload/valid-empty": { ...of("no bytes", sealNow(key, header, new Uint8Array(0)), []), ...made },
    "payload/other-key": of("another key", sealed, ["seal-not-opened"], named("another seal key")),
    "payload/ciphertext-changed": of("one bit of the ciphertext", flipped(sealed, head + 3)),
    "payload/tag-changed": of("one bit of the tag", flipped(sealed)),
    "payload/cut": of("the last byte missing", sealed.subarray(0, -1)),
    "payload/key-id-changed": of("another key id: the header is authenticated", rewritten("/1\nnonce", "/2\nnonce")),
    "payload/nonce-changed": of("another nonce", rewritten(/nonce ./, "nonce A")),
    "form/other-version": of("version 2", rewritten("seal/1", "seal/2"), malformed),
    "form/other-algorithm": of("another algorithm", rewritten("AES-256-GCM", "AES-128-GCM"), malformed),
    "form/space-in-key-id": of("a space in the key id", rewritten("prod-a/", "prod a/"), malformed),
    "form/short-nonce": of("a nonce of 11 bytes", rewritten(/nonce ./, "nonce "), malformed),
    "form/no-empty-line": of("no empty line after the header", rewritten("\n\n", "\n"), malformed),
    "form/no-tag": of("too short for a tag", sealed.subarray(0, head + 15), malformed),
  };
}
