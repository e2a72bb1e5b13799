import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { join } from "node:path";
import { after, test } from "node:test";
import { MAX_BOOTSTRAP_ACTS } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import type { RoleName } from "@countersign/evidence/event";
import type { Id } from "@countersign/evidence/ids";
import { makeApiKey } from "../base/auth.ts";
import { openMetrics } from "../base/metrics.ts";
import { type Command, need } from "../ledger/command.ts";
import type { RowOf } from "../ledger/table.ts";
import { asOperator, createTestTenant, openTestLedger, temporaryDirectory, testClock } from "../ledger/testing.ts";
import { keepDisclosure } from "../payloads/cite.ts";
import { openPayloadFiles } from "../payloads/files.ts";
import { openSealKeys } from "../payloads/seal-keys.ts";
import { openVault } from "../payloads/store.ts";
import { disclosures } from "../payloads/tables.ts";
import { openAuthenticator } from "./authenticate.ts";
import {
  changeAgent,
  enrolApprover,
  type Holder,
  issueCredential,
  listAgents,
  registerAgent,
  sealTenant,
} from "./commands.ts";
import { revokeCredential } from "./credential-life.ts";
import { openPeople } from "./people.ts";
import { parsePublicKey } from "./public-key.ts";
import { credentials, people, peopleByExternalId } from "./tables.ts";

const clock = testClock();
const scratch = temporaryDirectory();
const keys = openSealKeys(join(scratch, "seal"));
const vault = openVault({
  files: openPayloadFiles(join(scratch, "payloads")),
  keys,
  clock,
  metrics: openMetrics(),
});
const ledger = await openTestLedger({ tables: [credentials, people, peopleByExternalId, disclosures], clock });
const directory = openPeople({ ledger, clock, keepDisclosure, seals: { ...vault, lookupHash: keys.lookupHash } });
const authenticate = openAuthenticator(ledger, clock);
await createTestTenant(ledger, "eval", "evaluation");
await createTestTenant(ledger, "prod", "production");
after(() => ledger.close());

const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;
const submit = async <I, A>(command: Parameters<typeof ledger.submit<I, A>>[0], input: I, tenant = "eval") =>
  (await ledger.submit(command, input, asOperator(tenant))).answer;
const events = (tenant: string) => {
  const reader = ledger.reader(tenant)!;
  return Array.from({ length: reader.size }, (_, index) => Buffer.from(reader.entry(index)!.bytes).toString());
};
const issue = async (role: RoleName, holder: Holder, tenant = "eval", expiresMs?: number) => {
  const secret = randomBytes(32);
  const draft = makeApiKey(tenant, `key_${"0".repeat(26)}`, secret);
  const order = { role, holder, secretHash: draft.secretHash, ...(expiresMs === undefined ? {} : { expiresMs }) };
  const { id } = await submit(issueCredential, order, tenant);
  return { id, key: makeApiKey(tenant, id, secret).text };
};
const NOBODYS_ROW = {
  secret_hash: "0".repeat(64),
  role: "admin",
  holder_kind: "service",
  holder_id: "ci",
  expires_ms: null,
  revoked_ms: null,
};
const agent = { id: "a1", ceiling: ["fs.read"], may_execute: false };
const newKey = () =>
  parsePublicKey(generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }).toString());

