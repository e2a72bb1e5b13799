import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { splitLines } from "./lines.ts";

async function collect(chunks: readonly Uint8Array[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of splitLines(
    (async function* () {
      yield* chunks;
    })(),
  ))
    lines.push(Buffer.from(line).toString("latin1"));
  return lines;
}

test("lines: the same lines come out however the stream is cut", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ maxLength: 8 })), fc.array(fc.nat(20)), async (texts, cuts) => {
      const whole = Buffer.from(texts.map((text) => `${text.replaceAll("\n", "")}\n`).join(""), "latin1");
      const chunks: Buffer[] = [];
      let at = 0;
      for (const cut of cuts) {
        chunks.push(whole.subarray(at, at + cut));
        at += cut;
      }
      chunks.push(whole.subarray(Math.min(at, whole.length)));
      assert.deepEqual(await collect(chunks), await collect([whole]));
      assert.equal((await collect(chunks)).length, texts.length);
    }),
  );
});

test("lines: a last line without a line feed is still a line", async () => {
  assert.deepEqual(await collect([Buffer.from("a\nb")]), ["a", "b"]);
});
