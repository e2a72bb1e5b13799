/** One server with two tenants, a caller of every role in each, and something of everything an operation can name. */
import type { RoleName } from "@countersign/evidence/event";
import { routes } from "@countersign/evidence/generated/wire-shapes";
import type { OperationName } from "@countersign/evidence/wire";
import { openTestApp, starterFiles, type TestAnswer, type TestApp } from "../packages/server/src/testing.ts";

export const roleNames = [
  "agent",
  "executor",
  "approver",
  "auditor",
  "policy-admin",
  "records",
  "operator",
  "admin",
] as const satisfies readonly RoleName[];

export const operationNames = Object.keys(routes) as OperationName[]; // the table's keys are its operations

/** Names of things, by the parameter that takes them. */
export type Named = Readonly<Record<string, string>>;

export type Served = {
  readonly server: TestApp;
  readonly mine: Tenant;
  readonly other: Tenant;
  close(): Promise<void>;
};

export type Tenant = {
  readonly id: string;
  readonly keys: Readonly<Record<RoleName, string>>;
  readonly named: Named;
};

/** A body each operation takes, so that a request gets as far as what it names. */
export const goodBodies: Partial<Record<OperationName, unknown>> = {
  startRun: { capabilities: ["fs.read"] },
  closeRun: { status: "completed" },
  extendRun: { capabilities: ["fs.read"] },
  useExtension: {},
  requestAction: { tool: "read_text_file", args: { path: "/w/a.txt" } },
  startAction: {},
  startAttempt: {},
  reportOutcome: { status: "SUCCEEDED" },
  reportSafety: { checks: [] },
  cancelAction: {},
  prepareVote: {
    answer: "approve",
    reason_code: "CHANGE_REVIEWED",
    kid: "somebody",
    rendering_digest: `sha256:${"0".repeat(64)}`,
  },
  castVote: { signature: "AAAA", method: "ed25519" },
  prepareBreakGlass: {
    incident: "INC-1",
    reason_code: "CHANGE_REVIEWED",
    kid: "k",
    rendering_digest: `sha256:${"0".repeat(64)}`,
  },
  signBreakGlass: { signature: "AAAA", method: "ed25519" },
  reviewBreakGlass: { verdict: "pass" },
  placeFreeze: { kind: "target", subject: "nowhere", incident: "INC-1", reason_code: "DRILL" },
  liftFreeze: { reason_code: "DRILL" },
  revokeApproval: {},
  startShadow: { digest: `sha256:${"0".repeat(64)}` },
  uploadPolicy: { files: {} },
  simulatePolicy: { digest: `sha256:${"0".repeat(64)}` },
  acknowledgeSimulation: { acknowledged: [`sha256:${"0".repeat(64)}`] },
  requestPublication: { digest: `sha256:${"0".repeat(64)}` },
  answerPublication: { answer: "approve" },
};

export async function openServed(): Promise<Served> {
  const server = await openTestApp();
  const mine = await settle(server, "acme");
  const other = await settle(server, "other");
  return { server, mine, other, close: () => server.close() };
}

async function settle(server: TestApp, id: string): Promise<Tenant> {
  await server.tenant(id, { publish: true });
  const agent = { tenant: id, id: "files-agent", ceiling: ["fs.read", "fs.write"], may_execute: true };
  await server.admin("agent.register", agent);
  const keys: Partial<Record<RoleName, string>> = {};
  for (const role of roleNames) keys[role] = await server.key(id, role, holderOf(role));
  const all = keys as Record<RoleName, string>; // every role was visited
  const policy = await policyOf(server, id, all);
  return { id, keys: all, named: { ...policy, ...(await somethingOfEverything(server, all)) } };
}

/** A bundle that no other tenant has, simulated and in force. */
async function policyOf(
  server: TestApp,
  id: string,
  { "policy-admin": key }: Readonly<Record<RoleName, string>>,
): Promise<Named> {
  const post = async (path: string, body: unknown) => {
    const answer = await server.send("POST", `/v1/policy/${path}`, { key, body });
    if (answer.status >= 300) throw new Error(`${path}: ${answer.bytes}`);
    return answer.body;
  };
  const { digest } = await post("bundles", { files: starterFiles({ "CHANGES.md": `Of ${id}.` }) });
  const { simulation_id } = await post("simulations", { digest });
  const { request_id } = await post("publications", { digest });
  return { policy_digest: String(digest), simulation_id: String(simulation_id), request_id: String(request_id) };
}

/** Who holds the credential of a role. */
export function holderOf(role: RoleName): string {
  return role === "agent" ? "files-agent" : role === "executor" ? "worker-1" : `a-${role}`;
}

async function somethingOfEverything(server: TestApp, keys: Readonly<Record<RoleName, string>>): Promise<Named> {
  const post = async (key: string, path: string, body: unknown) => {
    const answer = await server.send("POST", `/v1${path}`, { key, body });
    if (answer.status >= 300) throw new Error(`${path}: ${answer.bytes}`);
    // What the operation answers; the members read below are its own.
    return answer.body as Record<string, Record<string, unknown>>;
  };
  const capabilities = ["fs.read", "fs.write"];
  const { run } = await post(keys.agent, "/runs", { capabilities });
  const act = async (tool: string, args: unknown) => {
    const { action } = await post(keys.agent, `/runs/${run!.run_id}/actions`, { tool, args });
    return action as { action_id: string; approval?: { approval_id: string }; events: { event_id: string }[] };
  };
  const read = await act("read_text_file", { path: "/w/a.txt" });
  const started = await post(keys.agent, `/actions/${read.action_id}/start`, {});
  const waiting = await act("write_file", { path: "/w/prod/a.txt", content: "x" });
  if (waiting.approval === undefined) throw new Error("a write to prod waits for people");
  const freeze = await post(keys.operator, "/freezes", goodBodies.placeFreeze);
  const payload = await server.send("PUT", "/v1/payloads", { key: keys.agent, bytes: Buffer.from("context") });
  return {
    run_id: String(run!.run_id),
    action_id: waiting.action_id,
    approval_id: waiting.approval.approval_id,
    vote_id: "vote_AAAAAAAAAAAAAAAAAAAAAA",
    permit_id: String(started.permit!.permit_id),
    event_id: waiting.events[0]!.event_id,
    freeze_id: String(freeze.freeze_id),
    digest: String(payload.body.digest),
    "*": "0/000",
  };
}

/** The path of an operation with its parameters filled in. */
export function pathOf(name: OperationName, named: Named): string {
  return `/v1${routes[name].path}`.replace(/:([a-z_]+)|\*/g, (whole, member?: string) => named[member ?? whole]!);
}

/** Sends one operation, with a good body of its kind unless another is given. */
export function ask(
  { server }: Pick<Served, "server">,
  name: OperationName,
  named: Named,
  { key, body = goodBodies[name] }: { readonly key?: string; readonly body?: unknown },
): Promise<TestAnswer> {
  const { method, body: takes } = routes[name];
  const bytes = takes === "bytes" ? Buffer.from("bytes") : takes === "ndjson" ? Buffer.from("{}\n") : undefined;
  const type = takes === "ndjson" ? { "content-type": "application/x-ndjson" } : {};
  return server.send(method, pathOf(name, named), {
    ...(key === undefined ? {} : { key }),
    ...(takes === "json" ? { body: body ?? {} } : bytes === undefined ? {} : { bytes, headers: type }),
  });
}
