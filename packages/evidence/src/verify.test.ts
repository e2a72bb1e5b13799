import assert from "node:assert/strict";
import { test } from "node:test";
import { PackFolder, PackStory } from "../../../tools/pack-story.ts";
import { editing, omitting } from "../../../tools/story.ts";
import "./ed25519.node.ts";
import "./hash.node.ts";
import { canonicalBytes } from "./canonical.ts";
import type { Event } from "./event.ts";
import type { FaultCode } from "./fault.ts";
import { digestOf, hex, parseHex, sha256, utf8 } from "./hash.ts";
import { leafHash, rootOf } from "./merkle.ts";
import { formatVerifierKey } from "./note.ts";
import { formatManifest, type Manifest, type PackScope } from "./pack.ts";
import type { PackSource } from "./pack-build.ts";
import { formatReport } from "./report.ts";
import type { AssuranceName, Report } from "./report-schema.ts";
import { type VerifyOptions, verify } from "./verify.ts";

const PROD = { vpc: "prod/vpc-1", environment: "prod" };
const LOG: PackScope = { kind: "log", from: 0 };

/** Two runs: one settled with an allowed action that was retried, an approved and a denied one; one open, of another. */
async function twoRuns(
  edit?: (event: Event) => ReturnType<typeof omitting> extends never ? never : Event | readonly Event[] | undefined,
) {
  const story = await PackStory.open(edit === undefined ? {} : { edit });
  const run = story.run();
  story.change(run, "allow failed retry succeeded safety");
  story.change(run, "gate approve use succeeded safety", PROD);
  story.change(run, "deny", { vpc: "prod/exfil", environment: "dev" });
  run.close();
  const other = story.run();
  story.change(other, "allow succeeded safety");
  const scope: PackScope = { kind: "run", run_id: run.id };
  return { story, run, other, scope };
}

const codesOf = (report: Report): FaultCode[] => [...new Set(report.faults.map(({ code }) => code as FaultCode))];

function assertSound(report: Report, ...met: AssuranceName[]): void {
  assert.deepEqual(report.faults, []);
  assert.equal(report.exit_code, 0);
  for (const name of met) assert.equal(report.assurances[name].state, "met", name);
}

/** What every verification of a damaged pack must say, and the words it must use. */
async function assertFaulty(
  folder: PackFolder,
  expected: readonly FaultCode[],
  options: VerifyOptions = {},
): Promise<Report> {
  const report = await verify(folder, options);
  assert.equal(report.exit_code, 1);
  const codes = codesOf(report);
  for (const code of expected) assert.ok(codes.includes(code), `${code} among ${codes.join(", ") || "no faults"}`);
  return report;
}

const { story, run, other, scope } = await twoRuns();
const logPack = await story.pack();
const runPack = await story.pack(scope);

test("verify: a log pack is consistent, pinned by an outside key, its votes signed, its decisions made again", async () => {
  const report = await verify(logPack, { pins: [story.key], required: ["pinned", "approvers", "re-executed"] });
  assertSound(report, "consistent", "pinned", "approvers", "re-executed");
  const { answers = [], ...counted } = report.decisions;
  assert.deepEqual(counted, { total: 4, equal: 4, from_arguments: 4, different: 0, not_recomputed: {} });
  assert.deepEqual(
    answers.map(({ outcome, from_arguments }) => `${outcome} ${from_arguments}`),
    Array(4).fill("equal true"),
  );
  assert.deepEqual(report.votes, { total: 1, verified: 1 });
  assert.equal(report.subject.proves, "complete");
  assert.equal(report.counts.entries, story.entries.length);
  assert.equal(report.runs.find(({ run_id }) => run_id === run.id)?.completeness, "1.0000");
});

