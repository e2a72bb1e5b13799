/**
 * The life of a policy on a whole server: brought, simulated, acknowledged, asked for, approved by another person, rolled
 * back; who may do which of it in a production tenant, and that the log alone says what is in force.
 */
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { textDigest } from "@countersign/evidence/approval";
import { formatBase64Url } from "@countersign/evidence/base64";
import { CountersignError } from "@countersign/evidence/errors";
import type { Event } from "@countersign/evidence/event";
import { LogFold } from "@countersign/evidence/fold";
import { openPackFolder } from "@countersign/evidence/pack-folder.node";
import { formatPolicyAnswer } from "@countersign/evidence/policy-answer";
import type { Impact } from "@countersign/evidence/policy-impact";
import { verify } from "@countersign/evidence/verify";
import { voteSigningBytes } from "@countersign/evidence/vote-signature";
import type { PublicationStatusView } from "@countersign/evidence/wire";
import { projections, tables } from "../app.ts";
import { fsck } from "../ledger/fsck.ts";
import { openPayloadFiles } from "../payloads/files.ts";
import { openTestApp, starterFiles, starterText, type TestAnswer, type TestApp } from "../testing.ts";

const TENANT = "prod";
const denyDiary = `@id("deny-diary") @decision("deny") @reason("RISK_SECRET_FILE")
forbid (principal, action, resource is Target) when { resource.id like "*/diary/*" };`;
const diaryTest = {
  name: "the diary stays closed",
  request: { tool: "read_text_file", args: { path: "/w/diary/a.txt" } },
  expect: { decision: "DENY", matched_rules: ["deny-diary"] },
};
/** The policy in force at first: it denies what the starter policy allows. */
const strictFiles = starterFiles({
  "policies/main.cedar": `${starterText("policies/main.cedar")}\n${denyDiary}\n`,
  "tests/diary.json": JSON.stringify([diaryTest]),
});
const looseFiles = (note: string) => starterFiles({ "CHANGES.md": note });

type Person = { readonly name: string; readonly alias: string; readonly key: string; readonly privateKey: KeyObject };

let server: TestApp;
let dana: Person;
let sam: Person;
let agent: string;
let service: string;
let runId: string;
let strict: string;

before(async () => {
  server = await openTestApp();
  await server.tenant(TENANT, { kind: "production" });
  await server.admin("agent.register", { tenant: TENANT, id: "a", ceiling: ["fs"], may_execute: true });
  dana = await person("dana");
  sam = await person("sam");
  agent = await server.key(TENANT, "agent", "a");
  const made = await server.admin("credential.create", {
    tenant: TENANT,
    role: "policy-admin",
    id: "ci",
    service: true,
  });
  service = String(made.key);
  strict = String((await server.admin("policy.publish", { tenant: TENANT, files: strictFiles })).digest);
  await server.admin("tenant.seal", { tenant: TENANT });
  const { run } = (await server.send("POST", "/v1/runs", { key: agent, body: { capabilities: ["fs"] } })).body;
  runId = (run as { run_id: string }).run_id;
  assert.equal(await read("/w/diary/a.txt"), "DENY");
  assert.equal(await read("/w/memos/a.txt"), "ALLOW");
});
after(() => server.close());

async function person(name: string): Promise<Person> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const enrolled = await server.admin("approver.enroll", {
    tenant: TENANT,
    id: name,
    roles: ["oncall_sre"],
    public_key: pem,
  });
  return { name, alias: String(enrolled.person), key: await server.key(TENANT, "policy-admin", name), privateKey };
}

async function read(path: string): Promise<string> {
  const body = { tool: "read_text_file", args: { path } };
  const { action } = (await server.send("POST", `/v1/runs/${runId}/actions`, { key: agent, body })).body;
  return (action as { decision: { decision: string } }).decision.decision;
}

const post = (key: string, path: string, body: unknown) => server.send("POST", `/v1/policy/${path}`, { key, body });
const get = (key: string, path: string) => server.send("GET", `/v1/policy/${path}`, { key });
const events = (): Event[] => {
  const reader = server.app.ledger.reader(TENANT)!;
  return Array.from({ length: reader.size }, (_, at) => JSON.parse(Buffer.from(reader.entry(at)!.bytes).toString()));
};
const inForce = () => server.app.ledger.reader(TENANT)!.control.policy!;
const local = (operation: string, more: object) => server.admin("api.call", { tenant: TENANT, operation, ...more });
const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;

