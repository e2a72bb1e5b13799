import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isCanonical } from "@countersign/evidence/canonical";
import { errors } from "@countersign/evidence/errors";
import { faults } from "@countersign/evidence/fault";
import { vectorDifferences, vectorsOnDisk } from "./vector-folder.ts";
import { byteVectors, formats } from "./vectors-bytes/files.ts";

const SCRIPT = "tools/vectors-bytes.ts";

test("vectors: those of the byte formats on disk are the ones their script writes", () => {
  assert.deepEqual(vectorDifferences(SCRIPT, byteVectors(), vectorsOnDisk(formats)), []);
});

test("vectors: control: a changed, a missing and a left-over file are each noticed", () => {
  const wanted = byteVectors();
  const present = new Map(wanted);
  const [changed, missing] = [...wanted.keys()] as [string, string];
  present.set(changed, present.get(changed)!.replace('"desc"', '"Desc"'));
  present.delete(missing);
  present.set("json/members/gone.json", "{}\n");
  assert.deepEqual(vectorDifferences(SCRIPT, wanted, present), [
    `${changed} is not what tools/vectors-bytes.ts makes`,
    `${missing} is not what tools/vectors-bytes.ts makes`,
    "json/members/gone.json is made by nothing",
  ]);
});

test("vectors: every case has a good vector and a bad one beside it", () => {
  const cases = new Map<string, string[]>();
  for (const path of byteVectors().keys()) {
    const [format, name, mutation] = path.split("/") as [string, string, string];
    cases.set(`${format}/${name}`, [...(cases.get(`${format}/${name}`) ?? []), mutation]);
  }
  const formats = new Map<string, { good: number; bad: number }>();
  for (const [name, mutations] of cases) {
    const format = name.split("/")[0]!;
    const count = formats.get(format) ?? { good: 0, bad: 0 };
    for (const mutation of mutations) count[mutation.startsWith("valid") ? "good" : "bad"]++;
    formats.set(format, count);
  }
  assert.equal(formats.size, 8);
  for (const [format, { good, bad }] of formats) assert.ok(good > 0 && bad > good, format);
});

test("vectors: the examples of the specification pages are the vectors'", () => {
  const page = (name: string) => readFileSync(new URL(`../spec/${name}.md`, import.meta.url), "utf8");
  const vector = (path: string) => JSON.parse(byteVectors().get(`${path}.json`)!) as Record<string, unknown>;
  /** The fenced blocks of a page, without their fences. */
  const blocks = (name: string) => [...page(name).matchAll(/^```[a-z]*\n(.*?)^```$/gms)].map((match) => match[1]!);

  const log = vector("merkle/log/valid") as { readonly entries: readonly string[]; readonly leaves: readonly string[] };
  assert.deepEqual(blocks("ledger"), [`${log.entries[3]}\n`]);
  assert.ok(page("ledger").includes(log.leaves[3]!) && page("ledger").includes(`${log.entries[3]!.length} bytes`));

  const signed = vector("checkpoint/cosigned/valid") as { readonly note: string; readonly keys: readonly string[] };
  assert.deepEqual(blocks("checkpoint"), [signed.note, `${signed.keys[0]}\n`]);

  assert.deepEqual(blocks("receipt"), [vector("receipt/entry/valid").receipt]);

  const text = vector("commitment/text/valid");
  const payload = vector("commitment/payload/valid");
  const seal = Buffer.from(String(vector("sealing/payload/valid").sealed), "base64").toString("latin1");
  assert.deepEqual(blocks("commitment"), [
    `${text.disclosure}\n`,
    `${text.commitment}\n`,
    `${payload.disclosure}\n`,
    seal.slice(0, seal.indexOf("\n\n") + 2),
  ]);
  assert.ok(page("commitment").includes(Buffer.from(String(payload.payload), "base64").toString("utf8")));

  assert.equal(isCanonical(new TextEncoder().encode(blocks("json")[0]!.trim())), true);
});

test("vectors: every fault the pages name exists, and every fault of the byte formats is named by a page", () => {
  const pages = ["json", "ledger", "checkpoint", "receipt", "commitment"];
  const named = new Set<string>();
  for (const name of pages) {
    const text = readFileSync(new URL(`../spec/${name}.md`, import.meta.url), "utf8");
    for (const [, code] of text.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)) named.add(code!);
  }
  const known = new Set<string>([...Object.keys(faults), ...Object.keys(errors)]);
  assert.deepEqual(
    [...named].filter((code) => !known.has(code)),
    ["sha256-rfc6962"].filter((code) => named.has(code)),
  );
  const given = new Set<string>();
  for (const content of byteVectors().values()) {
    const { faults, error } = JSON.parse(content) as {
      readonly faults?: readonly string[];
      readonly error?: string | null;
    };
    for (const code of [...(faults ?? []), ...(error ? [error] : [])]) given.add(code);
  }
  // note-unsigned is what a note is that nobody known signed; a checkpoint has its own word for it.
  assert.deepEqual(
    [...given].filter((code) => !named.has(code)),
    ["note-unsigned"],
  );
});
