/**
 * The gate for tests: runs, dispatch and approvals wired as app.ts wires them, on a real ledger, a real payload store and
 * the real policy engine in its thread. Nothing is mocked; only the clock is ours.
 */
import assert from "node:assert/strict";
import { generateKeyPairSync, hash, type KeyObject, randomBytes, sign } from "node:crypto";
import { join } from "node:path";
import { formatBase64Url } from "@countersign/evidence/base64";
import { approverKeyOf } from "@countersign/evidence/control";
import type { Event, RoleName } from "@countersign/evidence/event";
import type { Fault } from "@countersign/evidence/fault";
import { LogFold } from "@countersign/evidence/fold";
import { utf8 } from "@countersign/evidence/hash";
import { formatId, type Id } from "@countersign/evidence/ids";
import { parseVerifierKey } from "@countersign/evidence/note";
import { openPackFolder } from "@countersign/evidence/pack-folder.node";
import type { Bundle } from "@countersign/evidence/policy";
import type { AssuranceName, Report } from "@countersign/evidence/report-schema";
import { parseStrict } from "@countersign/evidence/strict-json";
import { verify } from "@countersign/evidence/verify";
import { voteSigningBytes } from "@countersign/evidence/vote-signature";
import type { AnswerOf, BodyOf, OperationName, ParamsOf, QueryOf } from "@countersign/evidence/wire";
import { bundleOf, seedFiles } from "../../../tools/seed-bundle.ts";
import { approvalTables, openApprovals } from "./approvals/routes.ts";
import { approvalSteps } from "./approvals/steps.ts";
import { silentLog } from "./base/log.ts";
import { openMetrics } from "./base/metrics.ts";
import type { Call, Caller, Handlers, Reply } from "./base/routes.ts";
import { actionBook, actionOf } from "./dispatch/actions.ts";
import { needsOf, withdraw } from "./dispatch/cancel.ts";
import { dispatchTables, openDispatch } from "./dispatch/routes.ts";
import { openArguments } from "./dispatch/start-action.ts";
import { freezeTables, openFreezes } from "./freezes/routes.ts";
import type { Command, Submission } from "./ledger/command.ts";
import { due, openSweeper, type Sweeper } from "./ledger/due.ts";
import type { Table } from "./ledger/table.ts";
import {
  asOperator,
  createTestTenant,
  OPERATOR,
  openTestLedger,
  type TestClock,
  type TestLedger,
  temporaryDirectory,
  testClock,
} from "./ledger/testing.ts";
import { systemTimers } from "./ledger/timers.ts";
import { exportPack } from "./packs/export.ts";
import { packTables } from "./packs/routes.ts";
import { citePayload, keepDisclosure, needPayload, openDisclosure } from "./payloads/cite.ts";
import { openPayloadFiles } from "./payloads/files.ts";
import { openSealKeys, type SealKeys } from "./payloads/seal-keys.ts";
import { openVault, type PayloadVault } from "./payloads/store.ts";
import { disclosures, payloadRefs, payloads } from "./payloads/tables.ts";
import { openEngineHost } from "./policy/engine-host.ts";
import { openPolicyGate, type PolicyGate } from "./policy/gate.ts";
import { runTime } from "./runs/close-run.ts";
import { openRuns, runTables } from "./runs/routes.ts";
import { viewRun } from "./runs/runs.ts";
import { enrolApprover, registerAgent } from "./tenants/commands.ts";
import { openPeople, type People } from "./tenants/people.ts";
import { parsePublicKey } from "./tenants/public-key.ts";
import { peopleByExternalId, people as peopleTable } from "./tenants/tables.ts";