function ok({ status, bytes, body }: TestAnswer): Record<string, unknown> {
  assert.ok(status < 300, `${status} ${bytes}`);
  return body;
}

/** Brought and simulated by one, everything acknowledged unless said otherwise. */
async function prepared(by: Person, files: Record<string, string>, acknowledge = true) {
  const digest = String(ok(await post(by.key, "bundles", { files })).digest);
  const simulation = ok(await post(by.key, "simulations", { digest }));
  const groups = simulation.to_acknowledge as string[];
  const path = `simulations/${simulation.simulation_id}/acknowledgements`;
  if (acknowledge && groups.length > 0) ok(await post(by.key, path, { acknowledged: groups }));
  return { digest, groups, path, simulation: simulation as { simulation_id: string; impact: Impact } };
}

test("policy life: a bundle is kept once, immutable, under its digest; its files come back as they were", async () => {
  const files = looseFiles("kept");
  const first = ok(await post(dana.key, "bundles", { files }));
  assert.equal(first.uploaded, true);
  const again = ok(await post(sam.key, "bundles", { files }));
  assert.deepEqual([again.digest, again.uploaded], [first.digest, false]);
  const uploads = events().filter((one) => one.type === "policy.uploaded" && one.bundle.digest === first.digest);
  assert.deepEqual(
    uploads.map(({ actor }) => actor.id),
    [dana.alias],
  );
  const shown = ok(await get(sam.key, `bundles/${first.digest}`));
  assert.deepEqual([shown.uploaded_by, shown.in_force, shown.revisions], [dana.alias, false, []]);
  const stored = ok(await get(sam.key, `bundles/${first.digest}/files`)).files as Record<string, string>;
  const { "MANIFEST.json": manifest, ...rest } = stored;
  assert.ok(manifest !== undefined);
  assert.deepEqual(rest, files);
  const listed = ok(await get(dana.key, "bundles?limit=1")) as { bundles: { digest: string }[]; next: number };
  assert.deepEqual([listed.bundles[0]!.digest, typeof listed.next], [first.digest, "number"]);
  assert.equal(inForce().digest, strict); // nothing is in force by it
});

test("policy life: a service that bears a person's name does not ask in it, and so counts as nobody", async () => {
  const { digest } = await prepared(sam, looseFiles("in another's name"));
  const credential = { tenant: TENANT, role: "policy-admin", service: true };
  const { key } = await server.admin("credential.create", { ...credential, id: dana.alias });
  const before = inForce().digest;
  const answer = await post(String(key), "publications", { digest });
  assert.deepEqual([answer.status, answer.body.code], [403, "forbidden"]);
  const asked = ok(await post(service, "publications", { digest })); // control: a service of its own name may
  ok(await post(sam.key, `publications/${asked.request_id}/answers`, { answer: "reject" }));
  assert.equal(inForce().digest, before);
});

test("policy life: what becomes allowed comes first, and is not published before a person has acknowledged it", async () => {
  const { digest, groups, path, simulation } = await prepared(dana, looseFiles("loose"), false);
  const { impact } = simulation;
  assert.equal(groups.length, 1);
  assert.equal(impact.groups[0]!.kind, "newly_allowed");
  assert.deepEqual([impact.groups[0]!.from.rule, impact.groups[0]!.to.rule], ["deny-diary", "allow-read"]);
  assert.deepEqual(
    impact.changes.map(({ resource }) => resource.id),
    ["/w/diary/a.txt"],
  );
  const unseen = await post(dana.key, "publications", { digest });
  assert.equal(unseen.code, "policy-not-acknowledged");
  // Neither a service nor the machine's user is somebody who has seen it.
  assert.equal((await post(service, path, { acknowledged: groups })).code, "second-person-required");
  const params = { simulation_id: simulation.simulation_id };
  await assert.rejects(
    local("acknowledgeSimulation", { params, body: { acknowledged: groups } }),
    refused("second-person-required"),
  );
  const strange = `sha256:${"1".repeat(64)}`;
  assert.equal((await post(dana.key, path, { acknowledged: [strange] })).code, "validation-failed");
  // By naming each change of the group; a change that is none is refused.
  const change = impact.changes[0]!.event_id;
  assert.equal((await post(dana.key, path, { acknowledged: [`evt_${"0".repeat(26)}`] })).code, "validation-failed");
  assert.deepEqual(ok(await post(dana.key, path, { acknowledged: [change] })).to_acknowledge, []);
  const event = events().findLast((one) => one.type === "policy.acknowledged");
  assert.ok(event?.type === "policy.acknowledged");
  assert.deepEqual([event.actor.id, event.acknowledgement.groups], [dana.alias, groups]);
  assert.equal(ok(await post(dana.key, path, { acknowledged: groups })).event_id, null); // said before
  assert.equal((await post(dana.key, "publications", { digest })).status, 202); // control: now it may be asked for
  // The report is sealed, read again by its event, and the read is in the log.
  const report = ok(await get(sam.key, `simulations/${simulation.simulation_id}`));
  assert.deepEqual(report.impact, impact);
  assert.ok(events().at(-1)?.type === "evidence.accessed");
});

