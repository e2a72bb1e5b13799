/**
 * What was asked, approved and started is one thing: each bound member, changed anywhere between request, approval and
 * start, is refused by its own fault. The step that refuses is the ledger's own and the verifier's, so nothing that is
 * refused here can be placed in a log or pass an audit. gate-mutations.test.ts sends a sample through the whole gate.
 *
 * MUTATIONS= changes per bound group (5,000 in `npm run test:full`); SEED= replays.
 */
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { before, test } from "node:test";
import {
  type ApprovalRequest,
  formatApprovalRequest,
  formatVote,
  parseApprovalRequest,
  parseVote,
  textDigest,
} from "@countersign/evidence/approval";
import type { ControlState } from "@countersign/evidence/control";
import { verifyEd25519 } from "@countersign/evidence/ed25519";
import type { ActionBlock, EventOf, PolicySummary, RunEvent } from "@countersign/evidence/event";
import type { Fault } from "@countersign/evidence/fault";
import { LogFold } from "@countersign/evidence/fold";
import {
  formatPermit,
  formatPermitSigningInput,
  type PermitClaims,
  permitClaims,
  permitFault,
} from "@countersign/evidence/permit";
import { type RunState, stepRun } from "@countersign/evidence/run";
import fc from "fast-check";
import { openGate } from "./gate-testing.ts";

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const count = Number(process.env.MUTATIONS ?? 200);

const GROUPS = ["arguments", "tool", "target", "policy", "tenant", "nonce", "expiry", "obligations"] as const;
type Group = (typeof GROUPS)[number];

/** One event of a lawful story, and all that stood before it. */
type Place<E> = { readonly event: E; readonly run: RunState | undefined; readonly control: ControlState };
type Story = {
  readonly requested: Place<EventOf<"approval.requested">>;
  readonly voted: Place<EventOf<"approval.voted">>;
  readonly permitted: Place<EventOf<"dispatch.permitted">>;
  readonly started: Place<EventOf<"dispatch.started">>;
};
/** A change of one member: what it was, what it is made, and what a gate finds of either. */
type Change = {
  readonly what: string;
  readonly code: string;
  /** What the fault's sentence must say, so that it is this member that was found and no other. */
  readonly says: RegExp;
  judge(changed: boolean): readonly Fault[];
};

let story: Story;
before(async () => {
  console.log(`SEED=${seed} MUTATIONS=${count}`);
  const gate = await openGate();
  try {
    const dana = await gate.voter("dana", ["oncall_sre"]);
    const { run } = await gate.call("startRun", gate.agent, { body: { capabilities: ["infra"] } });
    const args = { vpc: "vpc-1", environment: "prod", cost: 12.5 };
    const { action } = await gate.call("requestAction", gate.agent, {
      params: { run_id: run.run_id },
      body: { tool: "terraform", args, max_attempts: 2 },
    });
    await gate.vote(dana, action.approval!.approval_id!);
    await gate.call("startAction", gate.executor, { params: { action_id: action.action_id }, body: {} });
    assert.deepEqual(gate.faults(), []);
    const fold = new LogFold();
    const places = new Map<string, Place<RunEvent>>();
    for (const event of gate.events()) {
      const run = "run_id" in event && event.run_id !== undefined ? fold.runs.get(event.run_id) : undefined;
      places.set(event.type, { event: event as RunEvent, run, control: fold.control });
      fold.step(event);
    }
    const at = (type: string) => {
      const place = places.get(type);
      assert.ok(place !== undefined, `the story has ${type}`);
      return place;
    };
    // Each place holds the event of the type it was looked up by.
    story = {
      requested: at("approval.requested") as Story["requested"],
      voted: at("approval.voted") as Story["voted"],
      permitted: at("dispatch.permitted") as Story["permitted"],
      started: at("dispatch.started") as Story["started"],
    };
  } finally {
    await gate.close();
  }
});

const word = fc.stringMatching(/^[a-z][a-z0-9]{2,12}$/);
const hexDigest = fc.stringMatching(/^[0-9a-f]{64}$/);
const digest = hexDigest.map((hex) => `sha256:${hex}`);
const commitment = fc.stringMatching(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/);
const snapshot = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
  .map(([m, d]) => `pol_2025_${String(m).padStart(2, "0")}_${String(d).padStart(2, "0")}`);
/** A time this much before or after. */
const shifted = (at: string, ms: number) => new Date(Date.parse(at) + ms).toISOString();
const ms = fc.integer({ min: 1, max: 10 ** 9 });
/** Something added to a list of texts, taken from it, or changed in it. */
const otherList = (list: readonly string[]): fc.Arbitrary<readonly string[]> =>
  fc.oneof(
    word.map((one) => [...list, one]),
    word.map((one) => [one, ...list]),
    ...(list.length === 0 ? [] : [fc.constant(list.slice(1)), word.map((one) => [one, ...list.slice(1)])]),
  );