/** Rules of the test policy, over the seed's two tools. */
export const testRules = `
@id("allow-ops") @decision("allow") @reason("TEAM_SCOPE") @obligations("log_args:redacted")
permit (principal is Agent, action in [Action::"read", Action::"write"], resource is Target);

@id("approval-prod-write") @decision("require_approval") @reason("PROD_WRITE") @severity("high")
@approvers("role:oncall_sre") @quorum("1") @ttl("PT30M") @separation("requester,on_behalf_of,agent_owner")
forbid (principal is Agent, action in Action::"write", resource is Target)
when { resource.env == "prod" } unless { context.args.dry_run };

@id("approval-large-spend") @decision("require_approval") @reason("AMOUNT_OVER_LIMIT")
@approvers("role:finance") @quorum("2") @ttl("PT4H") @separation("on_behalf_of")
forbid (principal, action in Action::"write", resource) when { context.args.cost_cents > 500000 };

@id("deny-exfil") @decision("deny") @reason("RISK_EXFILTRATION")
forbid (principal, action, resource) when { resource.id == "vpc-exfil" };

@id("deny-overspend") @decision("deny") @reason("RISK_EXFILTRATION")
forbid (principal, action in Action::"write", resource)
when { context.history.cents > 100000000 };
`;

/** Tests of a bundle with the test policy. */
export const policyTests = JSON.stringify([
  {
    name: "a change in prod waits",
    request: { tool: "terraform", args: { vpc: "vpc-1", environment: "prod" } },
    expect: { decision: "REQUIRE_APPROVAL", matched_rules: ["approval-prod-write"] },
  },
]);

/** A bundle of the test policy; another `note` is another digest that decides the same. */
export function testBundle(rules: string = testRules, note = ""): Bundle {
  return bundleOf(seedFiles({ "policies/main.cedar": `// ${note}\n${rules}`, "tests/seed.json": policyTests }));
}

/** A person with an approver's key. */
export type Voter = {
  readonly alias: Id<"usr">;
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly caller: Caller;
};

export type Gate = {
  readonly clock: TestClock;
  ledger: TestLedger;
  readonly vault: PayloadVault;
  /** Waits until every small payload has left the intake for its own file. */
  settlePayloads(): Promise<void>;
  readonly policy: PolicyGate;
  readonly sweeper: Sweeper;
  readonly people: People;
  /** What stands beside the gate seals and looks up with. */
  readonly seals: PayloadVault & Pick<SealKeys, "lookupHash">;
  readonly handlers: ReturnType<typeof wire>["handlers"];
  readonly tenant: string;
  readonly agent: Caller;
  readonly executor: Caller;
  readonly auditor: Caller;
  call<N extends Names>(name: N, caller: Caller, request?: Request<N>): Promise<AnswerOf<N>>;
  publish(bundle: Bundle): Promise<void>;
  submit<I, A>(command: Command<I, A>, input: I): Promise<A>;
  append(type: string, event: object): Promise<void>;
  /** @param approvedBy who confirms the enrolment; a production tenant takes few without */
  voter(externalId: string, roles: readonly string[], approvedBy?: Id<"usr">): Promise<Voter>;
  /** Prepares, signs and casts one vote. */
  vote(
    voter: Voter,
    approvalId: string,
    answer?: "approve" | "reject" | "abstain",
    change?: Partial<BodyOf<"prepareVote">>,
  ): Promise<AnswerOf<"castVote">>;
  events(): Event[];
  typesOf(actionId: string): string[];
  /** Everything the log says against itself, folded anew from its entries. */
  faults(): Fault[];
  /** A gate of the same tenant after a restart: everything reopened, nothing kept in memory. */
  restart(): Promise<Gate>;
  close(): Promise<void>;
};

type Names = keyof ReturnType<typeof wire>["handlers"];

export type Request<N extends OperationName> = {
  readonly params?: ParamsOf<N>;
  readonly query?: QueryOf<N>;
  readonly body?: BodyOf<N>;
  /** The exact body, where its bytes matter. */
  readonly text?: string;
  readonly key?: string;
  readonly signal?: AbortSignal;
};