test("policy life: a changed contract projects the arguments again; a run, a stretch and a number of decisions can be named", async () => {
  const contract = JSON.parse(starterText("tools/read_text_file.json")) as {
    resource: { env: { segments: unknown[] } };
  };
  contract.resource.env.segments.unshift({ segment: "memos", env: "secrets" });
  const files = { ...strictFiles, "tools/read_text_file.json": base64(JSON.stringify(contract)) };
  const digest = String(ok(await post(dana.key, "bundles", { files })).digest);
  const made = async (scope: object) => {
    const { impact, to_acknowledge: open } = ok(await post(dana.key, "simulations", { digest, ...scope }));
    assert.deepEqual(open, []); // what gets stricter waits for nobody
    return impact as Impact;
  };
  const whole = await made({});
  assert.deepEqual(
    whole.changes.map(({ resource }) => [resource.id, resource.env]),
    [["/w/memos/a.txt", "normal"]],
  );
  assert.deepEqual([whole.groups[0]!.kind, whole.groups[0]!.to.rule], ["tightened", "deny-secrets"]);
  const { decisions } = whole;
  assert.deepEqual((await made({ run_id: runId })).decisions, decisions); // there is one run
  assert.equal((await made({ limit: 1 })).decisions, 1);
  assert.equal((await made({ until: 0 })).decisions, 0);
  assert.equal((await made({ since_days: 1 })).decisions, decisions);
  const nowhere = `run_${"0".repeat(26)}`;
  assert.equal((await post(dana.key, "simulations", { digest, run_id: nowhere })).code, "not-found");
  const both = await post(dana.key, "simulations", { digest, run_id: runId, from: 0 });
  assert.equal(both.code, "validation-failed");
});

test("policy life: in production another person approves, by their own word, and nobody's stands for theirs", async () => {
  const { digest } = await prepared(dana, looseFiles("two people"));
  const asked = ok(await post(dana.key, "publications", { digest, reason_code: "PLANNED_CHANGE" }));
  assert.equal(asked.revision, null);
  assert.equal(inForce().digest, strict);
  const path = `publications/${asked.request_id}/answers`;
  const view = ok(await get(sam.key, `publications/${asked.request_id}`)) as PublicationStatusView;
  assert.deepEqual([view.state, view.missing, view.eligible.map((one) => one.person)], ["waiting", 1, [sam.alias]]);

  const approve = { answer: "approve" };
  assert.equal((await post(dana.key, path, approve)).code, "separation-of-duties");
  assert.equal((await post(service, path, approve)).code, "second-person-required");
  const params = { request_id: asked.request_id };
  await assert.rejects(local("answerPublication", { params, body: approve }), refused("second-person-required"));
  // On the machine itself nobody is a person by saying so.
  await assert.rejects(local("answerPublication", { params, body: approve, as: "sam" }), refused("forbidden"));
  const forged = { ...approve, signed: signedBy(sam, view, { privateKey: dana.privateKey }) };
  await assert.rejects(local("answerPublication", { params, body: forged }), refused("signature-invalid"));
  const other = { ...approve, signed: signedBy(sam, { ...view, digest: strict }) };
  await assert.rejects(local("answerPublication", { params, body: other }), refused("step-not-allowed"));
  assert.equal(inForce().digest, strict);

  // Control: the other person, and then it is in force at once.
  const done = ok(await post(sam.key, path, { ...approve, reason_code: "CHANGE_REVIEWED" }));
  assert.match(String(done.revision), /^pol_2026_04_01_/);
  assert.deepEqual([inForce().digest, inForce().author], [digest, dana.alias]);
  assert.equal(await read("/w/diary/b.txt"), "ALLOW");
  const published = events().findLast((one) => one.type === "policy.published");
  assert.ok(published?.type === "policy.published");
  assert.deepEqual(published.publish.approved_by, [sam.alias]);
  assert.equal(published.publish.separation, "two_people");
  const after = ok(await get(sam.key, `publications/${asked.request_id}`));
  assert.deepEqual([after.state, after.revision], ["published", done.revision]);
  assert.equal((await post(sam.key, path, approve)).code, "publication-not-open");
  assert.deepEqual(faults(), []);
});