test("tenants: a credential's row that is put, changed or revived beside the log lets nobody in", async () => {
  const forge: Command<Partial<RowOf<typeof credentials>> & { readonly credential_id: Id<"key"> }, null> = {
    name: "test.forge-credential",
    needs: ({ credential_id }) => ({ rows: [need(credentials, { credential_id })] }),
    run(tx, change) {
      const row = tx.row(credentials, { credential_id: change.credential_id });
      tx.put(credentials, { ...NOBODYS_ROW, ...row, ...change });
      return null;
    },
  };
  const holder = { kind: "service", id: "ci" } as const;
  const secret = randomBytes(32);
  const forged = makeApiKey("eval", `key_${"1".repeat(26)}`, secret);
  const changes = { role: "admin", holder_id: "other", holder_kind: "executor", secret_hash: forged.secretHash };
  for (const [column, value] of Object.entries(changes)) {
    const { id, key } = await issue("auditor", holder);
    await submit(forge, { credential_id: id, [column]: value });
    const asked = column === "secret_hash" ? makeApiKey("eval", id, secret).text : key;
    assert.throws(() => authenticate(asked), refused("unauthenticated"), column);
  }
  const revoked = await issue("auditor", holder);
  await submit(revokeCredential, { id: revoked.id, reason: "LOST" });
  await submit(forge, { credential_id: revoked.id, revoked_ms: null });
  assert.throws(() => authenticate(revoked.key), refused("unauthenticated"));
  const ended = await issue("auditor", holder, "eval", clock.nowMs() - 1);
  await submit(forge, { credential_id: ended.id, expires_ms: null });
  assert.throws(() => authenticate(ended.key), refused("credential-expired"));
  await submit(forge, { credential_id: `key_${"1".repeat(26)}`, secret_hash: forged.secretHash });
  assert.throws(() => authenticate(forged.text), refused("unauthenticated"));
  const honest = await issue("auditor", holder); // control
  await submit(forge, { credential_id: honest.id });
  assert.equal(authenticate(honest.key).role, "auditor");
});

test("tenants: an agent is registered once, again without effect, and not with another ceiling", async () => {
  assert.equal((await submit(registerAgent, agent)).changed, true);
  const size = ledger.reader("eval")!.size;
  assert.equal((await submit(registerAgent, agent)).changed, false);
  assert.equal(ledger.reader("eval")!.size, size);
  const more = { ...agent, ceiling: ["fs.read", "fs.write"] };
  await assert.rejects(submit(registerAgent, more), refused("already-exists"));
  assert.equal((await submit(changeAgent, more)).changed, true);
  await assert.rejects(submit(changeAgent, { ...agent, id: "nobody" }), refused("agent-not-registered"));
  assert.deepEqual(listAgents(ledger.reader("eval")!.control), [{ ...more, retired: false }]);
});

test("tenants: an agent's credential needs a registered agent of this very tenant", async () => {
  await assert.rejects(issue("agent", { kind: "agent", id: "a1" }, "prod"), refused("agent-not-registered"));
  const { key } = await issue("agent", { kind: "agent", id: "a1" });
  assert.deepEqual(
    { ...authenticate(key), credentialId: "" },
    {
      tenant: "eval",
      role: "agent",
      credentialId: "",
      holder: { kind: "agent", id: "a1" },
    },
  );
});

test("tenants: a key is good only as it was issued: not changed, not in another tenant, not expired, not revoked", async () => {
  const { id, key } = await issue("executor", { kind: "executor", id: "w1" });
  authenticate(key); // control
  assert.throws(() => authenticate(makeApiKey("eval", id, randomBytes(32)).text), refused("unauthenticated"));
  const [, , , secret] = key.split("_");
  assert.throws(
    () => authenticate(makeApiKey("prod", id, Buffer.from(secret!, "hex")).text),
    refused("unauthenticated"),
  );
  for (const text of ["", "csk_x", "Bearer", key.toUpperCase()])
    assert.throws(() => authenticate(text), refused("unauthenticated"));

  const short = await issue("auditor", { kind: "service", id: "erin" }, "eval", clock.nowMs() + 1000);
  authenticate(short.key);
  clock.advance(1000);
  assert.throws(() => authenticate(short.key), refused("credential-expired"));

  assert.notEqual((await submit(revokeCredential, { id, reason: "LEFT" })).event, null);
  assert.throws(() => authenticate(key), refused("credential-expired"));
  assert.equal((await submit(revokeCredential, { id, reason: "LEFT" })).event, null);
  const unknown = "key_01jd0000000000000000000000" as Id<"key">; // of the right form, and nobody's
  await assert.rejects(submit(revokeCredential, { id: unknown, reason: "LEFT" }), refused("not-found"));
});