test("verify: a run pack is complete when the run is settled, as-of when it is open", async () => {
  const settled = await verify(runPack, { pins: [story.key] });
  assertSound(settled, "consistent", "pinned", "approvers", "re-executed");
  assert.equal(settled.subject.proves, "complete");
  const open = await verify(await story.pack({ kind: "run", run_id: other.id }), { pins: [story.key] });
  assertSound(open, "consistent");
  assert.equal(open.subject.proves, "as-of");
  assert.match(open.notes.join(" "), /exporter's word/);
});

test("verify: a query pack proves inclusion and nothing more", async () => {
  const found = story.events.flatMap(({ type }, index) => (type === "policy.decided" ? [index] : []));
  const report = await verify(await story.pack({ kind: "query", query: "type:policy.decided" }, { found }));
  assertSound(report, "consistent");
  assert.equal(report.subject.proves, "inclusion-only");
  assert.equal(report.counts.runs, 0);
  // The arguments stand in the requests; with those found too the decisions are made from them.
  assert.deepEqual([report.decisions.equal, report.decisions.from_arguments], [4, 0]);
  assert.equal(report.assurances["re-executed"].state, "not-met");
  const both = story.events.flatMap(({ type }, i) => (/^(policy.decided|action.requested)$/.test(type) ? [i] : []));
  const more = await verify(await story.pack({ kind: "query", query: "both" }, { found: both }));
  assertSound(more, "consistent", "re-executed");
});

test("verify: a tile directory without a manifest is checked as a whole log", async () => {
  const tiles = new PackFolder();
  for (const [path, bytes] of logPack) {
    if (path.startsWith("content/tile/") || path === "content/checkpoint")
      tiles.set(path.slice("content/".length), bytes);
  }
  const report = await verify(tiles, { pins: [story.key] });
  assertSound(report, "consistent", "pinned", "approvers");
  assert.equal(report.subject.kind, "tiles");
  tiles.delete("checkpoint");
  await assert.rejects(verify(tiles), { code: "cannot-read" });
});

test("verify: a log pack may start at a later bundle, with the control events before it beside", async () => {
  const long = await PackStory.open();
  for (let i = 0; i < 28; i++) {
    const each = long.run();
    long.change(each, "allow succeeded safety");
    each.close();
  }
  const edge = long.run();
  long.change(edge, "allow succeeded safety");
  edge.close();
  assert.ok(long.entries.length > 256 + 10);
  const folder = await long.pack({ kind: "log", from: 256 });
  assertSound(await verify(folder, { pins: [long.key] }), "consistent", "pinned");
  assert.ok(!folder.has("content/tile/entries/000"));
  // Control: without one of the lone control events the chain of rules has a gap.
  await assertFaulty(folder.copy().forge("entries/3.json", undefined), [
    "control-chain-broken",
    "pack-scope-incomplete",
  ]);
});

test("verify: undisclosed inputs are withheld, never equal", async () => {
  for (const disclosure of ["none", "committed"] as const) {
    const report = await verify(await story.pack(scope, { disclosure }), { required: ["re-executed"] });
    assert.deepEqual(report.faults, []);
    assert.equal(report.exit_code, 1, "a required assurance that is not met");
    assert.equal(report.assurances["re-executed"].state, "not-met");
    assert.deepEqual(report.decisions.not_recomputed, { "inputs-withheld": 3 });
    const { answers = [] } = report.decisions;
    assert.deepEqual(
      answers.map(({ outcome, why }) => `${outcome}: ${why}`),
      Array(3).fill("not-recomputed: inputs-withheld"),
    );
    for (const { decision_id: id } of answers) {
      assert.match(formatReport(report), new RegExp(`${id} .*not recomputed: inputs-withheld`));
    }
    assert.equal(report.counts.withheld, disclosure === "none" ? 8 : 0);
  }
});

test("verify: without a pin it says NOT PINNED with the fingerprint, and self-signed", async () => {
  const report = await verify(runPack);
  assertSound(report, "consistent");
  assert.equal(report.assurances.pinned.state, "not-met");
  assert.equal(report.key.fingerprint, digestOf(utf8(formatVerifierKey(story.key))));
  const notes = report.notes.join("\n");
  assert.match(notes, new RegExp(`NOT PINNED: compare ${report.key.fingerprint}`));
  assert.match(notes, /Self-signed, unanchored/);
  assert.match(notes, /Tamper-detecting, not tamper-evident against the operator/);
});

test("verify: what does not apply does not fail a requirement; what is not met does", async () => {
  const quiet = await PackStory.open();
  quiet.run().close();
  const folder = await quiet.pack();
  const report = await verify(folder, { required: ["approvers", "re-executed"] });
  assert.deepEqual(
    [report.assurances.approvers.state, report.assurances["re-executed"].state, report.exit_code],
    ["not-applicable", "not-applicable", 0],
  );
  for (const name of ["pinned", "timed", "witnessed"] as const) {
    assert.equal((await verify(folder, { required: [name] })).exit_code, 1, name);
  }
});

test("verify: the attestation names the event in which the log recorded the pack", async () => {
  const own = await twoRuns();
  const folder = await own.story.pack(own.scope, { attest: true });
  const report = await verify(folder, { pins: [own.story.key] });
  assertSound(report, "consistent", "pinned");
  const exported = own.story.events.at(-1)!;
  assert.deepEqual(report.subject.exported, {
    event_id: exported.event_id,
    index: exported.integrity.index,
    ts: exported.ts,
  });

  const elsewhere = await own.story.pack({ kind: "run", run_id: own.other.id }, { attest: true });
  const swapped = folder.copy();
  for (const [path, bytes] of elsewhere) if (path.startsWith("attest/")) swapped.set(path, bytes);
  await assertFaulty(swapped, ["pack-file-mismatch"]);
  const partial = folder.copy();
  partial.delete("attest/extends");
  await assertFaulty(partial, ["pack-malformed"]);
  const unrelated = folder.copy();
  unrelated.set("attest/extends", utf8(folder.text("attest/extends").replace(/^old \d+/, "old 3")));
  await assertFaulty(unrelated, ["consistency-failed"]);
});

// ── Tampering with a pack ──────────────────────────────────────────────────────────────────────────────────────────

type Attack = readonly [who: string, expected: readonly FaultCode[], attack: () => Promise<PackFolder> | PackFolder];

const changedText = (folder: PackFolder, path: string, from: string | RegExp, to: string) =>
  folder.copy().forge(path, folder.text(`content/${path}`).replace(from, to));
const indexOf = (type: string, nth = 0) =>
  story.events.flatMap((event, index) =>
    event.type === type && "run_id" in event && event.run_id === run.id ? [index] : [],
  )[nth]!;
const fileOf = (prefix: string) =>
  [...runPack.keys()].find((path) => path.startsWith(`content/${prefix}`))!.slice("content/".length);

/** The story's log with other entries, under the checkpoint it had. */
function otherEntries(change: (entries: Uint8Array[]) => Uint8Array[], asOf = story.entries.length): PackSource {
  const entries = change([...story.entries]);
  const hashes = entries.map(leafHash);
  return {
    ...story.source(asOf),
    entry: (index) => entries[index],
    nodeAt: (level, index) => rootOf(hashes.slice(index * 2 ** level, (index + 1) * 2 ** level)),
  };
}

const attacks: readonly Attack[] = [
  [
    "a file is changed and the manifest is not",
    ["pack-file-mismatch", "inclusion-failed"],
    () => {
      const folder = runPack.copy();
      folder.get(`content/entries/${indexOf("dispatch.permitted")}.json`)![40]! ^= 1;
      return folder;
    },
  ],
  [
    "an entry is changed, and the manifest with it",
    ["inclusion-failed"],
    () => changedText(runPack, `entries/${indexOf("policy.decided", 2)}.json`, "DENY", "DONT"),
  ],
  [
    "an entry of a bundle is changed, and the manifest with it",
    ["leaf-mismatch"],
    () => {
      const path = [...logPack.keys()]
        .find((name) => name.startsWith("content/tile/entries/"))!
        .slice("content/".length);
      const bytes = logPack.get(`content/${path}`)!.slice();
      bytes[bytes.length - 50]! ^= 1;
      return logPack.copy().forge(path, bytes);
    },
  ],
  [
    "a hash tile is changed, and the manifest with it",
    ["tile-mismatch"],
    () => {
      const path = [...logPack.keys()].find((name) => name.startsWith("content/tile/0/"))!.slice("content/".length);
      const bytes = logPack.get(`content/${path}`)!.slice();
      bytes[100]! ^= 1;
      return logPack.copy().forge(path, bytes);
    },
  ],
  [
    "two entries are swapped and the tree made anew, under the old checkpoint",
    ["root-mismatch", "index-mismatch", "chain-broken"],
    () =>
      story.pack(LOG, {
        source: otherEntries((entries) =>
          entries.map((entry, i) => (i === 30 ? entries[31]! : i === 31 ? entries[30]! : entry)),
        ),
      }),
  ],
  [
    "the tail is cut off and the tree made anew, under the old checkpoint",
    ["root-mismatch", "entry-missing"],
    () =>
      story
        .pack(LOG, {
          source: { ...otherEntries((entries) => entries), entry: (i) => (i < 40 ? story.entries[i] : undefined) },
        })
        .then((folder) => {
          const tile = [...folder.keys()].find((path) => path.startsWith("content/tile/0/"))!.slice("content/".length);
          return folder.forge(
            tile,
            folder.get(`content/${tile}`)!.map((byte, i) => (i < 40 * 32 ? byte : 0)),
          );
        }),
  ],
  [
    "the checkpoint is signed by nobody known",
    ["key-unannounced"],
    () => {
      const secret = sha256(utf8("thief"));
      const text = story.checkpointAt(story.entries.length, { secret });
      const folder = logPack.copy().forge("checkpoint", text);
      return folder.forge("log.vkey", `${formatVerifierKey(story.keyOf(secret))}\n`);
    },
  ],
  [
    "the key in the pack is another than the one that signed",
    ["key-unannounced"],
    () => runPack.copy().forge("log.vkey", `${formatVerifierKey(story.keyOf(sha256(utf8("thief"))))}\n`),
  ],
  [
    "a control event is left out of a run pack",
    ["control-chain-broken"],
    () => runPack.copy().forge("entries/4.json", undefined).forge("proofs/4.tlog-proof", undefined),
  ],
  [
    "an entry of the run is left out",
    ["run-chain-broken", "pack-scope-incomplete"],
    () => {
      const index = indexOf("policy.decided", 1);
      return runPack.copy().forge(`entries/${index}.json`, undefined).forge(`proofs/${index}.tlog-proof`, undefined);
    },
  ],
  [
    "the run's end is left out, and the pack still claims to be complete",
    ["pack-scope-incomplete"],
    () => {
      const index = indexOf("run.settled");
      return runPack
        .copy()
        .forge(`entries/${index}.json`, undefined)
        .forge(`proofs/${index}.tlog-proof`, undefined)
        .forgeManifest((manifest) => ({
          ...manifest,
          counts: { ...manifest.counts, entries: manifest.counts.entries - 1, own: manifest.counts.own - 1 },
        }));
    },
  ],
  [
    "an entry of another run is put in",
    ["pack-foreign-entry"],
    async () => {
      const foreign = await story.pack({ kind: "run", run_id: other.id });
      const index = story.events.findIndex((event) => "run_id" in event && event.run_id === other.id);
      return runPack
        .copy()
        .forge(`entries/${index}.json`, foreign.get(`content/entries/${index}.json`))
        .forge(`proofs/${index}.tlog-proof`, foreign.get(`content/proofs/${index}.tlog-proof`));
    },
  ],
  [
    "a proof is another entry's",
    ["receipt-malformed"],
    () => runPack.copy().forge("proofs/5.tlog-proof", runPack.get("content/proofs/6.tlog-proof")),
  ],
  [
    "a disclosed value is changed",
    ["commitment-mismatch"],
    () => changedText(runPack, "disclosures.jsonl", /sha256:[0-9a-f]{8}/, "sha256:00000000"),
  ],
  [
    "a disclosure is moved to another event",
    ["commitment-mismatch"],
    () =>
      changedText(
        runPack,
        "disclosures.jsonl",
        /"event_id":"evt_[0-9a-z]{26}"/,
        `"event_id":"${story.events[0]!.event_id}"`,
      ),
  ],
  ["an opened payload is changed", ["payload-mismatch"], () => changedText(runPack, fileOf("payloads/"), /./, "x")],
  [
    "a projection is changed",
    ["payload-mismatch"],
    () => changedText(runPack, fileOf("projections/"), "infra", "other"),
  ],
  [
    "a projection is replaced by one nobody committed to",
    ["commitment-mismatch"],
    () => {
      const path = fileOf("projections/");
      const bytes = utf8(runPack.text(`content/${path}`).replace("prod", "test"));
      const as = digestOf(bytes);
      return runPack
        .copy()
        .forge(path, undefined)
        .forge(`projections/${as.slice(7)}`, bytes)
        .forgeManifest((manifest) => ({
          ...manifest,
          payloads: Object.fromEntries(
            Object.entries(manifest.payloads).map(([pointer, state]) => [
              pointer,
              state.state === "opened" && path.endsWith(state.as.slice(7)) ? { state: "opened", as } : state,
            ]),
          ),
        }));
    },
  ],
  [
    "a byte of the policy bundle is changed",
    ["payload-mismatch"],
    () => changedText(runPack, `policies/${story.bundle!.digest.slice(7)}/policies/main.cedar`, "prod", "qrod"),
  ],
  [
    "the policy bundle's manifest is changed",
    ["payload-mismatch"],
    () => changedText(runPack, `policies/${story.bundle!.digest.slice(7)}/MANIFEST.json`, "seed", "weed"),
  ],
  [
    "a file of the policy bundle is taken out",
    ["payload-mismatch"],
    () => runPack.copy().forge(`policies/${story.bundle!.digest.slice(7)}/tools/status.json`, undefined),
  ],
  [
    "a view tells another story",
    ["view-mismatch"],
    () => changedText(runPack, `runs/${run.id}.json`, "FAILED", "PASSED"),
  ],
  ["a view is left out", ["view-mismatch"], () => runPack.copy().forge(`runs/${run.id}.json`, undefined)],
  [
    "a payload that is missing is said to be erased",
    ["payload-missing"],
    () =>
      runPack.copy().forgeManifest((manifest) => ({
        ...manifest,
        payloads: Object.fromEntries(Object.keys(manifest.payloads).map((pointer) => [pointer, { state: "erased" }])),
      })),
  ],
  [
    "a payload is not accounted for",
    ["payload-missing"],
    () => runPack.copy().forgeManifest((manifest) => ({ ...manifest, payloads: {} })),
  ],
  ["a payload is taken out", ["payload-missing"], () => runPack.copy().forge(fileOf("payloads/"), undefined)],
  [
    "a file that belongs to nothing is listed",
    ["pack-malformed"],
    () => runPack.copy().forge("entries/README", "hello"),
  ],
  [
    "a proof without an entry is listed",
    ["pack-malformed"],
    () => runPack.copy().forge("proofs/9999.tlog-proof", "hello"),
  ],
  [
    "the manifest claims more entries",
    ["pack-scope-incomplete"],
    () =>
      runPack
        .copy()
        .forgeManifest((manifest) => ({ ...manifest, counts: { ...manifest.counts, own: manifest.counts.own + 1 } })),
  ],
  [
    "the manifest says another tenant",
    ["index-mismatch"],
    () => runPack.copy().forgeManifest((manifest) => ({ ...manifest, tenant: "prod-b" })),
  ],
  [
    "the manifest says another log",
    ["checkpoint-origin"],
    () => runPack.copy().forgeManifest((manifest) => ({ ...manifest, log: "audit.example.com/prod-b/1" })),
  ],
  [
    "the manifest says another size",
    ["pack-malformed"],
    () => runPack.copy().forgeManifest((manifest) => ({ ...manifest, as_of: manifest.as_of + 1 })),
  ],
  [
    "the manifest says another root",
    ["root-mismatch"],
    () => runPack.copy().forgeManifest((manifest) => ({ ...manifest, root: hex(sha256(utf8("x"))) })),
  ],
  [
    "the manifest says another run",
    ["pack-foreign-entry", "pack-scope-incomplete"],
    () => runPack.copy().forgeManifest((manifest) => ({ ...manifest, scope: { kind: "run", run_id: other.id } })),
  ],
  [
    "the manifest says less was disclosed",
    ["pack-malformed"],
    () => runPack.copy().forgeManifest((manifest) => ({ ...manifest, disclosure: "none" })),
  ],
  [
    "the manifest has a member of its own",
    ["pack-malformed"],
    () => runPack.copy().forgeManifest((manifest) => ({ ...manifest, note: "trust me" })),
  ],
  [
    "the manifest is not canonical",
    ["pack-malformed"],
    () => {
      const folder = runPack.copy();
      folder.set("content/manifest.json", utf8(`${folder.text("content/manifest.json")}\n`));
      return folder;
    },
  ],
  [
    "the manifest is gone",
    ["pack-malformed"],
    () => {
      const folder = runPack.copy();
      folder.delete("content/manifest.json");
      return folder;
    },
  ],
  [
    "the guide is changed",
    ["pack-file-mismatch"],
    () => {
      const folder = runPack.copy();
      folder.set("VERIFY.md", utf8(folder.text("VERIFY.md").replace("countersign-verify", "rm -r")));
      return folder;
    },
  ],
];

for (const [what, expected, attack] of attacks) {
  test(`verify: caught when ${what}`, async () => {
    await assertFaulty(await attack(), expected, { pins: [story.key] });
  });
}

test("verify: a log written anew with another key is consistent and caught by the pin alone", async () => {
  const thief = await PackStory.open();
  Object.assign(thief, { checkpointSecret: sha256(utf8("thief")) });
  const forged = await PackStory.open({
    edit: editing("log.genesis", (event) => ({
      ...event,
      genesis: {
        ...event.genesis,
        keys: event.genesis.keys.map((key) =>
          key.purpose === "checkpoint" ? { ...key, vkey: formatVerifierKey(thief.key) } : key,
        ),
      },
    })),
  });
  Object.assign(forged, { checkpointSecret: sha256(utf8("thief")) });
  const copy = forged.run();
  forged.change(copy, "allow succeeded safety");
  copy.close();
  const folder = await forged.pack();
  const unpinned = await verify(folder);
  assertSound(unpinned, "consistent");
  assert.match(unpinned.notes.join("\n"), /NOT PINNED[\s\S]*Self-signed, unanchored/);
  const pinned = await assertFaulty(folder, ["pin-mismatch"], { pins: [story.key] });
  assert.equal(pinned.assurances.pinned.state, "not-met");
  assert.equal(pinned.assurances.consistent.state, "met", "it agrees with itself all the same");
});

// ── Writers who lie consistently ───────────────────────────────────────────────────────────────────────────────────

const liars: readonly [
  who: string,
  expected: readonly FaultCode[],
  edit: (event: Event) => Event | readonly Event[] | undefined,
][] = [
  [
    "a vote's signature is another's",
    ["vote-signature-invalid"],
    editing("approval.voted", (event) => ({
      ...event,
      vote: { ...event.vote, signature: `${event.vote.signature.slice(0, -4)}AAAA` },
    })),
  ],
  [
    "a vote says another answer than was signed",
    ["vote-signature-invalid"],
    editing("approval.voted", (event) => {
      const text = event.vote.text.replace("CHANGE_REVIEWED", "RISK_TOO_HIGH");
      return { ...event, vote: { ...event.vote, text, digest: digestOf(utf8(text)), reason_code: "RISK_TOO_HIGH" } };
    }),
  ],
  [
    "a permit is for other arguments",
    ["permit-args-differ"],
    editing("dispatch.permitted", (event) => ({
      ...event,
      permit: { ...event.permit, args_commit: "A".repeat(43) },
    })),
  ],
  [
    "a permit names a key nobody announced",
    ["key-unannounced"],
    editing("dispatch.permitted", (event) => ({
      ...event,
      permit: { ...event.permit, kid: "permit-9" },
    })),
  ],
  [
    "a gate was left out of a decision",
    ["decision-differs"],
    editing("policy.decided", (event) =>
      event.policy.decision !== "REQUIRE_APPROVAL"
        ? event
        : {
            ...event,
            policy: { ...event.policy, decision: "ALLOW", matched_rule: "allow-ops-agents", reason: "TEAM_SCOPE" },
            decided: {
              ...event.decided,
              matched_rules: ["allow-ops-agents"],
              reason_codes: ["TEAM_SCOPE"],
              requirements: [],
            },
          },
    ),
  ],
  [
    "a decision names another rule",
    ["decision-differs"],
    editing(
      "policy.decided",
      (event) => ({
        ...event,
        policy: { ...event.policy, matched_rule: "allow-other" },
        decided: { ...event.decided, matched_rules: ["allow-other"] },
      }),
      0,
    ),
  ],
  ["a decision is left out", ["dispatch-without-decision"], omitting("policy.decided", 0)],
  ["an outcome is written before the start", ["result-before-start"], omitting("dispatch.started", 0)],
];

for (const [what, expected, edit] of liars) {
  test(`verify: caught when ${what}, although tree and chains agree`, async () => {
    const lie = await twoRuns(edit);
    const options = { pins: [lie.story.key] };
    const whole = await assertFaulty(await lie.story.pack(), expected, options);
    assert.equal(whole.counts.tampered, 0, "the bytes are the ones the tree has");
    await assertFaulty(await lie.story.pack(lie.scope), expected, options);
  });
}

test("verify: a key declared compromised later puts the votes made with it in doubt", async () => {
  const later = await twoRuns();
  const { alias } = later.story.person("sam");
  later.story.append("approver.key.revoked", {
    enrolment: { person: alias, kid: "sam-1" },
    reason: { code: "KEY_COMPROMISED" },
    compromised_since: "2026-04-01T14:00:00.000Z",
  });
  const report = await assertFaulty(await later.story.pack(later.scope), ["vote-key-compromised"]);
  assert.equal(report.assurances.approvers.state, "not-met");
  assert.equal(report.votes.verified, 1, "the signature itself is good");
});

test("verify: a checkpoint signed by a key after its revocation", async () => {
  const revoked = await twoRuns();
  const [announced] = (revoked.story.events[0] as Extract<Event, { type: "log.genesis" }>).genesis.keys;
  revoked.story.append("log.key.revoked", { key: announced!, reason: { code: "KEY_COMPROMISED" } });
  revoked.story.append("log.heartbeat", { heartbeat: { idle_since: revoked.story.at() } });
  await assertFaulty(await revoked.story.pack(), ["key-revoked"], { pins: [revoked.story.key] });
  assertSound(await verify(await revoked.story.pack(LOG, { source: revoked.story.source(40) })), "consistent");
});

test("verify: an entry of an unknown kind is proved, neither good nor tampered", async () => {
  const future = await twoRuns(
    // A kind of a later version: not one of Kind, which is the point.
    (event) => (event.type === "safety.checked" ? ({ ...event, type: "safety.foreseen" } as unknown as Event) : event),
  );
  for (const folder of [await future.story.pack(), await future.story.pack(future.scope)]) {
    const report = await verify(folder, { pins: [future.story.key] });
    assert.deepEqual(
      codesOf(report).filter((code) => code !== "kind-not-understood" && code !== "view-mismatch"),
      [],
    );
    assert.ok(report.counts.not_understood >= 2);
    assert.equal(report.assurances.consistent.state, "not-met");
    assert.equal(report.exit_code, 1);
    assert.equal(report.runs.find(({ run_id }) => run_id === future.run.id)?.completeness, null);
    assert.match(report.notes.join(" "), /neither good nor tampered/);
  }
});

test("verify: holes are lawful when a prune covers them, and only then", async () => {
  for (const lawful of [true, false]) {
    const pruned = await twoRuns();
    const first = pruned.story.events.findIndex((event) => "run_id" in event && event.run_id === pruned.run.id);
    const indexes = pruned.story.events.flatMap((event, i) =>
      "run_id" in event && event.run_id === pruned.run.id ? [i] : [],
    );
    const digest = digestOf(utf8("rules"));
    pruned.story.append("retention.rules.published", { retention: { digest, version: 1, rules: 1, shortens: false } });
    pruned.story.append("retention.pruned", {
      pruned: {
        ranges: [[first, lawful ? indexes.at(-1)! + 1 : indexes.at(-1)!]],
        count: indexes.length,
        rule: "default",
        rules_digest: digest,
        holds: [],
      },
    });
    const source = pruned.story.source();
    const folder = await pruned.story.pack(LOG, {
      source: { ...source, entry: (i) => (indexes.includes(i) ? undefined : source.entry(i)) },
    });
    const report = await verify(folder, { pins: [pruned.story.key] });
    if (lawful) {
      assertSound(report, "consistent");
      assert.equal(report.counts.lawfully_pruned, indexes.length);
    } else {
      assert.deepEqual(codesOf(report), ["entry-missing"]);
      assert.equal(report.counts.unlawfully_missing, 1);
      assert.equal(report.counts.lawfully_pruned, indexes.length - 1);
    }
  }
});

test("verify: erased payloads are lawful when the log records an erasure", async () => {
  const erased = await twoRuns();
  const pointers = erased.story.events.flatMap((event) =>
    event.type === "action.requested" ? [event.pointers.args!] : [],
  );
  erased.story.erased.add(pointers[0]!);
  const before = await assertFaulty(await erased.story.pack(), ["payload-missing"]);
  assert.equal(before.counts.lawfully_erased, 0);
  const subject = "A".repeat(43);
  erased.story.append("erasure.requested", { erasure: { subject, basis: "request" } });
  erased.story.append("subject.erased", { erasure: { subject, keys: 1, payloads: 1, packs: [] } });
  const report = await verify(await erased.story.pack(), { pins: [erased.story.key] });
  assertSound(report, "consistent");
  assert.equal(report.counts.lawfully_erased, 1);
});

test("verify: a pack of a newer format is not judged", async () => {
  for (const [member, value] of [
    ["format", "countersign-pack/2"],
    ["spec", "countersign/2"],
  ]) {
    const folder = runPack.copy().forgeManifest((manifest) => ({ ...manifest, [member!]: value }));
    await assert.rejects(verify(folder), { code: "cannot-read" });
  }
  // Control: another word there is damage, not news.
  await assertFaulty(
    runPack.copy().forgeManifest((manifest) => ({ ...manifest, format: "countersign-pack/0" })),
    ["pack-malformed"],
  );
});

test("verify: ancestors of a run come with it, and nothing else of them", async () => {
  const family = await PackStory.open();
  const grandparent = family.run();
  family.change(grandparent, "allow succeeded safety");
  const parent = family.run({ parent: grandparent });
  family.change(parent, "allow succeeded safety");
  const child = family.run({ parent });
  family.change(child, "allow succeeded safety");
  for (const each of [child, parent, grandparent]) each.close();
  const folder = await family.pack({ kind: "run", run_id: child.id });
  assertSound(await verify(folder, { pins: [family.key] }), "consistent");
  const manifest = JSON.parse(folder.text("content/manifest.json")) as Manifest;
  assert.equal(manifest.counts.ancestors, 2);
  const start = family.events.findIndex(({ event_id }) => event_id === grandparent.started.event_id);
  const orphan = folder.copy().forge(`entries/${start}.json`, undefined).forge(`proofs/${start}.tlog-proof`, undefined);
  await assertFaulty(orphan, ["pack-scope-incomplete"]);
});

test("verify: every fault is reported, not only the first", async () => {
  const folder = runPack.copy();
  folder.get("content/entries/2.json")![30]! ^= 1;
  folder.get("content/entries/9.json")![30]! ^= 1;
  folder.get(`content/${fileOf("payloads/")}`)![0]! ^= 1;
  const report = await assertFaulty(folder, ["inclusion-failed", "payload-mismatch", "pack-file-mismatch"]);
  assert.deepEqual(
    [...new Set(report.faults.flatMap(({ code, index }) => (code === "inclusion-failed" ? [index] : [])))],
    [2, 9],
  );
  assert.equal(report.counts.tampered, 3);
  assert.ok(report.faults.every(({ detail }) => detail.length > 0));
});

test("verify: one changed byte is named once, not with everything that follows from it", async () => {
  const path = [...logPack.keys()].find((name) => name.startsWith("content/tile/entries/"))!;
  const changed = logPack.copy();
  const text = Buffer.from(changed.get(path)!);
  const at = text.indexOf('"DENY"');
  changed.get(path)![at + 2]! ^= 1;
  const report = await verify(changed, { pins: [story.key] });
  const index = indexOf("policy.decided", 2);
  assert.deepEqual(
    report.faults.map(({ code, index: where }) => [code, where]),
    [
      ["pack-file-mismatch", undefined],
      ["leaf-mismatch", index],
      ["entry-shape", index],
    ],
  );
  assert.equal(report.faults[1]?.event_id, story.events[index]!.event_id);
  assert.deepEqual([report.counts.tampered, report.counts.unlawfully_missing], [2, 0]);
  assert.equal(report.runs.find(({ run_id }) => run_id === run.id)?.completeness, null);
  assert.deepEqual([report.assurances.approvers.state, report.assurances["re-executed"].state], ["not-met", "not-met"]);
  // Control: another run's faults are told all the same.
  const lie = await twoRuns(
    editing(
      "dispatch.permitted",
      (event) => ({ ...event, permit: { ...event.permit, args_commit: "A".repeat(43) } }),
      2,
    ),
  );
  const both = await lie.story.pack();
  const decided = lie.story.events.findIndex((event) => event.type === "policy.decided" && event.run_id === lie.run.id);
  const tile = [...both.keys()].find((name) => name.startsWith("content/tile/entries/"))!;
  const bytes = both.get(tile)!;
  bytes[Buffer.from(bytes).indexOf(lie.story.events[decided]!.event_id) + 4]! ^= 1;
  assert.ok(codesOf(await verify(both)).includes("permit-args-differ"));
});

test("verify: manifests are read as the format says, byte for byte", () => {
  const manifest = JSON.parse(runPack.text("content/manifest.json")) as Manifest;
  assert.deepEqual(formatManifest(manifest), runPack.get("content/manifest.json"));
  assert.deepEqual(canonicalBytes(manifest), formatManifest(manifest));
  assert.equal(parseHex(manifest.root).length, 32);
});
