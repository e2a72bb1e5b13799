import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseBase64Url } from "@countersign/evidence/base64";
import { parseCheckpoint, verifyCheckpoint } from "@countersign/evidence/checkpoint";
import { verifyEd25519 } from "@countersign/evidence/ed25519";
import type { EventOf } from "@countersign/evidence/event";
import { serializeEvent } from "@countersign/evidence/generated/event-shapes";
import { hex, utf8 } from "@countersign/evidence/hash";
import { consistencyPath, inclusionPath, leafHash, rootOf } from "@countersign/evidence/merkle";
import { parseVerifierKey } from "@countersign/evidence/note";
import { parsePermit } from "@countersign/evidence/permit";
import { temporaryDirectory } from "../testing.ts";
import { Tree } from "../tree.ts";
import type { SignRequest } from "./protocol.ts";
import { Signing } from "./signing.ts";

const ORIGIN = "audit.example.com/prod-a/1";
const ENTRIES = Array.from({ length: 20 }, (_, i) => utf8(`entry ${i}`));

function treeOf(entries: readonly Uint8Array[]): Tree {
  const tree = new Tree(0, () => assert.fail("nothing is stored"));
  for (const entry of entries) tree.append(leafHash(entry));
  return tree;
}

function requestFor(entries: readonly Uint8Array[], from: number, origin = ORIGIN): SignRequest {
  const tree = treeOf(entries);
  const { size } = tree;
  return { origin, size, root: tree.root(size), from, proof: consistencyPath(from, size, tree.nodeAt), permits: [] };
}

/** Signs and gives the note. */
function signed(signing: Signing, request: SignRequest): string {
  const [answer] = signing.sign([request]);
  assert.ok(answer !== undefined && "note" in answer, JSON.stringify(answer));
  return answer.note;
}

function refusal(signing: Signing, request: SignRequest): string {
  const [answer] = signing.sign([request]);
  assert.ok(answer !== undefined && "refused" in answer, JSON.stringify(answer));
  return answer.refused;
}

/** A directory whose signer was stopped: its lock is let go only with the process, so a copy is used. */
function copyOf(directory: string): string {
  const copy = join(temporaryDirectory(), "signer");
  cpSync(directory, copy, { recursive: true, filter: (source) => !source.endsWith("lock") });
  return copy;
}

test("signer: signs what extends, and verifiers accept it under the key it announced", () => {
  const signing = new Signing(join(temporaryDirectory(), "signer"));
  const { vkey, size } = signing.open(ORIGIN);
  assert.equal(size, 0);
  const key = parseVerifierKey(vkey);
  assert.ok(key.ok);
  let from = 0;
  for (const to of [1, 2, 3, 7, 8, 20]) {
    const note = signed(signing, requestFor(ENTRIES.slice(0, to), from));
    const checkpoint = parseCheckpoint(note);
    assert.ok(checkpoint.ok);
    assert.deepEqual(verifyCheckpoint(checkpoint.value, { keys: [key.value], origin: ORIGIN }).faults, []);
    assert.equal(checkpoint.value.checkpoint.treeSize, to);
    assert.equal(hex(checkpoint.value.checkpoint.root), hex(rootOf(ENTRIES.slice(0, to).map(leafHash))));
    from = to;
  }
  assert.equal(signing.open(ORIGIN).vkey, vkey);
});

test("signer: the same root again gives the same bytes; a smaller size gives the newest note", () => {
  const signing = new Signing(join(temporaryDirectory(), "signer"));
  const first = signed(signing, requestFor(ENTRIES.slice(0, 5), 0));
  const second = signed(signing, requestFor(ENTRIES.slice(0, 9), 5));
  assert.equal(signed(signing, requestFor(ENTRIES.slice(0, 9), 5)), second);
  assert.equal(signed(signing, requestFor(ENTRIES.slice(0, 9), 9)), second);
  assert.equal(signed(signing, requestFor(ENTRIES.slice(0, 5), 0)), second);
  assert.notEqual(first, second);
});

test("signer: two roots of one size are never signed, nor what does not extend", () => {
  const signing = new Signing(join(temporaryDirectory(), "signer"));
  const note = signed(signing, requestFor(ENTRIES.slice(0, 9), 0));
  const changed = [...ENTRIES.slice(0, 8), utf8("other")];
  assert.match(refusal(signing, requestFor(changed, 0)), /another root for 9 entries/);
  assert.match(refusal(signing, requestFor([...changed, ...ENTRIES.slice(9)], 9)), /does not extend the 9 it signed/);
  const cut = requestFor(ENTRIES.slice(0, 12), 9);
  assert.match(refusal(signing, { ...cut, proof: cut.proof.slice(1) }), /does not extend/);
  assert.match(refusal(signing, { ...cut, size: 0 }), /no tree/);
  // The control: nothing was forgotten or half signed, and the true tree is signed.
  assert.equal(signing.open(ORIGIN).note, note);
  signed(signing, cut);
});

