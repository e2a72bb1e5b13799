import assert from "node:assert/strict";
import { test } from "node:test";
import { formatCheckpoint, parseCheckpoint, verifyCheckpoint } from "./checkpoint.ts";
import { formatCosignatureMessage, parseCosignature } from "./cosignature.ts";
import { hex, utf8 } from "./hash.ts";
import { formatNote, parseSignatureLine, parseVerifierKey, type VerifierKey } from "./note.ts";
import { type SpecVector, specVectors } from "./vectors.node.ts";

type CheckpointVector = SpecVector & {
  readonly note: string;
  readonly keys: readonly string[];
  readonly origin: string | null;
  readonly cosigned: readonly number[];
  readonly faults: readonly string[];
};

const keysOf = (vkeys: readonly string[]): VerifierKey[] =>
  vkeys.flatMap((vkey) => {
    const key = parseVerifierKey(vkey);
    return key.ok ? [key.value] : [];
  });

for (const [name, { desc, note, keys, origin, cosigned, faults }] of specVectors<CheckpointVector>("checkpoint")) {
  test(`checkpoint: ${name}: ${desc}`, () => {
    for (const input of [note, utf8(note)]) {
      const parsed = parseCheckpoint(input);
      if (!parsed.ok) {
        assert.deepEqual([parsed.fault.code], faults);
        continue;
      }
      const trust = { keys: keysOf(keys), ...(origin === null ? {} : { origin }) };
      const verdict = verifyCheckpoint(parsed.value, trust);
      assert.deepEqual(
        verdict.faults.map(({ code }) => code),
        faults,
      );
      assert.deepEqual(
        verdict.cosignatures.map(({ timestamp }) => timestamp),
        cosigned,
      );
      assert.equal(verdict.signers.length > 0, !faults.includes("checkpoint-unsigned"));
      const { extensions, ...written } = parsed.value.checkpoint;
      if (extensions.length === 0) assert.equal(formatCheckpoint(written), parsed.value.note.text);
    }
  });
}

test("checkpoint: both log keys of a rotation count as signers", () => {
  const { note, keys } = specVectors<CheckpointVector>("checkpoint").get("checkpoint/signed/valid-two-keys")!;
  const parsed = parseCheckpoint(note);
  assert.ok(parsed.ok);
  assert.equal(verifyCheckpoint(parsed.value, { keys: keysOf(keys) }).signers.length, 2);
  assert.equal(verifyCheckpoint(parsed.value, { keys: keysOf(keys.slice(0, 1)) }).signers.length, 1);
});

test("checkpoint: the examples of the C2SP specifications are read", () => {
  const text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  const line =
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==";
  const signature = parseSignatureLine(line);
  assert.ok(signature);
  const parsed = parseCheckpoint(formatNote({ text, signatures: [signature] }));
  assert.ok(parsed.ok);
  assert.equal(parsed.value.checkpoint.treeSize, 20_852_163);
  assert.equal(hex(parsed.value.checkpoint.root).slice(0, 8), "0ac5186a");
  const cosignature = parseCosignature(signature.signature);
  assert.ok(cosignature.ok);
  assert.equal(cosignature.value.timestamp, 1_679_315_147);
  assert.equal(
    new TextDecoder().decode(formatCosignatureMessage(1_679_315_147, text)),
    `cosignature/v1\ntime 1679315147\n${text}`,
  );
});

test("checkpoint: a cosignature of another length or time is malformed", () => {
  for (const [why, bytes] of [
    ["71 bytes", new Uint8Array(71)],
    ["73 bytes", new Uint8Array(73)],
    ["a time of 2^53", Uint8Array.from([0, 32, 0, 0, 0, 0, 0, 0, ...new Uint8Array(64)])],
  ] as const) {
    const parsed = parseCosignature(bytes);
    assert.equal(parsed.ok ? "read" : parsed.fault.code, "cosignature-malformed", why);
  }
  assert.equal(parseCosignature(new Uint8Array(72)).ok, true, "control");
});

test("checkpoint: our own mistakes are asserted", () => {
  const root = new Uint8Array(32);
  for (const wrong of [
    { origin: "", treeSize: 1, root },
    { origin: "a\nb", treeSize: 1, root },
    { origin: "a", treeSize: -1, root },
    { origin: "a", treeSize: 1.5, root },
    { origin: "a", treeSize: 1, root: root.subarray(1) },
  ]) {
    assert.throws(() => formatCheckpoint(wrong), /assertion failed/);
  }
});
