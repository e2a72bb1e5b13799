import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { isCanonical } from "@countersign/evidence/canonical";
import { type Event, kindNames } from "@countersign/evidence/event";
import { type FaultCode, faults } from "@countersign/evidence/fault";
import { checkEvent, serializeEvent } from "@countersign/evidence/generated/event-shapes";
import { utf8 } from "@countersign/evidence/hash";
import { parseStrict } from "@countersign/evidence/strict-json";
import { specVectors } from "@countersign/evidence/vectors.node";
import canonicalize from "canonicalize";
import { vectorDifferences, vectorsOnDisk } from "./vector-folder.ts";
import { type EventVector, eventVectors } from "./vectors-event/files.ts";

const SCRIPT = "tools/vectors-event.ts";
const vectors = specVectors<EventVector>("event");

test("vectors: those of single events on disk are the ones their script writes", () => {
  assert.deepEqual(vectorDifferences(SCRIPT, eventVectors(), vectorsOnDisk(["event"])), []);
});

test("vectors: control: a changed, a missing and a left-over file are each noticed", () => {
  const wanted = eventVectors();
  const [changed, missing] = [...wanted.keys()] as [string, string];
  const present = new Map(wanted).set(changed, "{}\n").set("event/run.paused/valid.json", "{}\n");
  present.delete(missing);
  assert.deepEqual(vectorDifferences(SCRIPT, wanted, present), [
    `${changed} is not what ${SCRIPT} makes`,
    `${missing} is not what ${SCRIPT} makes`,
    "event/run.paused/valid.json is made by nothing",
  ]);
});

test("vectors: every kind has one good event and at least three mutations of it", () => {
  for (const kind of kindNames) {
    const names = [...vectors.keys()].filter((path) => path.startsWith(`event/${kind}/`));
    assert.ok(names.includes(`event/${kind}/valid`), kind);
    assert.ok(names.length >= 4, `${kind}: ${names.length}`);
  }
});

test("vectors: a good event is its entry: canonical, of its kind's shape, with its leaf hash", () => {
  for (const [path, { entry, leaf, desc }] of vectors) {
    if (!path.endsWith("/valid")) continue;
    assert.ok(entry !== undefined && desc.endsWith("."), path);
    const bytes = utf8(entry);
    assert.ok(isCanonical(bytes, "entry"), path);
    const event = parseStrict(bytes, "entry").value;
    assert.deepEqual(checkEvent(event), [], path);
    assert.equal(serializeEvent(event as unknown as Event), entry, path);
    assert.equal(canonicalize(event), entry, path);
    assert.equal(createHash("sha256").update("\0").update(bytes).digest("hex"), leaf, path);
  }
});

test("vectors: what is wrong with a bad event is found, where it is, and nothing else", () => {
  const seen = new Set<string>();
  for (const [path, { event, faults: expected }] of vectors) {
    if (path.endsWith("/valid")) continue;
    const found = checkEvent(event);
    const codes: readonly { code: FaultCode; pointer?: string }[] =
      found === "kind-not-understood"
        ? [{ code: "kind-not-understood" }]
        : found.map(({ pointer }) => ({ code: "entry-shape", pointer }));
    assert.deepEqual(codes, expected, path);
    assert.ok(expected.length === 1 && expected.every(({ code }) => code in faults), path);
    seen.add(path.split("/")[2]!);
  }
  const names = ["missing-member", "too-long", "unknown-kind", "unknown-member", "unknown-version", "wrong-type"];
  assert.deepEqual([...seen].sort(), names);
});