test("policy life: whoever brought a bundle does not approve it, whoever asks", async () => {
  const { digest } = await prepared(dana, { ...strictFiles, "CHANGES.md": base64("brought by dana") });
  const asked = ok(await post(sam.key, "publications", { digest }));
  const path = `publications/${asked.request_id}/answers`;
  assert.equal((await post(dana.key, path, { answer: "approve" })).code, "separation-of-duties");
  ok(await post(dana.key, path, { answer: "reject", reason_code: "OUT_OF_SCOPE" }));
  assert.equal(ok(await get(dana.key, `publications/${asked.request_id}`)).state, "rejected");
});

test("policy life: a rollback is a new revision of an old digest, and takes two people too; signed at the machine", async () => {
  const from = inForce().digest;
  const unknown = await post(dana.key, "publications", { digest: `sha256:${"2".repeat(64)}`, rollback: true });
  assert.equal(unknown.code, "not-found");
  // The machine's user asks; that is nobody, so it takes two who sign.
  const asked = await local("requestPublication", {
    body: { digest: strict, rollback: true, reason_code: "REGRESSION", incident: "INC-7" },
  });
  const params = { request_id: asked.request_id };
  const answer = async (who: Person) => {
    const view = (await local("getPublication", { params })) as unknown as PublicationStatusView;
    return local("answerPublication", { params, body: { answer: "approve", signed: signedBy(who, view) } });
  };
  assert.equal((await answer(dana)).revision, null);
  assert.equal(inForce().digest, from);
  await assert.rejects(answer(dana), refused("duplicate-vote"));
  const done = await answer(sam);
  assert.equal(inForce().digest, strict);
  const event = events().findLast((one) => one.type === "policy.rolled_back");
  assert.ok(event?.type === "policy.rolled_back");
  assert.deepEqual(
    [event.rollback.revision, event.rollback.incident, event.reason.code],
    [done.revision, "INC-7", "REGRESSION"],
  );
  assert.equal(await read("/w/diary/c.txt"), "DENY");
  const { revisions, waiting } = ok(await get(sam.key, "revisions")) as {
    revisions: { revision: string; digest: string; how: string; in_force: boolean }[];
    waiting: unknown;
  };
  assert.deepEqual([revisions[0]!.how, revisions[0]!.in_force, waiting], ["rolled_back", true, null]);
  assert.equal(new Set(revisions.map(({ revision }) => revision)).size, revisions.length); // none twice
  assert.equal(revisions[0]!.digest, revisions.at(-1)!.digest);
  assert.deepEqual(faults(), []);
});

test("policy life: of two requests the one that came second waits, and one that was overtaken is refused", async () => {
  const one = await prepared(dana, looseFiles("first of two"));
  const two = await prepared(dana, looseFiles("second of two"));
  const first = ok(await post(dana.key, "publications", { digest: one.digest }));
  const second = ok(await post(dana.key, "publications", { digest: two.digest }));
  const answer = (id: unknown) => post(sam.key, `publications/${id}/answers`, { answer: "approve" });
  assert.equal((await answer(first.request_id)).code, "publication-not-open");
  assert.equal(ok(await get(sam.key, `publications/${first.request_id}`)).state, "replaced");
  ok(await answer(second.request_id));
  // What was simulated against the policy before is not publishable against this one.
  assert.equal((await post(dana.key, "publications", { digest: one.digest })).code, "policy-not-acknowledged");
  const stale = await post(dana.key, "publications", { digest: strict, rollback: true, expected: strict });
  assert.equal(stale.code, "policy-revision-taken");
});