export type GateOptions = {
  readonly kind?: "evaluation" | "production";
  readonly tenant?: string;
  readonly mayExecute?: boolean;
  readonly ceiling?: string[];
  readonly bundle?: Bundle | null;
  readonly owner?: Id<"usr">;
  /** Another clock, and tables of modules that stand beside the gate. */
  readonly clock?: TestClock;
  readonly tables?: readonly Table[];
  /** Hears of every new approval request, as the notifications do. */
  readonly announce?: Announce;
  /** Hears of every use of break-glass. */
  readonly alarm?: Alarm;
};

type Announce = Parameters<typeof approvalSteps>[1];
type Alarm = Parameters<typeof approvalSteps>[2];
type Hearing = { readonly announce?: Announce; readonly alarm?: Alarm };

/** Opens a gate with one tenant, one agent and one policy. */
export async function openGate(options: GateOptions = {}): Promise<Gate> {
  const { clock = testClock() } = options;
  const scratch = temporaryDirectory();
  const ledger = await openTestLedger({
    tables: [...allTables, ...(options.tables ?? [])],
    clock,
    dataDir: join(scratch, "data"),
    signerDir: join(scratch, "signer"),
  });
  const { tenant = "prod-a", kind = "evaluation", bundle = testBundle() } = options;
  await createTestTenant(ledger, tenant, kind);
  const gate = assemble(ledger, clock, scratch, tenant, [], options);
  const ceiling = options.ceiling ?? ["infra"];
  await gate.submit(registerAgent, { id: "ops-agent", ceiling, may_execute: options.mayExecute ?? false });
  if (bundle !== null) await gate.publish(bundle);
  return gate;
}

/** Every table of the gate and of what it stands on. */
export const allTables = [
  ...[due, payloads, payloadRefs, disclosures, peopleTable, peopleByExternalId],
  ...[...runTables, ...dispatchTables, ...approvalTables, ...freezeTables, ...packTables],
];

