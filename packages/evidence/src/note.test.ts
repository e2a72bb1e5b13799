import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatBase64 } from "./base64.ts";
import { utf8 } from "./hash.ts";
import {
  formatNote,
  formatVerifierKey,
  MAX_NOTE_BYTES,
  noteVerifier,
  parseNote,
  parseVerifierKey,
  type VerifierKey,
  verifierKey,
  verifyNote,
} from "./note.ts";
import { type SpecVector, specVectors } from "./vectors.node.ts";

const parsedKeys = (vkeys: readonly string[]): VerifierKey[] =>
  vkeys.map((vkey) => {
    const key = parseVerifierKey(vkey);
    assert.ok(key.ok);
    return key.value;
  });

/** Faults of a note as text, whether it is read from a string or from bytes. */
function faultsOf(note: string | Uint8Array, vkeys: readonly string[]): string[] {
  const parsed = parseNote(note);
  if (!parsed.ok) return [parsed.fault.code];
  return verifyNote(
    parsed.value,
    parsedKeys(vkeys).map((key) => noteVerifier(key)),
  ).faults.map(({ code }) => code);
}

type NoteVector = SpecVector & {
  readonly note?: string;
  readonly vkey?: string;
  readonly keys?: readonly string[];
  readonly faults: readonly string[];
};

for (const [name, { desc, note, vkey, keys, faults }] of specVectors<NoteVector>("note")) {
  test(`note: ${name}: ${desc}`, () => {
    if (vkey !== undefined) {
      const key = parseVerifierKey(vkey);
      assert.deepEqual(key.ok ? [] : [key.fault.code], faults);
      if (key.ok) assert.equal(formatVerifierKey(key.value), vkey);
      return;
    }
    assert.deepEqual(faultsOf(note!, keys!), faults);
    assert.deepEqual(faultsOf(utf8(note!), keys!), faults, "as bytes");
  });
}

test("note: the example of the Go reference implementation verifies", () => {
  const key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
  const note =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
  assert.deepEqual(faultsOf(note, [key]), []);
  assert.deepEqual(faultsOf(note.replace("don't", "do not"), [key]), ["note-signature-invalid", "note-unsigned"]);
});

test("note: the example of the C2SP specification is read as it is written", () => {
  const text =
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n" +
    "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
  const note = parseNote(text);
  assert.ok(note.ok);
  assert.equal(note.value.text.split("\n\n").length, 2, "the text keeps its own empty line");
  assert.equal(note.value.signatures[0]!.signature.length, 64);
  assert.equal(formatNote(note.value), text);
});

test("note: bytes that are not UTF-8, and notes beyond the limit, are refused", () => {
  const line = `— n.example ${formatBase64(new Uint8Array(68))}\n`;
  const bytes = utf8(`a\n\n${line}`);
  assert.equal(parseNote(bytes).ok, true, "control");
  assert.equal(parseNote(Uint8Array.from(bytes, (byte, i) => (i === 0 ? 0xff : byte))).ok, false);
  assert.equal(parseNote(`\ud800\n\n${line}`).ok, false);
  const padding = "é".repeat((MAX_NOTE_BYTES - bytes.length) / 2);
  assert.equal(parseNote(`a${padding}\n\n${line}`).ok, true, "at the limit");
  assert.equal(parseNote(`a${padding}é\n\n${line}`).ok, false, "strings are measured in bytes");
});

test("note: whatever is read is written back the same", () => {
  const lines = fc.array(fc.constantFrom("a", "", "é b", "— n AAAAAAA="), { maxLength: 5 });
  let read = 0;
  fc.assert(
    fc.property(lines, lines, (text, signatures) => {
      const whole = [...text, "", ...signatures, ""].join("\n");
      const note = parseNote(whole);
      if (!note.ok) return;
      read++;
      assert.equal(formatNote(note.value), whole);
    }),
    { numRuns: 500 },
  );
  assert.ok(read > 10);
});

test("note: our own mistakes are asserted", () => {
  assert.throws(() => verifierKey("a b", "ed25519", new Uint8Array(32)), /assertion failed/);
  assert.throws(() => verifierKey("a+b", "ed25519", new Uint8Array(32)), /assertion failed/);
  assert.throws(() => verifierKey("a", "ed25519", new Uint8Array(31)), /assertion failed/);
  assert.throws(() => noteVerifier(verifierKey("a", "cosignature", new Uint8Array(32))), /assertion failed/);
  assert.throws(() => formatNote({ text: "a", signatures: [] }), /assertion failed/);
});