test("signer: a request that starts elsewhere than it signed gets the newest note, and nothing is signed", () => {
  const signing = new Signing(join(temporaryDirectory(), "signer"));
  signed(signing, requestFor(ENTRIES.slice(0, 5), 0));
  const newest = signed(signing, requestFor(ENTRIES.slice(0, 9), 5));
  assert.equal(signed(signing, requestFor(ENTRIES.slice(0, 12), 5)), newest);
  assert.equal(signing.open(ORIGIN).size, 9);
  signed(signing, requestFor(ENTRIES.slice(0, 12), 9));
});

test("signer: many logs in one call, each judged by itself", () => {
  const signing = new Signing(join(temporaryDirectory(), "signer"));
  const other = "audit.example.com/prod-b/1";
  signed(signing, requestFor(ENTRIES.slice(0, 5), 0));
  const answers = signing.sign([requestFor(ENTRIES.slice(1, 6), 0), requestFor(ENTRIES.slice(0, 3), 0, other)]);
  assert.deepEqual(
    answers.map((answer) => "refused" in answer),
    [true, false],
  );
  assert.notEqual(signing.open(ORIGIN).vkey.split("+")[2], signing.open(other).vkey.split("+")[2]);
});

test("signer: what it signed is known to the next process, a line cut off by a crash excepted", () => {
  const directory = join(temporaryDirectory(), "signer");
  const signing = new Signing(directory);
  const { vkey } = signing.open(ORIGIN);
  const note = signed(signing, requestFor(ENTRIES.slice(0, 9), 0));

  const again = new Signing(copyOf(directory));
  assert.deepEqual([again.open(ORIGIN).vkey, again.open(ORIGIN).note], [vkey, note]);

  const torn = copyOf(directory);
  const line = readFileSync(join(torn, "signed"), "utf8");
  appendFileSync(join(torn, "signed"), line.replace(" 9 ", " 10 ").slice(0, 60));
  assert.equal(new Signing(torn).open(ORIGIN).note, note);

  const damaged = copyOf(directory);
  writeFileSync(join(damaged, "signed"), `${line.replace(" 9 ", " 8 ")}${line}`);
  assert.throws(() => new Signing(damaged), { code: "data-unsafe", detail: /damaged: line 1/ });

  // The control: what guards against two histories is this file, and without it another one would be signed.
  const forgetful = copyOf(directory);
  renameSync(join(forgetful, "signed"), join(forgetful, "gone"));
  signed(new Signing(forgetful), requestFor([utf8("another history"), ...ENTRIES.slice(0, 3)], 0));
});

const UNSAFE: readonly (readonly [what: string, spoil: (directory: string) => void, detail: RegExp])[] = [
  [
    "a key that the group can read",
    (directory) => chmodSync(join(directory, "keys/permit.pem"), 0o640),
    /permit.pem: its mode must be 0600/,
  ],
  ["a directory that others can enter", (directory) => chmodSync(directory, 0o701), /signer: its mode must be 0700/],
  [
    "a key directory that others can read",
    (directory) => chmodSync(join(directory, "keys"), 0o704),
    /keys: its mode must be 0700/,
  ],
  [
    "a list of signatures that others can read",
    (directory) => chmodSync(join(directory, "signed"), 0o604),
    /signed: its mode must be 0600/,
  ],
  [
    "a key that is a link",
    (directory) => {
      renameSync(join(directory, "keys/permit.pem"), join(directory, "elsewhere.pem"));
      symlinkSync(join(directory, "elsewhere.pem"), join(directory, "keys/permit.pem"));
    },
    /permit.pem: it cannot be opened, or is a link/,
  ],
  [
    "a key directory that is a link",
    (directory) => {
      renameSync(join(directory, "keys"), join(directory, "elsewhere"));
      symlinkSync(join(directory, "elsewhere"), join(directory, "keys"));
    },
    /keys: it must be a directory, not a link/,
  ],
  [
    "a key that is none",
    (directory) => writeFileSync(join(directory, "keys/permit.pem"), "no key"),
    /permit.pem: it is no private key/,
  ],
];

for (const [what, spoil, detail] of UNSAFE) {
  test(`signer: refuses ${what}`, () => {
    const directory = join(temporaryDirectory(), "signer");
    new Signing(directory);
    const copy = copyOf(directory);
    new Signing(copyOf(directory)); // the control: a copy is as good as the original
    spoil(copy);
    assert.throws(() => new Signing(copy), { code: "data-unsafe", detail });
  });
}

test("signer: two can never run on one directory", () => {
  const directory = join(temporaryDirectory(), "signer");
  new Signing(directory);
  const script = `
    const { Signing } = await import(${JSON.stringify(new URL("./signing.ts", import.meta.url).href)});
    try { new Signing(process.argv[1]); console.log("running"); } catch (error) { console.log(error.code); }`;
  const run = (path: string) =>
    spawnSync(process.execPath, ["--conditions=countersign-source", "--input-type=module", "-e", script, path], {
      encoding: "utf8",
    }).stdout.trim();
  assert.equal(run(directory), "data-locked");
  assert.equal(run(copyOf(directory)), "running");
});

