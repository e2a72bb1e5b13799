/** What a forger without the log's key can add to a sound pack, or take from its end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type PackFolder, PackStory } from "../../../tools/pack-story.ts";
import { seedTexts } from "../../../tools/seed-bundle.ts";
import "./ed25519.node.ts";
import "./hash.node.ts";
import { ed25519 } from "@noble/curves/ed25519.js";
import { formatCheckpoint } from "./checkpoint.ts";
import { commitmentOf, disclosureOf } from "./commitment.ts";
import type { EventOf } from "./event.ts";
import { serializeEvent } from "./generated/event-shapes.ts";
import { digestOf, hex, parseHex, sha256, utf8 } from "./hash.ts";
import { leafHash, rootOf } from "./merkle.ts";
import { formatNote, formatSignatureLine, formatVerifierKey, parseNote } from "./note.ts";
import { hexOf, type Manifest, type PackScope } from "./pack.ts";
import { attestFiles } from "./pack-build.ts";
import { MANIFEST_PATH } from "./policy.ts";
import type { Report } from "./report-schema.ts";
import { verify } from "./verify.ts";

const THIEF = sha256(utf8("thief"));

async function oneRun() {
  const story = await PackStory.open();
  const run = story.run();
  story.change(run, "gate approve use succeeded safety", { vpc: "prod/vpc-1", environment: "prod" });
  run.close();
  const scope: PackScope = { kind: "run", run_id: run.id };
  return { story, scope };
}

const codesOf = (report: Report) => [...new Set(report.faults.map(({ code }) => code))];
const manifestOf = (folder: PackFolder) => JSON.parse(folder.text("content/manifest.json")) as Manifest; // ours
const counting = (name: keyof Manifest["counts"], by: number) => (manifest: Manifest) => ({
  ...manifest,
  counts: { ...manifest.counts, [name]: manifest.counts[name] + by },
});

/** Signs the pack's checkpoint once more, as anybody can, and lays the signer's key into the pack if asked. */
function cosign(folder: PackFolder, story: PackStory, withKey: boolean): PackFolder {
  const { name, keyId } = story.keyOf(THIEF);
  const note = folder.text("content/checkpoint");
  const parsed = parseNote(note);
  assert.ok(parsed.ok);
  const signature = ed25519.sign(utf8(parsed.value.text), THIEF);
  const twice = note + formatSignatureLine({ name, keyId, signature });
  folder.forge("checkpoint", twice);
  for (const path of folder.list().filter((one) => one.startsWith("content/proofs/")))
    folder.forge(path.slice("content/".length), folder.text(path).replace(note, twice));
  return withKey ? folder.forge("log.vkey", `${formatVerifierKey(story.keyOf(THIEF))}\n`) : folder;
}

test("verify: whoever adds a signature to the checkpoint does not become the log's key", async () => {
  const { story, scope } = await oneRun();
  const pack = await story.pack(scope);
  for (const pins of [[story.key], []]) {
    const report = await verify(cosign(pack.copy(), story, true), { pins });
    assert.deepEqual(codesOf(report), ["key-unannounced"]);
  }
  // Control: a signature by a stranger's key alone is what C2SP notes allow, and says nothing.
  const report = await verify(cosign(pack.copy(), story, false), { pins: [story.key] });
  assert.deepEqual(report.faults, []);
});

test("verify: an attestation counts only under a key of the log that is live at its size", async () => {
  const { story, scope } = await oneRun();
  const genuine = await story.pack(scope, { attest: true });
  // Control: the log's own word.
  assert.notEqual((await verify(genuine, { pins: [story.key] })).subject.exported, null);

  const folder = genuine.copy().forgeManifest((manifest) => manifest);
  const { as_of: asOf } = manifestOf(folder);
  const before = story.leaves.slice(0, asOf).map(parseHex);
  const real = JSON.parse(genuine.text("attest/exported.json")) as EventOf<"pack.exported">; // the story placed it
  const forged = {
    ...real,
    integrity: { ...real.integrity, index: asOf, prev_hash: hex(before.at(-1)!) },
    pack: { ...real.pack, manifest_digest: digestOf(folder.get("content/manifest.json")!) },
  };
  const entry = utf8(serializeEvent(forged));
  const leaves = [...before, leafHash(entry)];
  const attestBy = (secret: Uint8Array) => {
    const { name, keyId } = story.keyOf(secret);
    const text = formatCheckpoint({ origin: story.log, treeSize: leaves.length, root: rootOf(leaves) });
    const checkpoint = formatNote({ text, signatures: [{ name, keyId, signature: ed25519.sign(utf8(text), secret) }] });
    const attested = folder.copy();
    const nodeAt = (level: number, index: number) => rootOf(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level));
    for (const { path, bytes } of attestFiles({ entry, leafIndex: asOf, checkpoint, nodeAt, asOf }))
      attested.set(path, bytes);
    return verify(attested, { pins: [story.key] });
  };
  const byThief = await attestBy(THIEF);
  assert.equal(byThief.subject.exported, null);
  assert.ok(codesOf(byThief).includes("checkpoint-unsigned"));
  // Control: the same files under the log's key are the log's word.
  assert.notEqual((await attestBy(story.checkpointSecret)).subject.exported, null);
});

