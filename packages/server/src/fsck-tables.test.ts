/**
 * Every table there is, one row deleted, each column of one edited, one row added: fsck names it. A table that no story
 * fills fails, and so does a change that goes unnoticed, unless it stands below with the reason why it changes no answer
 * that the log does not give again, or why nothing can tell.
 */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { test } from "node:test";
import { projections, tables } from "./app.ts";
import { placeFreeze } from "./freezes/commands.ts";
import { allTables, openGate, testBundle } from "./gate-testing.ts";
import { type FsckOptions, fsck } from "./ledger/fsck.ts";
import { DATABASE_FILE } from "./ledger/ledger.ts";
import type { Table } from "./ledger/table.ts";
import { asOperator, temporaryDirectory } from "./ledger/testing.ts";
import { openPayloadFiles } from "./payloads/files.ts";
import { openSealKeys } from "./payloads/seal-keys.ts";
import { sealOpener } from "./payloads/store.ts";
import { disclosures, payloads } from "./payloads/tables.ts";
import { signInTables } from "./people/tables.ts";
import { openPeopleTest, TENANT } from "./people-testing.ts";
import { sealTenant } from "./tenants/commands.ts";
import { credentials, peopleByExternalId, people as peopleTable } from "./tenants/tables.ts";
import { openTestApp } from "./testing.ts";

/** Tables no entry tells of, and why that is no way around the log. */
const NOT_DERIVED: Readonly<Record<string, string>> = {
  break_glass_drafts:
    "A text nobody signed. What is signed is held against the log when it is used, and by the verifier.",
  break_glass_signed:
    "The first of two signatures: it is checked again in the event, and one without it opens nothing.",
  break_glass_reviews:
    "Not derived yet: a deleted row hides a review that is due; breakglass.used still says until when.",
  policy_shadows: "Counts of a candidate that decides nothing; that it ran, and from when to when, is in the log.",
  shadow_differences:
    "What a candidate would have decided otherwise: made again from the recorded decisions at any time.",
  notifications: "What was sent to whom. A lost message is asked for again by looking; it gives nobody a vote.",
  spent_challenges: "A challenge answered twice within its five minutes needs the same authenticator's answer again.",
  vote_drafts:
    "A text nobody signed. What is signed is held against the request when it is cast, and again by the verifier.",
};

/** They take hundreds of entries or keys to fill; ledger/fsck.test.ts has what is done to them. */
const ELSEWHERE: ReadonlySet<string> = new Set(["nodes", "submission_keys"]);

/** Changes that go unnoticed: `table.column`, `table+` for a row added, `table-` for one deleted. */
const UNNOTICED: Readonly<Record<string, string>> = {
  "due+": "A row of a chore nobody does: nobody looks for it. Strangers of chores that are done are named.",
  "entries.seq": "Where a row lies in the file; no query reads it, and an entry's index is compared.",
  "submissions.answer":
    "Ids it names must be those its events made; other words are what its own caller is told again.",
  "submissions.body_hash":
    "Turns a repeat into a conflict, or other bytes into this one's repeat: nothing is done twice.",
  "submissions.key": "A repeat under the old key is done once more, as an act of its own with its own events.",
  "submissions.scope": "The same.",
  "submissions.tenant": "The same.",
  "payloads.size_bytes": "Shown in answers; the bytes have their digest.",
  "payloads.media_type": "Shown in answers; the bytes have their digest.",
  "payloads.classification": "Shown in answers; whether bytes are sealed they say themselves.",
  "payloads.artifact_id": "A look-up across runs; artifact.recorded has it for artifacts.",
  "payloads.uploaded_by": "Whose upload it was; what cites it is in the log.",
  "payloads.put_ms": "Shown in answers.",
  "passkeys.transports": "Hints for the browser.",
  "passkeys.counter": "Recorded, never trusted.",
  "passkeys.backed_up": "Shown to the person.",
  "sessions.seen_ms": "Shown to the person; only a session's end counts.",
  "sessions.ends_ms": "Its idle end: never later than the expiry the log has.",
};

type Story = { readonly dataDir: string; readonly options: FsckOptions };

const optionsOf = (own: readonly Table[], more: Partial<FsckOptions>): FsckOptions => {
  const names = new Set(own.map(({ name }) => name));
  return { tables: own, projections: projections.filter(({ table }) => names.has(table.name)), ...more };
};

