/** Credentials, people and roles that change and end, on a whole server: what somebody could do is over at once. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import { projections, tables } from "../app.ts";
import { fsck } from "../ledger/fsck.ts";
import { DATABASE_FILE } from "../ledger/ledger.ts";
import { openTestApp } from "../testing.ts";

const server = await openTestApp();
after(() => server.close());
await server.tenant("acme");
await server.tenant("prod", { kind: "production" });
const refused = (code: string) => (error: unknown) => error instanceof CountersignError && error.code === code;
const asks = async (key: string) => (await server.send("GET", "/v1/runs", { key })).status;
const types = (tenant: string) => {
  const reader = server.app.ledger.reader(tenant)!;
  return Array.from({ length: reader.size }, (_, index) => {
    const { type } = JSON.parse(Buffer.from(reader.entry(index)!.bytes).toString()) as { type: string };
    return type;
  });
};
const make = async (role: string, id: string, tenant = "acme") => {
  const made = await server.admin("credential.create", { tenant, role, id });
  return { id: String(made.id), key: String(made.key) };
};
const publicKey = () => generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }).toString();

test("rotate: two are live until the old one is revoked, a third is refused, and the new one is the same holder's", async () => {
  const first = await make("auditor", "erin");
  const second = await server.admin("credential.rotate", { tenant: "acme", id: first.id });
  const newKey = String(second.key);
  assert.notEqual(newKey, first.key);
  assert.deepEqual([await asks(first.key), await asks(newKey)], [200, 200]);
  for (const id of [first.id, second.id]) {
    await assert.rejects(server.admin("credential.rotate", { tenant: "acme", id }), refused("already-exists"));
  }
  const since = "2026-03-01T00:00:00.000Z";
  await server.admin("credential.revoke", { tenant: "acme", id: first.id, reason: "LEAKED", compromised_since: since });
  assert.deepEqual([await asks(first.key), await asks(newKey)], [401, 200]);
  await assert.rejects(
    server.admin("credential.rotate", { tenant: "acme", id: first.id }),
    refused("credential-expired"),
  );
  const third = await server.admin("credential.rotate", {
    tenant: "acme",
    id: second.id,
    expires: "2026-04-01T14:10:00.000Z",
  });
  assert.equal(await asks(String(third.key)), 200);
  const all = Object.values(await server.admin("credential.list", { tenant: "acme" })) as Record<string, unknown>[];
  const row = (id: unknown) => all.find((one) => one.id === id)!;
  assert.deepEqual(
    [row(first.id).compromised_since, row(second.id).replaces, row(third.id).replaces, row(third.id).holder],
    [since, first.id, second.id, row(first.id).holder],
  );
  server.clock.advance(11 * 60_000);
  assert.deepEqual([await asks(String(third.key)), await asks(newKey)], [401, 200]);
  assert.equal(types("acme").filter((type) => type === "credential.rotated").length, 2);
});

test("rotate, revoke: what is not there, and times that make no sense", async () => {
  const { id } = await make("auditor", "ted");
  const nobody = `key_${"0".repeat(26)}`;
  await assert.rejects(server.admin("credential.rotate", { tenant: "acme", id: nobody }), refused("not-found"));
  await assert.rejects(server.admin("credential.revoke", { tenant: "acme", id: nobody }), refused("not-found"));
  for (const since of ["yesterday", "2099-01-01T00:00:00.000Z"]) {
    await assert.rejects(
      server.admin("credential.revoke", { tenant: "acme", id, compromised_since: since }),
      refused("usage"),
    );
  }
  await assert.rejects(server.admin("credential.rotate", { tenant: "prod", id }), refused("not-found"));
});

test("person remove: roles, credentials and keys end with the person, and nobody else's", async () => {
  const auditor = await make("auditor", "gus");
  const operator = await make("operator", "gus");
  const other = await make("auditor", "una");
  await server.admin("approver.enroll", { tenant: "acme", id: "gus", roles: ["oncall_sre"], public_key: publicKey() });
  assert.deepEqual([await asks(auditor.key), await asks(operator.key)], [200, 200]);
  const { person, ...ended } = await server.admin("person.remove", { tenant: "acme", id: "gus", reason: "LEFT" });
  assert.deepEqual([ended.credentials, ended.keys], [2, 1]);
  assert.deepEqual([await asks(auditor.key), await asks(operator.key), await asks(other.key)], [401, 401, 200]);
  const people = Object.values(await server.admin("person.list", { tenant: "acme" })) as Record<string, unknown>[];
  const row = people.find((one) => one.alias === person) as { live: boolean; keys: { revoked: boolean }[] };
  assert.deepEqual([row.live, row.keys.map(({ revoked }) => revoked)], [false, [true]]);
  await assert.rejects(server.admin("person.remove", { tenant: "acme", id: "gus" }), refused("not-found"));
});

test("role revoke: the person's credentials of that role end, those of another role go on; grant again does not bring them back", async () => {
  const auditor = await make("auditor", "vic");
  const operator = await make("operator", "vic");
  const revoked = await server.admin("role.revoke", { tenant: "acme", id: "vic", role: "auditor" });
  assert.deepEqual([revoked.changed, revoked.credentials], [true, 1]);
  assert.deepEqual([await asks(auditor.key), await asks(operator.key)], [401, 200]);
  assert.equal((await server.admin("role.revoke", { tenant: "acme", id: "vic", role: "auditor" })).changed, false);
  assert.equal((await server.admin("role.grant", { tenant: "acme", id: "vic", role: "auditor" })).changed, true);
  assert.equal((await server.admin("role.grant", { tenant: "acme", id: "vic", role: "auditor" })).changed, false);
  assert.equal(await asks(auditor.key), 401);
  const approver = { tenant: "acme", id: "vic", approver_role: "oncall_sre" };
  assert.equal((await server.admin("role.grant", approver)).changed, true);
  assert.equal((await server.admin("role.revoke", approver)).changed, true);
  for (const bad of [{ role: "agent" }, { role: "root" }, {}, { role: "admin", approver_role: "x" }]) {
    await assert.rejects(server.admin("role.grant", { tenant: "acme", id: "vic", ...bad }), refused("usage"));
  }
});

test("approver: past the beginning a key needs another person's word, who is trusted themselves", async () => {
  const enroll = (id: string, approvedBy?: string) =>
    server.admin("approver.enroll", {
      tenant: "prod",
      id,
      roles: ["oncall_sre"],
      public_key: publicKey(),
      ...(approvedBy === undefined ? {} : { approved_by: approvedBy }),
    });
  const dana = await enroll("dana");
  await make("auditor", "erin", "prod");
  await server.admin("tenant.seal", { tenant: "prod" });
  await assert.rejects(enroll("kim"), refused("second-person-required"));
  await assert.rejects(enroll("dana", "dana"), refused("second-person-required"));
  await assert.rejects(enroll("kim", "erin"), refused("approver-not-eligible"));
  await assert.rejects(enroll("kim", "nobody"), refused("not-found"));
  assert.equal((await enroll("kim", "dana")).enrolled, true);
  const revoke = { tenant: "prod", id: "dana", kid: dana.kid, reason: "STOLEN" };
  await assert.rejects(server.admin("approver.revoke", { ...revoke, id: "kim" }), refused("not-found"));
  assert.notEqual((await server.admin("approver.revoke", revoke)).event, null);
  assert.equal((await server.admin("approver.revoke", revoke)).event, null);
  await assert.rejects(enroll("lee", "dana"), refused("approver-not-eligible"));
  const approved = types("prod").filter((type) => type === "approver.key.enrolled" || type === "approver.key.revoked");
  assert.deepEqual(approved, ["approver.key.enrolled", "approver.key.enrolled", "approver.key.revoked"]);
});

test("the tables are what the entries say they must be; a row brought back to life is found", async () => {
  const check = async () => {
    const dataDir = join(server.directory, "data");
    // No payload was stored here.
    const report = await fsck(dataDir, { tables, projections, hasPayload: () => true });
    return report.findings.map(({ code }) => code);
  };
  await server.app.close();
  assert.deepEqual(await check(), []);
  const db = new DatabaseSync(join(server.directory, "data", DATABASE_FILE));
  const { name } = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE '%credentials'")
    .get()!;
  db.exec(`UPDATE ${name} SET revoked_ms = NULL WHERE revoked_ms IS NOT NULL`);
  db.close();
  assert.notDeepEqual(await check(), []);
});
