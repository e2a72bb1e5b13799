/** Vectors of signed notes, verifier keys, checkpoints and receipts: spec/checkpoint.md, spec/receipt.md. */
import { formatBase64 } from "@countersign/evidence/base64";
import type { Hash } from "@countersign/evidence/hash";
import { inclusionPath } from "@countersign/evidence/merkle";
import { formatKeyId, formatNote, formatSignatureLine, type Note } from "@countersign/evidence/note";
import { formatReceipt, type Receipt } from "@countersign/evidence/receipt";
import {
  checkpoint,
  checkpointText,
  cosignature,
  entries,
  flipped,
  logKey,
  nodeAt,
  ORIGIN,
  otherLogKey,
  root,
  signature,
  signingKey,
  witnessKey,
} from "./log.ts";

/** `keys` are verifier keys; those that are not known ones are ignored. */
export type NoteVector = {
  readonly desc: string;
  readonly note: string;
  readonly keys: readonly string[];
  readonly faults: readonly string[];
};
export type KeyVector = { readonly desc: string; readonly vkey: string; readonly faults: readonly string[] };
export type CheckpointVector = NoteVector & {
  /** The only origin accepted, or null. */
  readonly origin: string | null;
  /** Seconds since 1970, as each witness known claims them. */
  readonly cosigned: readonly number[];
};
export type ReceiptVector = {
  readonly desc: string;
  readonly receipt: string;
  readonly entry: string;
  readonly keys: readonly string[];
  readonly faults: readonly string[];
};

const TEXT = "Ognuno sta solo sul cuor della terra\n\ned è subito sera.\n";
const author = signingKey("author.example/salvatore", "ed25519", "author key");
const reader = signingKey("reader.example/1", "ed25519", "reader key");

export function noteVectors(): Record<string, NoteVector | KeyVector> {
  const good: Note = { text: TEXT, signatures: [signature(author, TEXT)] };
  const malformed = ["note-malformed"];
  const of = (desc: string, note: string, faults: readonly string[] = malformed, keys = [author.vkey]): NoteVector => ({
    desc,
    note,
    keys,
    faults,
  });
  const withSignature = (bytes: Uint8Array) =>
    formatNote({ ...good, signatures: [{ ...good.signatures[0]!, signature: bytes }] });
  const text = formatNote(good);
  const bytes = good.signatures[0]!.signature;
  const many = Array.from({ length: 101 }, (_, i) => ({ name: `n${i}`, keyId: i, signature: new Uint8Array(64) }));
  return {
    "signed/valid": of("a text with an empty line, signed by a known key", text, []),
    "signed/valid-unknown-ignored": of(
      "a second signature by a key nobody knows",
      formatNote({ ...good, signatures: [signature(reader, TEXT), ...good.signatures] }),
      [],
    ),
    "signed/valid-same-name-other-id": of(
      "a signature of the same name and another key id is another key's",
      formatNote({
        ...good,
        signatures: [{ ...good.signatures[0]!, keyId: 7, signature: new Uint8Array(64) }, ...good.signatures],
      }),
      [],
    ),
    "signed/unsigned": of("signed by nobody known", text, ["note-unsigned"], [reader.vkey]),
    "signed/text-changed": of("one letter of the text", text.replace("solo", "sola"), [
      "note-signature-invalid",
      "note-unsigned",
    ]),
    "signed/signature-changed": of("one bit of the signature", withSignature(flipped(bytes, 9)), [
      "note-signature-invalid",
      "note-unsigned",
    ]),
    "signed/signature-short": of("a signature of 63 bytes", withSignature(bytes.subarray(1)), [
      "note-signature-invalid",
      "note-unsigned",
    ]),
    "signed/one-of-two-invalid": of(
      "one known key's signature verifies, another's does not",
      formatNote({
        ...good,
        signatures: [...good.signatures, { ...signature(reader, TEXT), signature: new Uint8Array(64) }],
      }),
      ["note-signature-invalid"],
      [author.vkey, reader.vkey],
    ),
    "form/valid-many": of(
      "100 signatures",
      formatNote({ ...good, signatures: [...many.slice(0, 99), ...good.signatures] }),
      [],
    ),
    "form/too-many": of("102 signatures", formatNote({ ...good, signatures: [...many, ...good.signatures] })),
    "form/no-signature": of("no signature line", `${TEXT}\n`),
    "form/no-blank-line": of(
      "no blank line before the signatures",
      `text\n${formatSignatureLine(good.signatures[0]!)}`,
    ),
    "form/no-final-newline": of("the last newline is missing", text.slice(0, -1)),
    "form/carriage-return": of("a carriage return", text.replace("\n", "\r\n")),
    "form/tab": of("a tab in the text", text.replace(" ", "\t")),
    "form/hyphen": of("a hyphen for the dash", text.replace("— ", "- ")),
    "form/two-spaces": of("two spaces after the name", text.replace("salvatore ", "salvatore  ")),
    "form/line-after": of("a line after the signatures", `${text}more\n`),
    "form/base64-padding": of("padding that is not canonical", text.replace(/=*\n$/, "\n")),
    "form/name-with-plus": of("a plus in a name", text.replace("example/salvatore", "example+salvatore")),
    "form/name-with-space": of(
      "a no-break space in a name",
      text.replace("example/salvatore", "example\u00a0salvatore"),
    ),
    "form/key-id-alone": of(
      "a key id and no signature",
      formatNote({ ...good, signatures: [{ ...good.signatures[0]!, signature: new Uint8Array(0) }] }),
    ),
    ...keyVectors(),
  };
}