/** A change of one member: `lawful` is what it is, `value` what it may become, `judge` what is found of either. */
function change<V>(
  what: string,
  [code, says]: readonly [string, RegExp],
  lawful: V,
  value: fc.Arbitrary<V>,
  judge: (value: V) => readonly Fault[],
): fc.Arbitrary<Change> {
  const same = JSON.stringify(lawful);
  return value
    .filter((one) => JSON.stringify(one) !== same)
    .map((one) => ({
      what: `${what}: ${JSON.stringify(one)}`,
      code,
      says,
      judge: (changed: boolean) => judge(changed ? one : lawful),
    }));
}

const step = ({ run, control }: Place<RunEvent>, event: RunEvent) => stepRun(run, event, control).faults;

/** The request as its text says it, without what every request has. */
function requestOf(): Omit<ApprovalRequest, "ctx" | "v"> {
  const parsed = parseApprovalRequest(story.requested.event.approval_request.text);
  assert.ok(parsed !== undefined);
  const { ctx: _, v: __, ...request } = parsed;
  return request;
}

type Said = EventOf<"approval.requested">["approval_request"];

/** The request event with another text, whose digest fits, and what stands beside it. */
function stepRequest(over: Partial<ApprovalRequest>, beside: Partial<Said> = {}) {
  const { requested } = story;
  const text = formatApprovalRequest({ ...requestOf(), ...over });
  const approval_request = { ...requested.event.approval_request, text, digest: textDigest(text), ...beside };
  return step(requested, { ...requested.event, approval_request });
}

/** The vote event with another text, whose digest fits. */
function stepVote(over: Readonly<Record<string, unknown>>) {
  const { voted } = story;
  const said = parseVote(voted.event.vote.text);
  assert.ok(said !== undefined);
  const { ctx: _, v: __, ...vote } = said;
  const text = formatVote({ ...vote, ...over });
  return step(voted, { ...voted.event, vote: { ...voted.event.vote, text, digest: textDigest(text) } });
}

/** Each member of the request text that the log knows: found at the request by its own name, and at the vote. */
function inRequest<K extends keyof ApprovalRequest>(
  name: K,
  value: fc.Arbitrary<ApprovalRequest[K]>,
): fc.Arbitrary<Change>[] {
  const lawful = (requestOf() as ApprovalRequest)[name];
  const named = ["approval-binding-differs", new RegExp(`^the request's ${name} is not the recorded one$`)] as const;
  return [
    change(`request ${name}`, named, lawful, value, (one) => stepRequest({ [name]: one })),
    ...inVote(name, value),
  ];
}