test("verify: bytes and policies that no entry stands for are not evidence", async () => {
  const { story, scope } = await oneRun();
  const pack = await story.pack(scope);
  const evil = utf8('{"ctx":"laid beside"}');
  const name = hexOf(digestOf(evil));
  const bundle = utf8(JSON.stringify({ files: [{ path: "a.cedar", sha256: name }] }));
  const laid = {
    payload: pack.copy().forge(`payloads/${name}`, evil).forgeManifest(counting("payloads", 1)),
    projection: pack.copy().forge(`projections/${name}`, evil).forgeManifest(counting("projections", 1)),
    policy: pack
      .copy()
      .forge(`policies/${hexOf(digestOf(bundle))}/a.cedar`, evil)
      .forge(`policies/${hexOf(digestOf(bundle))}/${MANIFEST_PATH}`, bundle)
      .forgeManifest(counting("policies", 1)),
  };
  for (const [what, folder] of Object.entries(laid)) {
    assert.deepEqual(codesOf(await verify(folder, { pins: [story.key] })), ["pack-malformed"], what);
  }
});

test("verify: words that read like a digest do not open a payload", async () => {
  const story = await PackStory.open({
    // An agent states an intent that is the digest of arguments it never sent.
    edit: (event) => {
      if (event.type !== "action.requested") return event;
      return { ...event, commit: { ...event.commit, "/action/intent": commitmentOf(intent) } };
    },
  });
  const nice = utf8('{"vpc":"dev/nothing","environment":"dev"}');
  const intent = disclosureOf(story.bytes16(), "/action/intent", digestOf(nice));
  const run = story.run();
  story.change(run, "allow succeeded safety", { vpc: "prod/vpc-2", environment: "dev" });
  run.close();
  const request = story.events.find((event) => event.type === "action.requested");
  assert.ok(request?.type === "action.requested");
  story.disclosures.push({ event: request.event_id, disclosure: intent });
  const pack = await story.pack({ kind: "run", run_id: run.id });
  assert.deepEqual(codesOf(await verify(pack, { pins: [story.key] })), []);

  const pointer = request.pointers.args ?? "";
  const opened = manifestOf(pack).payloads[pointer];
  assert.ok(opened?.state === "opened");
  const swapped = pack
    .copy()
    .forge(`payloads/${hexOf(opened.as)}`, undefined)
    .forge(`payloads/${hexOf(digestOf(nice))}`, nice)
    .forgeManifest((manifest) => ({
      ...manifest,
      payloads: { ...manifest.payloads, [pointer]: { state: "opened", as: digestOf(nice) } },
    }));
  assert.ok(codesOf(await verify(swapped, { pins: [story.key] })).includes("commitment-mismatch"));
});

test("verify: a line that opens a commitment twice, and a mark before the first", async () => {
  const { story, scope } = await oneRun();
  const pack = await story.pack(scope);
  const text = pack.text("content/disclosures.jsonl");
  const twice = pack.copy().forge("disclosures.jsonl", text.slice(0, text.indexOf("\n") + 1) + text);
  twice.forgeManifest(counting("disclosures", 1));
  assert.deepEqual(codesOf(await verify(twice, { pins: [story.key] })), ["disclosure-malformed"]);
  const marked = (path: string) => pack.copy().forge(path, `\ufeff${pack.text(`content/${path}`)}`);
  assert.ok(codesOf(await verify(marked("disclosures.jsonl"))).includes("disclosure-malformed"));
  assert.ok(codesOf(await verify(marked("log.vkey"))).includes("verifier-key-malformed"));
});