function keyVectors(): Record<string, KeyVector> {
  const malformed = ["verifier-key-malformed"];
  const of = (desc: string, vkey: string, faults: readonly string[] = malformed): KeyVector => ({ desc, vkey, faults });
  const { vkey } = author;
  const [name, id, key] = vkey.split("+", 3) as [string, string, string];
  const unacceptable = (point: Uint8Array) => `${name}+${id}+${formatBase64(Uint8Array.from([1, ...point]))}`;
  const identity = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0));
  return {
    "key/valid": of("an Ed25519 key", vkey, []),
    "key/valid-cosignature": of("a witness's key", witnessKey.vkey, []),
    "key/other-id": of("the key id of another key", `${name}+${formatKeyId(reader.key.keyId)}+${key}`),
    "key/other-name": of("another name, so another key id", `reader.example/1+${id}+${key}`),
    "key/upper-case-id": of("hex digits in upper case", `${name}+${id.toUpperCase()}+${key}`),
    "key/no-name": of("no name", `+${id}+${key}`),
    "key/unknown-type": of(
      "type 2, ECDSA",
      `${name}+${id}+${formatBase64(Uint8Array.from([2, ...author.key.publicKey]))}`,
    ),
    "key/not-base64": of("a letter that is not base64", `${name}+${id}+${key.slice(0, -1)}!`),
    "key/short": of(
      "31 bytes of key",
      `${name}+${id}+${formatBase64(Uint8Array.from([1, ...author.key.publicKey.subarray(1)]))}`,
      ["key-not-acceptable"],
    ),
    "key/small-order": of("the identity, which signs anything", unacceptable(identity), ["key-not-acceptable"]),
    "key/not-canonical": of(
      "y = p + 1, a second spelling of the identity",
      unacceptable(Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 0xee : i === 31 ? 0x7f : 0xff))),
      ["key-not-acceptable"],
    ),
  };
}