/** A vote that was given for a request which differs in this member only. */
function inVote<K extends keyof ApprovalRequest>(
  name: K,
  value: fc.Arbitrary<ApprovalRequest[K]>,
): fc.Arbitrary<Change>[] {
  const lawful = (requestOf() as ApprovalRequest)[name];
  const named = ["approval-binding-differs", /^the vote's request_digest is not the recorded one$/] as const;
  return [
    change(`vote for ${name}`, named, lawful, value, (one) =>
      stepVote({ request_digest: textDigest(formatApprovalRequest({ ...requestOf(), [name]: one })) }),
    ),
  ];
}

/** Another action block, in each event of the way. */
function inAction(what: string, value: fc.Arbitrary<ActionBlock>): fc.Arbitrary<Change>[] {
  const block = /^the action block is not the requested one$/;
  const { requested, voted, permitted, started } = story;
  const { action } = requested.event;
  const at = <E extends RunEvent>(place: Place<E>, code: string) =>
    change(`${place.event.type} ${what}`, [code, block], action, value, (one) =>
      step(place, { ...place.event, action: one } as E),
    );
  return [
    ...inRequest("action", value),
    at(requested, "approval-binding-differs"),
    at(voted, "approval-binding-differs"),
    at(permitted, "permit-args-differ"),
    at(started, "permit-args-differ"),
  ];
}

/** Another policy block, in each event of the way. */
function inPolicy(value: fc.Arbitrary<Partial<PolicySummary>>): fc.Arbitrary<Change>[] {
  const block = /^the policy block is not that of decision/;
  const { requested, voted, permitted, started } = story;
  const at = <E extends Story[keyof Story]["event"]>(place: Place<E>, code: string) =>
    change(`${place.event.type} policy`, [code, block], {}, value, (one) =>
      step(place, { ...place.event, policy: { ...place.event.policy, ...one } } as E),
    );
  return [
    at(requested, "approval-binding-differs"),
    at(voted, "approval-binding-differs"),
    at(permitted, "dispatch-without-decision"),
    at(started, "dispatch-without-decision"),
  ];
}

function inPermit<K extends keyof EventOf<"dispatch.permitted">["permit"]>(
  name: K,
  named: readonly [string, RegExp],
  value: fc.Arbitrary<EventOf<"dispatch.permitted">["permit"][K]>,
): fc.Arbitrary<Change> {
  const { permitted } = story;
  const { permit } = permitted.event;
  return change(`permit ${name}`, named, permit[name], value, (one) =>
    step(permitted, { ...permitted.event, permit: { ...permit, [name]: one } }),
  );
}

function inStarted<K extends keyof EventOf<"dispatch.started">["started"]>(
  name: K,
  named: readonly [string, RegExp],
  value: fc.Arbitrary<EventOf<"dispatch.started">["started"][K]>,
): fc.Arbitrary<Change> {
  const { event } = story.started;
  return change(`started ${name}`, named, event.started[name], value, (one) =>
    step(story.started, { ...event, started: { ...event.started, [name]: one } }),
  );
}

const tokenKey = generateKeyPairSync("ed25519");
const publicKey = new Uint8Array(Buffer.from(tokenKey.publicKey.export({ format: "jwk" }).x!, "base64url"));

/** The permit's token with another claim, signed with the right key: what the executor knows by itself must find it. */
function inToken<K extends keyof PermitClaims & ("tenant" | "iss")>(name: K): fc.Arbitrary<Change> {
  const claims = permitClaims(story.permitted.event, "0".repeat(64));
  const named = ["permit-args-differ", new RegExp(`^the permit is for another ${name}$`)] as const;
  return change(`token ${name}`, named, claims[name] as string, word, (one) => {
    const input = formatPermitSigningInput({ ...claims, [name]: one }, "kid-1");
    const token = formatPermit(input, sign(null, Buffer.from(input), tokenKey.privateKey));
    const found = permitFault(token, { kid: "kid-1", publicKey }, { [name]: claims[name] }, verifyEd25519);
    return found === undefined ? [] : [found];
  });
}

/** Every way a member of the group may be changed between request, approval and start. */
function changesOf(group: Group): fc.Arbitrary<Change> {
  const { requested, voted, permitted, started } = story;
  const request = requestOf();
  const { action } = requested.event;
  const otherArguments = ["permit-args-differ", /other arguments than those requested$/] as const;
  switch (group) {
    case "arguments":
      return fc.oneof(
        ...inRequest("args_commit", commitment),
        ...inRequest("action_digest", digest),
        ...inRequest("request_leaf", hexDigest),
        inPermit("args_commit", otherArguments, commitment),
        inPermit("action_digest", otherArguments, digest),
        inStarted("args_commit", ["permit-args-differ", /^the arguments differ$/], commitment),
      );
    case "tool":
      return fc.oneof(
        ...inAction(
          "tool",
          word.map((tool) => ({ ...action, tool })),
        ),
        ...inAction(
          "capability",
          word.map((capability) => ({ ...action, capability })),
        ),
        ...inAction(
          "tool version",
          word.map((tool_version) => ({ ...action, tool_version })),
        ),
        ...inRequest("tool_contract", fc.option(digest)),
      );
    case "target":
      return fc.oneof(
        ...["system", "resource", "environment", "version"].flatMap((name) =>
          inAction(
            name,
            word.map((one) => ({ ...action, target: { ...action.target, [name]: one } })),
          ),
        ),
      );
    case "policy":
      return fc.oneof(
        ...inRequest("policy_digest", digest),
        ...inRequest("policy_snapshot", snapshot),
        ...inRequest("gate_digest", digest),
        ...inRequest(
          "decision_id",
          word.map((one) => `dec_${one}`),
        ),
        ...inRequest("matched_rules", otherList(request.matched_rules)),
        ...inRequest("rule_digests", fc.dictionary(word, digest, { maxKeys: 3 })),
        ...inRequest("requirements", otherRequirements(request.requirements)),
        ...inPolicy(
          fc.oneof(
            digest.map((policy_digest) => ({ policy_digest })),
            snapshot.map((policy_snapshot) => ({ policy_snapshot })),
            word.map((matched_rule) => ({ matched_rule })),
            word.map((one) => ({ decision_event: `evt_${one}` })),
            fc.constantFrom("ALLOW" as const, "DENY" as const).map((decision) => ({ decision })),
          ),
        ),
      );
    case "tenant":
      return fc.oneof(
        ...inRequest("tenant", word),
        ...inRequest("log", word),
        ...(["tenant", "log", "approval_id"] as const).map((name) =>
          change(
            `vote ${name}`,
            ["approval-binding-differs", new RegExp(`^the vote's ${name} is not the recorded one$`)],
            parseVote(voted.event.vote.text)![name],
            word,
            (one) => stepVote({ [name]: one }),
          ),
        ),
        inToken("tenant"),
        inToken("iss"),
      );
    case "nonce":
      return fc.oneof(
        ...inVote("nonce", fc.stringMatching(/^[A-Za-z0-9_-]{22}$/)),
        // Under the digest that was announced, and one that is no 16 bytes of randomness.
        change(
          "request nonce",
          ["approval-binding-differs", /^the digest is not of the request's text$/],
          request.nonce,
          fc.stringMatching(/^[A-Za-z0-9_-]{22}$/),
          (nonce) => stepRequest({ nonce }, { digest: requested.event.approval_request.digest }),
        ),
        change(
          "short nonce",
          ["approval-binding-differs", /^the text is not a canonical approval request$/],
          request.nonce,
          fc.stringMatching(/^[A-Za-z0-9_-]{0,21}$/),
          (nonce) => stepRequest({ nonce }),
        ),
        // The one use it was granted for: this permit, this job.
        inPermit(
          "permit_id",
          ["approval-binding-differs", /was used for another permit or job$/],
          word.map((one) => `prm_${one}`),
        ),
        inStarted(
          "permit_id",
          ["permit-args-differ", /^the action's permit is/],
          word.map((one) => `prm_${one}`),
        ),
        change(
          "started job",
          ["permit-args-differ", /^the permit is for job/],
          started.event.dispatch.job_id,
          word,
          (job_id) => step(started, { ...started.event, dispatch: { ...started.event.dispatch, job_id } }),
        ),
      );
    case "expiry":
      return fc.oneof(
        ...inRequest(
          "expires_at",
          ms.map((by) => shifted(request.expires_at, by)),
        ),
        ...inVote(
          "execute_within_ms",
          ms.map((by) => request.execute_within_ms + by),
        ),
        change(
          "life",
          ["approval-binding-differs", /^it lives from /],
          request.expires_at,
          ms.map((by) => shifted(request.expires_at, by)),
          (expires_at) => stepRequest({ expires_at }, { expires_at }),
        ),
        inPermit(
          "not_after",
          ["approval-binding-differs", /^the approval gives \d+ ms to execute$/],
          ms.map((by) => shifted(permitted.event.permit.not_after, by)),
        ),
        inPermit(
          "not_after",
          ["permit-used-late", /^its window ended at /],
          ms.map((by) => shifted(permitted.event.ts, -by)),
        ),
        late(voted, "approval-used-late", /^it expired at /, request.expires_at),
        late(started, "permit-used-late", /^its window ended at /, permitted.event.permit.not_after),
      );
    case "obligations":
      return fc.oneof(
        ...inRequest("obligations", otherList(request.obligations)),
        inPermit(
          "obligations",
          ["permit-args-differ", /^the permit carries other obligations than the decision$/],
          otherList(permitted.event.permit.obligations).map((list) => [...list]),
        ),
      );
  }
}

/** The same event, recorded after the time it had. */
function late<E extends RunEvent>(place: Place<E>, code: string, says: RegExp, until: string): fc.Arbitrary<Change> {
  const times = ms.map((by) => shifted(until, by));
  return change(`${place.event.type} late`, [code, says], place.event.ts, times, (ts) =>
    step(place, { ...place.event, ts }),
  );
}

function otherRequirements(list: ApprovalRequest["requirements"]): fc.Arbitrary<ApprovalRequest["requirements"]> {
  const [first, ...rest] = list;
  assert.ok(first !== undefined);
  return fc
    .oneof(
      fc.integer({ min: 2, max: 16 }).map((quorum) => ({ ...first, quorum })),
      word.map((role) => ({ ...first, approvers: `role:${role}` })),
      fc.integer({ min: 31, max: 9_999 }).map((minutes) => ({ ...first, ttl: `PT${minutes}M` })),
      fc.constant<typeof first>({ ...first, separation: [] }),
      word.map((rule) => ({ ...first, rule })),
    )
    .map((one) => [one, ...rest]);
}

/** Changes that their own fault does not refuse, when the gate looks at the group and when it does not. */
function accepted(changes: readonly Change[], looks: boolean): string[] {
  return changes.flatMap(({ what, code, says, judge }) => {
    const found = judge(looks);
    return found.some((fault) => fault.code === code && says.test(fault.detail)) ? [] : [what];
  });
}

for (const group of GROUPS) {
  test(`${group}: ${count} changes between request, approval and start are each refused by their own fault`, () => {
    const changes = fc.sample(changesOf(group), { seed, numRuns: count });
    assert.equal(changes.length, count);
    assert.deepEqual(accepted(changes, true).slice(0, 5), []);
    // Control: to a gate that does not look at this group each of them is the lawful event, and that passes clean.
    const some = changes.slice(0, 200);
    assert.equal(accepted(some, false).length, some.length);
    for (const { what, judge } of some) assert.deepEqual(judge(false), [], what);
  });
}