test("verify: what may have changed in the rules after a run pack's last entry is said to be the exporter's word", async () => {
  const { story, scope } = await oneRun();
  const vote = story.events.find((event) => event.type === "approval.voted");
  assert.ok(vote?.type === "approval.voted");
  const { kid, person } = vote.vote;
  const { event_id: _, integrity } = story.append("approver.key.revoked", {
    enrolment: { kid, person },
    reason: { code: "KEY_STOLEN" },
    compromised_since: story.events[0]!.ts,
  });
  const whole = await story.pack(scope);
  assert.deepEqual(codesOf(await verify(whole, { pins: [story.key] })), ["vote-key-compromised"]);
  assert.doesNotMatch((await verify(whole)).notes.join("\n"), /exporter's word/);

  const cut = whole
    .copy()
    .forge(`entries/${integrity.index}.json`, undefined)
    .forge(`proofs/${integrity.index}.tlog-proof`, undefined)
    .forgeManifest(counting("entries", -1))
    .forgeManifest(counting("control", -1));
  const report = await verify(cut, { pins: [story.key] });
  assert.deepEqual(report.faults, []);
  assert.match(report.notes.join("\n"), /rules are shown up to entry \d+ of \d+.*exporter's word/);
});

test("verify: an agent that asks for a tool nobody knows does not take the assurance of other decisions away", async () => {
  const told = (rule: "core:unknown-tool" | "core:default-deny") =>
    PackStory.open({
      edit: (event) => {
        if (event.type !== "policy.decided" || event.policy.decision !== "DENY") return event;
        const { commit: _, ...rest } = event;
        const { gate_digest: __, ...decided } = event.decided;
        const reason = rule === "core:unknown-tool" ? "UNKNOWN_TOOL" : "DEFAULT_DENY";
        return {
          ...rest,
          policy: { ...event.policy, matched_rule: rule, reason },
          decided: { ...decided, projection: null, matched_rules: [rule], reason_codes: [reason], rule_digests: {} },
        };
      },
    });
  const report = async (rule: "core:unknown-tool" | "core:default-deny") => {
    const story = await told(rule);
    const run = story.run();
    story.change(run, "allow succeeded safety");
    story.change(run, "deny", { vpc: "prod/exfil", environment: "dev" });
    run.close();
    return verify(await story.pack(), { pins: [story.key] });
  };
  const unknown = await report("core:unknown-tool");
  assert.deepEqual(unknown.decisions.not_recomputed, { "gate-denied": 1 });
  assert.equal(unknown.assurances["re-executed"].state, "met");
  // Control: a denial the policy itself came to has an input, and without it nothing is made again.
  assert.deepEqual((await report("core:default-deny")).decisions.not_recomputed, { "inputs-withheld": 1 });
});

test("verify: what break-glass was signed with counts like votes; a bent signature is found, none is no signature", async () => {
  const rules = seedTexts["policies/main.cedar"]!.replace('@ttl("PT30M")', '@ttl("PT30M") @breakglass("PT30M")');
  const said = async (edit: (said: EventOf<"breakglass.used">["breakglass"]) => object) => {
    const story = await PackStory.open({
      files: { "policies/main.cedar": rules },
      edit: (event) =>
        event.type === "breakglass.used" ? ({ ...event, breakglass: edit(event.breakglass) } as typeof event) : event,
    });
    const run = story.run();
    const action = story.change(run, "gate", { vpc: "prod/vpc-1", environment: "prod" });
    action.breakGlass(["sam", "fay"]);
    action.play("use succeeded safety");
    run.close();
    const report = await verify(await story.pack(), { pins: [story.key], required: ["approvers"] });
    return [report.assurances.approvers.state, report.exit_code, report.votes, report.faults.map(({ code }) => code)];
  };
  assert.deepEqual(await said((glass) => glass), ["met", 0, { total: 2, verified: 2 }, []]); // control
  const [bent, , votes, codes] = await said((glass) => ({
    ...glass,
    signatures: glass.signatures!.map((one, at) =>
      at === 0 ? one : { ...one, signature: glass.signatures![0]!.signature },
    ),
  }));
  assert.deepEqual([bent, votes, codes], ["not-met", { total: 2, verified: 1 }, ["vote-signature-invalid"]]);
  const [none, , , missing] = await said(({ signatures: _, ...rest }) => rest);
  assert.deepEqual([none, missing], ["not-met", ["quorum-not-met", "quorum-not-met"]]);
});

test("verify: a guide of somebody else's making is said to be that", async () => {
  const { story, scope } = await oneRun();
  const pack = await story.pack(scope);
  const words = utf8("# How to check this pack\n\nAsk the exporter.\n");
  const folder = pack.copy().forgeManifest((manifest) => ({ ...manifest, verify_md: digestOf(words) }));
  folder.set("VERIFY.md", words);
  assert.match((await verify(folder)).notes.join("\n"), /VERIFY\.md is not the guide/);
  assert.doesNotMatch((await verify(pack)).notes.join("\n"), /VERIFY\.md/);
});

test("verify: a signer that had lost its memory and was let sign on is told of, in a run's pack too", async () => {
  const lines = async (reset: boolean) => {
    const story = await PackStory.open();
    if (reset) {
      story.append("config.overridden", {
        override: { setting: "accept-signer-reset", value: "remembered 0, covered 12, entries 12" },
        reason: { code: "SIGNER_RESET" },
      });
    }
    const run = story.run();
    run.close();
    const report = await verify(await story.pack({ kind: "run", run_id: run.id }), { pins: [story.key] });
    assert.deepEqual(report.faults, []);
    return report.notes.filter((note) => note.includes("lost its memory"));
  };
  assert.match((await lines(true)).join("\n"), /^Entry \d+: .*remembered 0, covered 12.*compare with a checkpoint/);
  assert.deepEqual(await lines(false), []); // control
});