export function checkpointVectors(): Record<string, CheckpointVector> {
  const of = (
    desc: string,
    note: string,
    faults: readonly string[] = ["checkpoint-malformed"],
    more: Partial<CheckpointVector> = {},
  ): CheckpointVector => ({ desc, note, keys: [logKey.vkey], origin: ORIGIN, cosigned: [], faults, ...more });
  const text = checkpointText(7);
  const signed = (changed: string) => formatNote({ text: changed, signatures: [signature(logKey, changed)] });
  const withWitness = [logKey.vkey, witnessKey.vkey];
  const time = 1_775_052_500;
  const witnessed = cosignature(witnessKey, text, time);
  const emptyText = checkpointText(0);
  const otherOrigin = text.replace(ORIGIN, "audit.example.com/prod-b/1");
  return {
    "signed/valid": of("seven leaves, signed by the log", checkpoint(7), []),
    "signed/valid-empty": of(
      "no leaves",
      formatNote({ text: emptyText, signatures: [signature(logKey, emptyText)] }),
      [],
    ),
    "signed/valid-extension": of("an extension line, which we read but do not write", signed(`${text}extension\n`), []),
    "signed/valid-two-keys": of("signed by an old and a new log key", checkpoint(7, signature(otherLogKey, text)), [], {
      keys: [otherLogKey.vkey, logKey.vkey],
    }),
    "signed/other-key": of(
      "signed by a key that was not given",
      formatNote({ text, signatures: [signature(otherLogKey, text)] }),
      ["checkpoint-unsigned"],
    ),
    "signed/other-origin": of("another log's checkpoint, signed by this log's key", signed(otherOrigin), [
      "checkpoint-origin",
      "checkpoint-unsigned",
    ]),
    "signed/any-origin-other-name": of(
      "no origin asked for, but the key speaks for its own name only",
      signed(otherOrigin),
      ["checkpoint-unsigned"],
      { origin: null },
    ),
    "signed/size-changed": of("the size changed after signing", checkpoint(7).replace("\n7\n", "\n8\n"), [
      "note-signature-invalid",
      "checkpoint-unsigned",
    ]),
    "signed/empty-with-root": of("no leaves but a root", signed(checkpointText(0, root(1))), ["root-mismatch"]),
    "cosigned/valid": of("cosigned by a known witness", checkpoint(7, witnessed), [], {
      keys: withWitness,
      cosigned: [time],
    }),
    "cosigned/valid-unknown": of("cosigned by a witness nobody knows", checkpoint(7, witnessed), []),
    "cosigned/time-changed": of(
      "one second later than was signed",
      checkpoint(7, { ...witnessed, signature: flipped(witnessed.signature, 7) }),
      ["note-signature-invalid"],
      { keys: withWitness },
    ),
    "cosigned/plain-signature": of(
      "a witness's plain signature is no cosignature",
      checkpoint(7, { ...signature(witnessKey, text) }),
      ["note-signature-invalid"],
      { keys: withWitness },
    ),
    "cosigned/without-log": of(
      "cosigned but not signed by the log",
      formatNote({ text, signatures: [witnessed] }),
      ["checkpoint-unsigned"],
      { keys: withWitness, cosigned: [time] },
    ),
    "form/two-lines": of("no root", signed(text.split("\n").slice(0, 2).join("\n").concat("\n"))),
    "form/leading-zero": of("a size with a leading zero", signed(text.replace("\n7\n", "\n07\n"))),
    "form/sign": of("a size with a sign", signed(text.replace("\n7\n", "\n+7\n"))),
    "form/beyond-2-53": of("a size of 2^53", signed(text.replace("\n7\n", "\n9007199254740992\n"))),
    "form/root-31-bytes": of("a root of 31 bytes", signed(`${ORIGIN}\n7\n${formatBase64(root(7).subarray(1))}\n`)),
    "form/root-hex": of("a root in hex", signed(`${ORIGIN}\n7\n${Buffer.from(root(7)).toString("hex")}\n`)),
    "form/empty-line": of("an empty line among extension lines", signed(`${text}\nextension\n`)),
    "form/empty-origin": of("no origin", signed(text.replace(ORIGIN, ""))),
    "form/not-a-note": of("no signature", text, ["note-malformed"]),
  };
}