/** The server itself: people, keys, a policy, a run, a payload, an export, a word on a freeze. */
async function serverStory(): Promise<Story> {
  const server = await openTestApp();
  const { admin, send } = server;
  await server.tenant("acme", { publish: true });
  await admin("agent.register", {
    tenant: "acme",
    id: "files-agent",
    ceiling: ["fs.read", "fs.write"],
    may_execute: true,
  });
  const agent = await server.key("acme", "agent", "files-agent");
  await server.key("acme", "auditor", "erin");
  await send("PUT", "/v1/payloads", { key: agent, bytes: Buffer.from("a context") });
  const run = await send("POST", "/v1/runs", {
    key: agent,
    body: { capabilities: ["fs.read", "fs.write"], intent: "look" },
  });
  const { run_id: runId } = run.body.run as { run_id: string };
  for (const tool of ["read_text_file", "list_directory"]) {
    await send("POST", `/v1/runs/${runId}/actions`, {
      key: agent,
      body: { tool, args: { path: "/tmp/a" }, start: true },
    });
  }
  await admin("pack.export", { tenant: "acme", all: true, out: join(temporaryDirectory(), "pack") });
  await admin("person.link", { person: "dana", tenant: "acme", roles: ["operator"] });
  await admin("person.identity", { person: "dana", tenant: "acme", issuer: "https://idp.example", subject: "d-1" });
  await server.tenant("prod", { kind: "production" });
  await admin("person.link", { person: "kim", tenant: "prod", roles: ["operator"] });
  const order = { kind: "tenant", incident: "INC-1", reasonCode: "TEST" } as const;
  const { answer } = await server.app.ledger.submit(placeFreeze, order, asOperator("prod"));
  await admin("freeze.lift", { tenant: "prod", id: answer.freeze_id, people: ["kim"] });
  await server.close();
  const files = openPayloadFiles(join(server.directory, "data", "payloads"), { purpose: "look" });
  const keys = openSealKeys(join(server.directory, "seal"));
  const sources = { payload: files.sound, openSealed: sealOpener(keys), lookupHash: keys.lookupHash };
  return {
    dataDir: join(server.directory, "data"),
    options: optionsOf(tables, { sources, hasPayload: files.isSound }),
  };
}

/** An approval that was asked for, voted on and used. */
async function gateStory(): Promise<Story> {
  const gate = await openGate({ tenant: "gated", bundle: testBundle() });
  const kim = await gate.voter("kim", ["oncall_sre"]);
  const { run } = await gate.call("startRun", gate.agent, { body: { capabilities: ["infra"] } });
  const args = { vpc: "vpc-1", environment: "prod" };
  for (const uses of [true, false]) {
    const { action } = await gate.call("requestAction", gate.agent, {
      params: { run_id: run.run_id },
      body: { tool: "terraform", args },
    });
    if (!uses) continue;
    await gate.vote(kim, action.approval!.approval_id);
    await gate.call("startAction", gate.executor, { params: { action_id: action.action_id }, body: {} });
  }
  const { dataDir } = gate.ledger;
  await gate.close();
  const options = optionsOf(allTables, {});
  // Those of payloads look at a policy's files, a table these tests do without; the server's story has both.
  return {
    dataDir,
    options: { ...options, projections: options.projections.filter(({ table }) => table !== payloads) },
  };
}

/** People who signed in, and one whose passkey waits. */
async function peopleStory(): Promise<Story> {
  const people = await openPeopleTest({ kind: "production" });
  await people.person("dana", ["admin"]);
  await people.person("erin", ["approver"]);
  await people.ledger.submit(sealTenant, undefined, asOperator(TENANT));
  const { url } = await people.admin("person.link", { person: "heidi", roles: ["admin"] });
  await people.browser().setUp(String(url));
  await people.admin("person.link", { person: "frank", roles: ["auditor"] });
  const own = [credentials, peopleTable, peopleByExternalId, disclosures, ...signInTables];
  const dataDir = people.ledger.dataDir;
  await people.close();
  return { dataDir, options: optionsOf(own, {}) };
}

const stories = await Promise.all([serverStory(), gateStory(), peopleStory()]);
const scratch = temporaryDirectory();

type Change = { readonly name: string; readonly table: string; readonly sql: readonly string[] };

/** Names of the tables of a database, the modules' without their prefix. */
function tablesIn(dataDir: string): Map<string, string> {
  const database = new DatabaseSync(join(dataDir, DATABASE_FILE), { readOnly: true });
  const rows = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all();
  database.close();
  return new Map(rows.map(({ name }) => [String(name).replace(/^m_/, ""), String(name)]));
}