test("tenants: no event and no kept answer holds a secret", async () => {
  const { key } = await issue("operator", { kind: "service", id: "op" });
  const secret = key.split("_")[3]!;
  assert.equal(
    events("eval").some((text) => text.includes(secret)),
    false,
  );
  assert.ok(events("eval").some((text) => text.includes("credential.issued"))); // control: the event is there
});

test("tenants: a person has one alias a tenant, another in the next, and their name is nowhere in the clear", async () => {
  const by = asOperator("eval");
  const aliases = await Promise.all(Array.from({ length: 10 }, () => directory.aliasOf("dana@example.com", by)));
  assert.equal(new Set(aliases).size, 1);
  const [alias] = aliases;
  assert.equal(await directory.aliasOf("dana@example.com", by), alias);
  assert.equal(await directory.aliasOf(alias!, by), alias);
  assert.notEqual(await directory.aliasOf("dana@example.com", asOperator("prod")), alias);
  assert.equal(directory.externalIdOf("eval", alias!), "dana@example.com");
  assert.equal(directory.knownAlias("eval", "erin"), undefined);
  assert.equal(events("eval").filter((text) => text.includes("person.added")).length, 1);
  assert.equal(
    events("eval").some((text) => text.includes("dana")),
    false,
  );
  await assert.rejects(directory.aliasOf("usr_01jd0000000000000000000000", by), refused("not-found"));
  await assert.rejects(directory.aliasOf("a\u202eb", by), refused("validation-failed"));
});

test("tenants: when a person's key is destroyed, nothing says who the alias was", async () => {
  const alias = await directory.aliasOf("user:frank", asOperator("eval"));
  assert.equal(directory.externalIdOf("eval", alias), "user:frank"); // control
  keys.destroy("eval", alias);
  assert.equal(directory.externalIdOf("eval", alias), undefined);
});

test("tenants: enrolling an approver grants the roles and the key once; another's key is refused", async () => {
  const person = await directory.aliasOf("grace", asOperator("eval"));
  const other = await directory.aliasOf("heidi", asOperator("eval"));
  const key = newKey();
  const order = { person, roles: ["oncall_sre"], key };
  assert.deepEqual(await submit(enrolApprover, order), { kid: key.kid, granted: ["oncall_sre"], enrolled: true });
  assert.deepEqual(await submit(enrolApprover, order), { kid: key.kid, granted: [], enrolled: false });
  await assert.rejects(submit(enrolApprover, { ...order, person: other }), refused("already-exists"));
});

test("tenants: a production tenant lets one person enrol five keys, counts them, and none after it is sealed", async () => {
  const by = asOperator("prod");
  const person = await directory.aliasOf("ivan", by);
  const enrol = () => submit(enrolApprover, { person, roles: [], key: newKey() }, "prod");
  for (let n = 0; n < MAX_BOOTSTRAP_ACTS - 1; n++) await enrol();
  assert.ok(
    events("prod")
      .filter((text) => text.includes('"approver.key.enrolled"'))
      .every((text) => text.includes('"bootstrap":true')),
  );
  await submit(sealTenant, undefined, "prod");
  await assert.rejects(enrol(), refused("second-person-required"));
  const approvedBy = await directory.aliasOf("judy", by);
  await submit(enrolApprover, { person, roles: [], key: newKey(), approvedBy }, "prod"); // control: two people may
  await assert.rejects(
    submit(enrolApprover, { person, roles: [], key: newKey(), approvedBy: person }, "prod"),
    refused("step-not-allowed"),
  );
});

test("tenants: a sixth lone enrolment is refused before it is one too many", async () => {
  await createTestTenant(ledger, "prod-2", "production");
  const person = await directory.aliasOf("ken", asOperator("prod-2"));
  for (let n = 0; n < MAX_BOOTSTRAP_ACTS; n++)
    await submit(enrolApprover, { person, roles: [], key: newKey() }, "prod-2");
  await assert.rejects(
    submit(enrolApprover, { person, roles: [], key: newKey() }, "prod-2"),
    refused("second-person-required"),
  );
});