function wire(ledger: TestLedger, clock: TestClock, scratch: string, hearing: Hearing) {
  const metrics = openMetrics();
  const keys = openSealKeys(join(scratch, "seal"));
  const files = openPayloadFiles(join(scratch, "payloads"));
  const vault = openVault({ files, keys, clock, metrics });
  // Only the engine's own deadline is generous: the machine that runs the tests may be busy.
  const host = openEngineHost({ deadlineMs: 20_000, clock, timers: systemTimers, metrics, log: silentLog });
  const policy = openPolicyGate({ ledger, host, openPayload: vault.open, log: silentLog });
  const people = openPeople({ ledger, clock, keepDisclosure, seals: { ...vault, lookupHash: keys.lookupHash } });
  const random16 = () => randomBytes(16);
  const steps = approvalSteps(actionBook, hearing.announce, hearing.alarm);
  const dispatchVault = {
    ...vault,
    openDisclosure: openDisclosure.bind(undefined, vault),
    needPayload,
    citePayload,
    keepDisclosure,
  };
  const dispatch = openDispatch({
    ledger,
    vault: dispatchVault,
    policy,
    approvals: steps,
    runTime: { ...runTime, view: viewRun },
    reportUnnamed: metrics.unnamedReport,
    nowMs: clock.nowMs,
    monotonicMs: () => performance.now(),
    random16,
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  const approvals = openApprovals(
    {
      ledger,
      actions: actionBook,
      async openArguments(reader, actionId) {
        const record = actionOf(reader, actionId);
        if (record === undefined) return undefined;
        const { bytes, disclosure } = await openArguments({ vault: dispatchVault }, reader, record);
        return { bytes, salt: disclosure[0] };
      },
      renew: dispatch.renew,
      nowMs: clock.nowMs,
      bundleOf: policy.bundleOf,
      sealDisclosure: vault.sealDisclosure,
      keepDisclosure,
      random16,
    },
    steps,
  );
  const runs = openRuns({
    ledger,
    actions: {
      needs: (action) => needsOf(steps, action),
      withdraw: (tx, action, reason, derived) => withdraw(steps, tx, action, reason, derived),
    },
    aliasFor: (externalId, by) => people.aliasOf(externalId, by),
    sealDisclosure: vault.sealDisclosure,
    keepDisclosure,
    random16,
  });
  const sweeper = openSweeper({
    ledger,
    nowMs: clock.nowMs,
    after: () => () => {}, // tests sweep when they want to
    chores: [...runs.chores, ...dispatch.chores, ...approvals.chores],
    onTrouble: (chore, _tenant, cause) => {
      throw new Error(`${chore} could not be carried out`, { cause });
    },
    everyMs: 1000,
  });
  const freezes = openFreezes({ ledger, knownAlias: people.knownAlias });
  const handlers = { ...runs.handlers, ...dispatch.handlers, ...approvals.handlers, ...freezes.handlers };
  return { handlers, files, vault, policy, people, sweeper, host, keys };
}

function assemble(
  ledger: TestLedger,
  clock: TestClock,
  scratch: string,
  tenant: string,
  held: Bundle[],
  hearing: Hearing,
): Gate {
  const { handlers, files, vault, policy, people, sweeper, host, keys } = wire(ledger, clock, scratch, hearing);
  for (const bundle of held) policy.hold(bundle);
  const caller = (role: RoleName, kind: Caller["holder"]["kind"], id: string): Caller => ({
    tenant,
    role,
    credentialId: formatId("key", hash("sha256", `${role} ${id}`, "buffer").subarray(0, 16).fill(1, 6, 9)),
    holder: { kind, id },
  });
  const submit: Gate["submit"] = async (command, input) =>
    (await ledger.submit(command, input, asOperator(tenant))).answer;

  const gate: Gate = {
    clock,
    ledger,
    vault,
    settlePayloads: files.settle,
    policy,
    sweeper,
    people,
    seals: { ...vault, lookupHash: keys.lookupHash },
    handlers,
    tenant,
    agent: caller("agent", "agent", "ops-agent"),
    executor: caller("executor", "executor", "worker-1"),
    auditor: caller("auditor", "service", "auditor"),
    submit,

    async call(name, by, request = {}) {
      const reply = await (handlers as Pick<Handlers, Names>)[name](callOf(by, request) as Call<never>);
      return (reply as Reply<typeof name>).body;
    },

    async publish(bundle) {
      policy.hold(bundle);
      held.push(bundle);
      const before = ledger.reader(tenant)!.control.policy;
      const revision = `pol_2026_04_01${held.length === 1 ? "" : `_${held.length}`}`;
      await gate.append("policy.published", {
        publish: {
          revision,
          digest: bundle.digest,
          ...(before === null ? {} : { previous: { revision: before.revision, digest: before.digest } }),
          author: "os:1000",
          approved_by: [],
          separation: "waived",
          engine: "cedar/4.13.0",
        },
        ...(ledger.reader(tenant)!.control.tenant?.kind === "production" ? { bootstrap: true } : {}),
      });
    },

    append: (type, event) => submit(appendAny, { type, event }),

    async voter(externalId, roles, approvedBy) {
      const alias = await people.aliasOf(externalId, asOperator(tenant));
      const { publicKey, privateKey } = generateKeyPairSync("ed25519");
      const key = parsePublicKey(publicKey.export({ type: "spki", format: "pem" }).toString());
      const { kid } = await submit(enrolApprover, {
        person: alias,
        roles,
        key,
        ...(approvedBy === undefined ? {} : { approvedBy }),
      });
      return { alias, kid, privateKey, caller: caller("approver", "person", alias) };
    },

    async vote(voter, approvalId, answer = "approve", change = {}) {
      const { rendering_digest } = await gate.call("getApproval", voter.caller, {
        params: { approval_id: approvalId },
      });
      const reason_code = answer === "reject" ? "RISK_TOO_HIGH" : "CHANGE_REVIEWED";
      const body = { answer, reason_code, kid: voter.kid, rendering_digest, ...change };
      const prepared = await gate.call("prepareVote", voter.caller, { params: { approval_id: approvalId }, body });
      return gate.call("castVote", voter.caller, {
        params: { approval_id: approvalId, vote_id: prepared.vote_id },
        body: { signature: signDigest(voter.privateKey, prepared.digest), method: "ed25519" },
      });
    },

    events() {
      const reader = ledger.reader(tenant)!;
      return Array.from(
        { length: reader.size },
        (_, index) => JSON.parse(Buffer.from(reader.entry(index)!.bytes).toString()) as Event,
      );
    },

    typesOf: (actionId) =>
      gate.events().flatMap((event) => ("action_id" in event && event.action_id === actionId ? [event.type] : [])),

    faults() {
      const fold = new LogFold();
      return [...gate.events().flatMap((event) => fold.step(event)), ...fold.finish()];
    },

    async restart() {
      await sweeper.close();
      await host.close();
      keys.close();
      return assemble(await ledger.reopen(), clock, scratch, tenant, held, hearing);
    },

    async close() {
      await sweeper.close();
      await host.close();
      await ledger.close();
      keys.close();
    },
  };
  return gate;
}

/** Signs a vote's digest as `countersign approve` does. */
export function signDigest(privateKey: KeyObject, digest: string): string {
  return formatBase64Url(sign(null, voteSigningBytes(digest), privateKey));
}

let calls = 0;

function callOf<N extends OperationName>(caller: Caller, request: Request<N>): Call<N> {
  const text = request.text ?? (request.body === undefined ? "" : JSON.stringify(request.body));
  const bytes = utf8(text);
  const isJson = text.startsWith("{") && !text.includes("\n");
  const document = isJson ? parseStrict(bytes, "payload") : undefined;
  calls++;
  const { kind, id } = caller.holder;
  const submission: Submission = {
    tenant: caller.tenant,
    // No credential of these callers was issued, so none is named.
    actor: { type: kind === "service" ? "operator" : kind, id },
    idempotency: { scope: caller.credentialId, key: request.key ?? `call-${calls}`, bodyHash: hash("sha256", bytes) },
  };
  // What http.ts hands over after its checks; the tests that send odd bodies go through its parser themselves.
  return {
    params: request.params,
    query: request.query ?? {},
    body: document?.value,
    bytes,
    raw: (pointer: string) => document?.slice(pointer),
    caller,
    submission,
    signal: request.signal ?? new AbortController().signal,
  } as unknown as Call<N>;
}

/** Any event, as other modules would append it. */
const appendAny: Command<{ readonly type: string; readonly event: object }, void> = {
  name: "test.append",
  needs: () => ({}),
  run(tx, { type, event }) {
    tx.append(type as "freeze.placed", event as never); // the ledger checks its shape
  },
};

/** The key a voter is enrolled with, as the log has it. */
export function enrolledKey(gate: Gate, voter: Voter): string {
  const key = approverKeyOf(gate.ledger.reader(gate.tenant)!.control, voter.kid);
  assert(key !== undefined);
  return key.x;
}

/** What an auditor's verifier says of a full pack of the gate's whole log, pinned to the key it was exported with. */
export async function packReport(
  { ledger, vault, policy, tenant }: Gate,
  required: readonly AssuranceName[],
): Promise<Report> {
  const out = join(temporaryDirectory(), "pack");
  const parts = {
    ledger,
    vault: {
      ...vault,
      openDisclosure: openDisclosure.bind(undefined, vault),
      knows: (reader: Parameters<typeof openDisclosure>[1], digest: string) =>
        reader.row(payloads, { digest }) !== undefined,
    },
    policyFiles: async (of: string, digest: string) => (await policy.bundleOf(of, digest))?.files,
  };
  const order = { scope: { kind: "log", from: 0 }, disclosure: "full", purpose: "a test", out } as const;
  // The gate of the tests has the parts of a pack, under its own names.
  const own = parts as unknown as Parameters<typeof exportPack>[0];
  const exported = await exportPack(own, order, { tenant, actor: OPERATOR });
  const pin = parseVerifierKey(exported.vkey);
  assert.ok(pin.ok);
  return verify(openPackFolder(out), { pins: [pin.value], required });
}