/** One row deleted, each column of one edited, one row added; nothing for a table without rows. */
function changesTo(dataDir: string, name: string, stored: string): Change[] {
  const database = new DatabaseSync(join(dataDir, DATABASE_FILE), { readOnly: true });
  try {
    const columns = database.prepare(`PRAGMA table_info(${stored})`).all();
    const sample = database.prepare(`SELECT * FROM ${stored} LIMIT 1`).get();
    if (sample === undefined) return [];
    const keys = columns.filter(({ pk }) => Number(pk) > 0).map((column) => String(column.name));
    const named = columns.map((column) => String(column.name));
    // The very row: a sub-query for each column could take each from another.
    const first = named.map((column) => `${column} IS ${literal(sample[column] ?? null)}`).join(" AND ");
    const other = (column: string): string => {
      const value = sample[column];
      if (typeof value === "number") return `${column} + 1000003`;
      if (value instanceof Uint8Array)
        return `CAST(substr(${column}, 1, length(${column}) - 1) || X'${value.at(-1) === 7 ? "08" : "07"}' AS BLOB)`;
      if (value === null) return String(columns.find((one) => one.name === column)?.type) === "INTEGER" ? "1" : "'x'";
      const text = String(value);
      return /^[[{"]/.test(text) ? `'["other"]'` : `${column} || 'x'`;
    };
    const edits = named.map((column): Change => {
      return {
        name: `${name}.${column}`,
        table: name,
        sql: [`UPDATE ${stored} SET ${column} = ${other(column)} WHERE ${first}`],
      };
    });
    const added = named.map((column) => (keys.includes(column) && column !== "tenant" ? other(column) : column));
    // A table without a key of its own has a unique index over its id.
    for (const [i, column] of named.entries()) {
      if (keys.length === 0 && column.endsWith("_id")) added[i] = other(column);
    }
    return [
      { name: `${name}-`, table: name, sql: [`DELETE FROM ${stored} WHERE ${first}`] },
      {
        name: `${name}+`,
        table: name,
        sql: [`INSERT INTO ${stored} SELECT ${added.join(", ")} FROM ${stored} LIMIT 1`],
      },
      ...edits,
    ];
  } finally {
    database.close();
  }
}

function literal(value: SQLOutputValue): string {
  if (value instanceof Uint8Array) return `X'${Buffer.from(value).toString("hex")}'`;
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value ?? "NULL");
}

/** Everything fsck says of a copy that was changed past the fence, beyond what it said of the story itself. */
async function found(story: Story, known: ReadonlySet<string>, change: Change | undefined): Promise<string[]> {
  const copy = join(scratch, "copy");
  // With what an earlier change's connection left beside the file: its WAL must not be read into this copy.
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy);
  const path = join(copy, DATABASE_FILE);
  copyFileSync(join(story.dataDir, DATABASE_FILE), path);
  if (change !== undefined) {
    const database = new DatabaseSync(path);
    try {
      const triggers = database.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all();
      for (const { name } of triggers) database.exec(`DROP TRIGGER ${name}`);
      for (const sql of change.sql) database.exec(sql);
      for (const { sql } of triggers) database.exec(String(sql));
    } finally {
      database.close();
    }
  }
  const { findings } = await fsck(copy, story.options);
  return findings.map((one) => JSON.stringify(one)).filter((one) => !known.has(one));
}

test("fsck: every table is filled by a story, or stands among those nothing tells of", () => {
  const filled = new Set<string>();
  for (const { dataDir } of stories) {
    for (const [name, stored] of tablesIn(dataDir)) if (changesTo(dataDir, name, stored).length > 0) filled.add(name);
  }
  const wanted = [...tables.map(({ name }) => name), ...tablesIn(stories[0]!.dataDir).keys()];
  const missing = [...new Set(wanted)].filter((name) => !filled.has(name) && NOT_DERIVED[name] === undefined);
  assert.deepEqual(
    missing.filter((name) => !ELSEWHERE.has(name)),
    [],
  );
  const derived = new Set(projections.map(({ table }) => table.name));
  assert.deepEqual(
    tables
      .map(({ name }) => name)
      .filter((name) => !derived.has(name))
      .sort(),
    Object.keys(NOT_DERIVED).sort(),
  );
});

test("fsck: each row deleted, column edited and row added is named, but for those that change no answer", async () => {
  const unnoticed = new Set<string>();
  const named = new Set<string>();
  for (const story of stories) {
    const known = new Set(await found(story, new Set(), undefined));
    // Tests of the gate put a bundle in force without its files; nothing else may differ.
    const others = [...known].filter((one) => !one.includes(testBundle().digest));
    assert.deepEqual(others, [], "the control: nothing is found in what was not changed");
    for (const [name, stored] of tablesIn(story.dataDir)) {
      if (NOT_DERIVED[name] !== undefined) continue;
      for (const change of changesTo(story.dataDir, name, stored)) {
        if (named.has(change.name)) continue;
        let findings: string[];
        try {
          findings = await found(story, known, change);
        } catch (refused) {
          // The schema itself does not let such a row in.
          if ((refused as { errstr?: string }).errstr !== "constraint failed") throw refused; // what node:sqlite throws
          findings = ["refused"];
        }
        if (findings.length > 0) named.add(change.name);
        else unnoticed.add(change.name);
      }
    }
  }
  for (const name of named) unnoticed.delete(name);
  assert.deepEqual([...unnoticed].sort(), Object.keys(UNNOTICED).sort());
});