export function receiptVectors(): Record<string, ReceiptVector> {
  const decoder = new TextDecoder();
  const entry = decoder.decode(entries[4]);
  const good: Receipt = { leafIndex: 4, path: inclusionPath(4, 7, nodeAt), checkpoint: checkpoint(7) };
  const of = (
    desc: string,
    receipt: string,
    faults: readonly string[] = ["receipt-malformed"],
    more: Partial<ReceiptVector> = {},
  ): ReceiptVector => ({ desc, receipt, entry, keys: [logKey.vkey], faults, ...more });
  const text = formatReceipt(good);
  const changed = (changes: Partial<Receipt>) => formatReceipt({ ...good, ...changes });
  const single: Receipt = { leafIndex: 0, path: [], checkpoint: checkpoint(1) };
  const long = Array.from({ length: 54 }, (): Hash => root(7));
  const time = 1_775_052_500;
  return {
    "entry/valid": of("entry 4 of 7", text, []),
    "entry/valid-single": of("the only entry: no path", formatReceipt(single), [], {
      entry: decoder.decode(entries[0]),
    }),
    "entry/valid-cosigned": of(
      "with a witness's cosignature",
      changed({ checkpoint: checkpoint(7, cosignature(witnessKey, checkpointText(7), time)) }),
      [],
      { keys: [logKey.vkey, witnessKey.vkey] },
    ),
    "entry/valid-extra": of(
      "with extra data, which nothing authenticates",
      changed({ extra: Uint8Array.of(1, 2, 3, 4) }),
      [],
    ),
    "entry/entry-changed": of("one letter of the entry", text, ["inclusion-failed"], {
      entry: entry.replace("terraform", "terraforn"),
    }),
    "entry/other-entry": of("another entry of the same log", text, ["inclusion-failed"], {
      entry: decoder.decode(entries[5]),
    }),
    "entry/other-index": of("another index", changed({ leafIndex: 5 }), ["inclusion-failed"]),
    "entry/index-beyond": of("an index at the tree's size", changed({ leafIndex: 7 }), ["inclusion-failed"]),
    "entry/path-changed": of("one bit of the path", changed({ path: good.path.with(2, flipped(good.path[2]!)) }), [
      "inclusion-failed",
    ]),
    "entry/path-cut": of("the path without its last hash", changed({ path: good.path.slice(0, -1) }), [
      "inclusion-failed",
    ]),
    "entry/older-checkpoint": of("the checkpoint of another size", changed({ checkpoint: checkpoint(6) }), [
      "inclusion-failed",
    ]),
    "entry/other-key": of("a checkpoint by a key that was not given", text, ["checkpoint-unsigned"], {
      keys: [otherLogKey.vkey],
    }),
    "entry/unsigned": of(
      "the checkpoint's root replaced by one that fits another entry",
      changed({ leafIndex: 0, path: [], checkpoint: checkpoint(1) }).replace(
        checkpointText(1),
        checkpointText(1, root(7)),
      ),
      ["note-signature-invalid", "checkpoint-unsigned", "inclusion-failed"],
    ),
    "form/other-version": of("version 2", text.replace("@v1", "@v2")),
    "form/no-index": of("no index line", text.replace("index 4\n", "")),
    "form/index-leading-zero": of("an index with a leading zero", text.replace("index 4", "index 04")),
    "form/index-negative": of("a negative index", text.replace("index 4", "index -4")),
    "form/extra-after-index": of("extra data after the index", text.replace("index 4\n", "index 4\nextra AQIDBA==\n")),
    "form/extra-not-base64": of("extra data that is not base64", text.replace("index 4", "extra AQIDBA\nindex 4")),
    "form/hash-not-base64": of(
      "a path line that is not base64",
      text.replace(formatBase64(good.path[1]!), `${formatBase64(good.path[1]!).slice(0, -1)}*`),
    ),
    "form/hash-31-bytes": of(
      "a path hash of 31 bytes",
      changed({ path: good.path.with(0, good.path[0]!.subarray(1)) }),
    ),
    "form/path-too-long": of("54 path hashes", changed({ path: long })),
    "form/no-checkpoint": of("no empty line and no checkpoint", `${text.slice(0, text.indexOf("\n\n"))}\n`),
    "form/carriage-return": of("lines ended as Windows ends them", text.replaceAll("\n", "\r\n")),
    "form/checkpoint-malformed": of(
      "a checkpoint of two lines",
      changed({ checkpoint: checkpoint(7).replace("\n7\n", "\n") }),
      ["checkpoint-malformed"],
    ),
    "form/checkpoint-not-a-note": of("a checkpoint nobody signed", changed({ checkpoint: checkpointText(7) }), [
      "note-malformed",
    ]),
  };
}