test("policy life: the difference of two bundles, by rule", async () => {
  const to = inForce().digest;
  const diff = ok(await get(sam.key, `diff?from=${strict}&to=${to}`)) as { rules: { id: string; change: string }[] };
  assert.deepEqual(
    diff.rules.map(({ id, change }) => [id, change]),
    [["deny-diary", "removed"]],
  );
});

test("policy life: every bundle a decision was made by travels in the pack, the one that came back too, and it verifies", async () => {
  const out = join(server.directory, "pack");
  await server.admin("pack.export", { tenant: TENANT, all: true, out, disclosure: "full", purpose: "test" });
  const decidedBy = new Set(
    events().flatMap((one) => (one.type === "policy.decided" ? [one.policy.policy_digest] : [])),
  );
  assert.ok(decidedBy.has(strict) && decidedBy.size >= 2);
  assert.deepEqual([...manifestsIn(out)].sort(), [...decidedBy].sort());
  const report = await verify(openPackFolder(out));
  assert.deepEqual(report.faults, []);
});

test("policy life: in an evaluation tenant one alone publishes and goes back, and the events say so", async () => {
  await server.tenant("solo");
  const publish = (files: Record<string, string>) => server.admin("policy.publish", { tenant: "solo", files });
  const { digest } = await publish(strictFiles);
  await publish(looseFiles("solo"));
  const body = { digest, rollback: true, reason_code: "REGRESSION" };
  const back = await server.admin("api.call", { tenant: "solo", operation: "requestPublication", body });
  assert.match(String(back.revision), /_3$/);
  const reader = server.app.ledger.reader("solo")!;
  assert.equal(reader.control.policy!.digest, digest);
  const said = reader.entriesOfKinds(["policy.published", "policy.rolled_back"]).map((at) => {
    const event = JSON.parse(Buffer.from(reader.entry(at)!.bytes).toString()) as Event;
    return event.type === "policy.rolled_back" ? event.rollback.separation : "publish" in event && event.publish;
  });
  assert.equal(said[0], "waived");
  assert.ok(
    said.slice(1).every((one) => typeof one === "object" && "separation" in one && one.separation === "waived"),
  );
  // Asked for again, it is in force already and nothing is written.
  const size = reader.size;
  const again = await server.admin("api.call", { tenant: "solo", operation: "requestPublication", body: { digest } });
  assert.deepEqual([again.request_id, again.revision], [null, back.revision]);
  assert.equal(server.app.ledger.reader("solo")!.size, size);
});

test("policy life: afterwards fsck derives every row anew and finds nothing", async () => {
  await server.close();
  const dataDir = join(server.directory, "data");
  const files = openPayloadFiles(join(dataDir, "payloads"), { purpose: "look" });
  const clean = await fsck(dataDir, { tables, projections, hasPayload: files.isSound });
  assert.deepEqual(clean.findings, []);
  // Control: without their bytes, what the log cites is missed.
  const without = await fsck(dataDir, { tables, projections, hasPayload: () => false });
  assert.ok(without.findingCount > 0);
});

/** Digests of the manifests of the bundles in a pack. */
function manifestsIn(out: string): ReadonlySet<string> {
  const policies = join(out, "content", "policies");
  return new Set(
    readdirSync(policies).map((folder) => {
      return `sha256:${createHash("sha256")
        .update(readFileSync(join(policies, folder, "MANIFEST.json")))
        .digest("hex")}`;
    }),
  );
}

function signedBy(
  who: Person,
  view: PublicationStatusView,
  { privateKey = who.privateKey }: { readonly privateKey?: KeyObject } = {},
) {
  const key = Object.values(server.app.ledger.reader(TENANT)!.control.approverKeys).find(
    (one) => one.person === who.alias,
  )!;
  const { request_id: request, digest, expected, rollback, impact_digest, log, now: at } = view;
  const text = formatPolicyAnswer({
    log,
    tenant: TENANT,
    request,
    digest,
    expected,
    rollback,
    impact_digest,
    answer: "approve",
    person: who.alias,
    kid: key.kid,
    at,
  });
  const signature = formatBase64Url(sign(null, voteSigningBytes(textDigest(text)), privateKey));
  return { text, method: "ed25519", kid: key.kid, signature };
}

/** What the log says against itself, folded anew. */
function faults(): string[] {
  const fold = new LogFold({ hasPayload: () => true });
  return events()
    .flatMap((event) => fold.step(event))
    .map(({ code, detail }) => `${code}: ${detail}`);
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
