import assert from "node:assert/strict";
import { test } from "node:test";
import { byteVectors } from "./vectors-bytes/files.ts";
import { differences, vectorsOnDisk } from "./vectors-bytes.ts";

test("vectors: those of the byte formats on disk are the ones their script writes", () => {
  assert.deepEqual(differences(byteVectors(), vectorsOnDisk()), []);
});

test("vectors: control: a changed, a missing and a left-over file are each noticed", () => {
  const wanted = byteVectors();
  const present = new Map(wanted);
  const [changed, missing] = [...wanted.keys()] as [string, string];
  present.set(changed, present.get(changed)!.replace('"desc"', '"Desc"'));
  present.delete(missing);
  present.set("json/members/gone.json", "{}\n");
  assert.deepEqual(differences(wanted, present), [
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