function permitted(index: number, kid: string): EventOf<"dispatch.permitted"> {
  const id = (prefix: string) => `${prefix}_01kn4ng2r0e07bcs2wc58ej7rf`;
  const digest = `sha256:${"ab".repeat(32)}`;
  return {
    type: "dispatch.permitted",
    v: 1,
    event_id: id("evt"),
    tenant: "prod-a",
    ts: "2026-04-01T14:07:53.120Z",
    source: "observed",
    actor: { type: "executor", id: "worker-eu-2" },
    run_id: id("run"),
    action_id: id("act"),
    initiator: { agent: "ops-agent-3" },
    action: { capability: "a.b", tool: "terraform", target: { system: "s", resource: "r" } },
    policy: {
      decision: "ALLOW",
      matched_rule: "r",
      policy_snapshot: "pol_2026_04_01",
      policy_digest: digest,
      reason: "OK",
    },
    approval: { required: false },
    dispatch: { topic: "t", job_id: id("job"), status: "PERMITTED", attempt: 0, max_attempts: 3 },
    pointers: { context: [], result: null, artifacts: [] },
    permit: {
      permit_id: id("prm"),
      executor: "worker-eu-2",
      args_commit: "A".repeat(43),
      action_digest: digest,
      not_after: "2026-04-01T14:17:53.120Z",
      obligations: [],
      kid,
    },
    integrity: {
      v: 1,
      alg: "sha256-rfc6962",
      log: ORIGIN,
      index,
      prev_hash: "ab".repeat(32),
      run_seq: 3,
      run_prev: "ab".repeat(32),
      ctl_seq: 2,
      ctl_head: "ab".repeat(32),
    },
  };
}

test("signer: makes a permit's token only for a permit it has just seen included", () => {
  const signing = new Signing(copyOf(signingDirectory));
  const { permitKey } = signing.open(ORIGIN);
  const INDEX = 4;
  const permitOf = (event: object, entries = ENTRIES) => {
    const entry = utf8(serializeEvent(event as EventOf<"dispatch.permitted">));
    const all = [...entries.slice(0, INDEX), entry, ...entries.slice(INDEX, 8)];
    const tree = treeOf(all);
    const permit = { index: INDEX, entry, path: inclusionPath(INDEX, tree.size, tree.nodeAt) };
    return { request: { ...requestFor(all, 0), permits: [permit] }, permit };
  };
  const good = permitted(INDEX, permitKey.kid);
  const { request, permit } = permitOf(good);
  const [answer] = signing.sign([request]);
  assert.ok(answer !== undefined && "permits" in answer);
  const token = parsePermit(answer.permits[0] ?? "");
  assert.ok(token !== undefined);
  assert.equal(token.kid, permitKey.kid);
  assert.equal(token.claims.leaf_index, INDEX);
  assert.ok(verifyEd25519(parseBase64Url(permitKey.x)!, token.signingInput, token.signature));
  // Asked again for the newest root, it gives the same token.
  assert.deepEqual(signing.sign([request]), [answer]);

  const without = (bad: Partial<typeof permit>) => {
    const [refused] = signing.sign([{ ...request, permits: [{ ...permit, ...bad }] }]);
    return refused !== undefined && "permits" in refused ? refused.permits[0] : "nothing";
  };
  assert.equal(without({}), answer.permits[0]); // the control
  assert.equal(without({ index: INDEX + 1 }), undefined);
  assert.equal(without({ path: permit.path.slice(1) }), undefined);
  const other = utf8(serializeEvent({ ...good, permit: { ...good.permit, executor: "somebody-else" } }));
  assert.equal(without({ entry: other }), undefined);

  // Included, but no permit of this log by this key; the first is the control.
  const tokens = [
    good,
    { ...good, permit: { ...good.permit, kid: "another-key" } },
    { ...good, integrity: { ...good.integrity, log: "audit.example.com/prod-b/1" } },
    { ...good, integrity: { ...good.integrity, index: INDEX + 1 } },
    { ...good, type: "dispatch.queued", permit: undefined },
  ].map((event) => {
    const [refused] = new Signing(copyOf(signingDirectory)).sign([permitOf(event).request]);
    assert.ok(refused !== undefined && "permits" in refused);
    return refused.permits[0];
  });
  assert.equal(parsePermit(tokens[0] ?? "")?.kid, permitKey.kid);
  assert.deepEqual(tokens.slice(1), [undefined, undefined, undefined, undefined]);
});

/** A directory with keys and nothing signed; the permit key of copies is one and the same. */
const signingDirectory = (() => {
  const directory = join(temporaryDirectory(), "signer");
  mkdirSync(directory, { mode: 0o700 });
  new Signing(directory);
  assert.ok(existsSync(join(directory, "keys/permit.pem")));
  return directory;
})();
