/**
 * Lawful logs from a short script, for tests and vectors: every event is where the ledger would put it, with the chains,
 * digests, texts and signatures it would have. An `edit` changes events as they are placed, so that what comes later
 * builds on the change: that is how a writer who lies consistently is played.
 *
 * @example
 * const story = new Story().found();
 * const run = story.run();
 * run.play("allow failed retry succeeded safety");
 * run.play("gate approve use succeeded safety");
 * run.close();
 * foldLog(story.events).faults; // none
 */

import { actionDigest } from "@countersign/evidence/action-digest";
import { formatApprovalRequest, formatVote, parseApprovalRequest, textDigest } from "@countersign/evidence/approval";
import { formatBase64Url } from "@countersign/evidence/base64";
import { formatBreakGlass } from "@countersign/evidence/break-glass";
import { canonicalBytes } from "@countersign/evidence/canonical";
import { commitmentOf, type Disclosure, payloadDisclosure } from "@countersign/evidence/commitment";
import type {
  ActionBlock,
  ActorBlock,
  ApprovalRequirement,
  ApprovalSummary,
  Decision,
  DeclaredScope,
  DispatchSummary,
  DraftOf,
  Event,
  EventOf,
  InitiatorBlock,
  Kind,
  PolicySummary,
  RunEvent,
} from "@countersign/evidence/event";
import { chainOfKind } from "@countersign/evidence/generated/event-shapes";
import { type Digest, digestOf, hex, sha256, utf8 } from "@countersign/evidence/hash";
import { formatId, type Id, type IdPrefix, uuidV7 } from "@countersign/evidence/ids";
import { leafHash } from "@countersign/evidence/merkle";
import { renderApproval } from "@countersign/evidence/rendering";
import { EXTENSION_EXECUTOR, EXTENSION_TOOL } from "@countersign/evidence/run-extension";
import { voteSigningBytes } from "@countersign/evidence/vote-signature";
import { ed25519 } from "@noble/curves/ed25519.js";

/** What is placed instead of an event: itself, another, several, or nothing. */
export type Edit = (event: Event) => Event | readonly Event[] | undefined;

export type StoryOptions = {
  readonly tenant?: string;
  readonly host?: string;
  readonly kind?: "evaluation" | "production";
  /** RFC 3339; the first event's time. Each event comes 10 ms after the one before. */
  readonly startsAt?: string;
  readonly edit?: Edit;
};

export type StoryPerson = {
  readonly alias: Id<"usr">;
  readonly kid: string;
  readonly secret: Uint8Array;
  readonly x: string;
};

/** An event without what the story fills in. */
type Members<K extends Kind> = Omit<DraftOf<K>, "type" | "event_id" | "actor" | "source"> & {
  event_id?: Id<"evt">;
  actor?: ActorBlock;
  source?: EventOf<K>["source"];
};

const NO_HASH = hex(sha256(new Uint8Array(0)));
const STEP_MS = 10;
/** People of a founded story and the approver roles they hold. */
const PEOPLE = {
  owner: ["oncall_sre"],
  dana: [],
  sam: ["oncall_sre"],
  sue: ["oncall_sre"],
  fay: ["finance"],
  cory: ["oncall_sre", "finance"],
  kim: ["finance"],
} as const;

export type Who = keyof typeof PEOPLE;
const APPROVERS = ["sam", "sue", "fay", "cory"] as const;

export class Story {
  readonly events: Event[] = [];
  /** Exact entry bytes and leaf hashes (hex), by index. */
  readonly entries: Uint8Array[] = [];
  readonly leaves: string[] = [];
  /** Payload bytes by the digest they are cited by. The story stores them unsealed. */
  readonly payloads = new Map<string, Uint8Array>();
  readonly disclosures: { readonly event: string; readonly disclosure: Disclosure }[] = [];
  readonly people = new Map<string, StoryPerson>();
  readonly tenant: string;
  readonly log: string;
  readonly kind: "evaluation" | "production";
  readonly permitKid = "permit-1";
  readonly permitSecret = sha256(utf8("story permit key"));
  readonly checkpointSecret = sha256(utf8("story checkpoint key"));
  policy = { revision: "", digest: "" };
  /** The agent's newest registration. */
  ceilingEvent = "";
  readonly #edit: Edit;
  #nowMs: number;
  #made = 0;
  readonly #runHeads = new Map<string, { seq: number; leaf: string }>();
  #control = { seq: 0, head: NO_HASH };
  readonly #policyAdmins = new Map<Who, ActorBlock>();

  constructor(options: StoryOptions = {}) {
    const { tenant = "prod-a", host = "audit.example.com", startsAt = "2026-04-01T14:00:00.000Z" } = options;
    this.tenant = tenant;
    this.log = `${host}/${tenant}/1`;
    this.kind = options.kind ?? "production";
    this.#edit = options.edit ?? ((event) => event);
    this.#nowMs = Date.parse(startsAt);
  }

  /**
   * Genesis, tenant, people with keys, an agent and a policy; sealed. Without a policy the tenant only observes.
   *
   * @param people who is there besides the agent's owner and dana, for whom runs are and who writes the policy
   */
  found({ policy = true, people = APPROVERS }: { policy?: boolean; people?: readonly Who[] } = {}): this {
    const genesisKeys = [
      { kid: "log-1", purpose: "checkpoint" as const, alg: "ed25519" as const, x: publicOf(this.checkpointSecret) },
      { kid: this.permitKid, purpose: "permit" as const, alg: "ed25519" as const, x: publicOf(this.permitSecret) },
    ];
    this.append("log.genesis", { genesis: { origin: this.log, epoch: 1, spec: "countersign/1", keys: genesisKeys } });
    this.append("tenant.created", { created: { kind: this.kind, origin_host: this.log.split("/")[0]! } });
    const bootstrap = true;
    for (const name of ["owner", "dana", ...people] as const) {
      const { alias } = this.person(name);
      this.append("person.added", { person: { alias }, bootstrap });
      for (const role of PEOPLE[name]) {
        this.append("role.granted", { grant: { person: alias, role, kind: "approver_role" }, bootstrap });
      }
    }
    for (const name of people) this.enrol(name, bootstrap);
    this.register();
    if (policy) this.publish({ bootstrap });
    else this.append("tenant.changed", { changed: { observing: true } });
    const acts = this.events.filter((event) => "bootstrap" in event && event.bootstrap === true).length;
    const added = this.events.filter(({ type }) => type === "person.added").length;
    this.append("tenant.sealed", { sealed: { people: added, bootstrap_acts: acts } });
    return this;
  }

  register({ ceiling = ["fs", "infra"], environments }: { ceiling?: string[]; environments?: string[] } = {}): void {
    const type = this.ceilingEvent === "" ? "agent.registered" : "agent.changed";
    const owner = this.person("owner").alias;
    const where = environments === undefined ? {} : { environments };
    const agent = { id: "ops-agent-3", ceiling, owner, ...where, may_execute: false };
    this.ceilingEvent = this.append(type, { agent }).event_id;
  }

  enrol(name: Who, bootstrap = false): void {
    const { alias, kid, x } = this.person(name);
    const key = { kid, purpose: "approver" as const, alg: "ed25519" as const, x };
    const approval = bootstrap ? { bootstrap } : {};
    const approvedBy = bootstrap ? {} : { approved_by: this.person(name === "dana" ? "owner" : "dana").alias };
    this.append("approver.key.enrolled", {
      enrolment: { person: alias, key, method: "ed25519", ...approvedBy },
      ...approval,
    });
  }

  publish({ revision = "pol_2026_04_01", bootstrap = false }: { revision?: string; bootstrap?: boolean } = {}): void {
    const previous = this.policy.revision === "" ? {} : { previous: { ...this.policy } };
    const expected = this.policy.digest;
    this.policy = { revision, digest: digestOf(utf8(`policy ${revision}`)) };
    const request = bootstrap ? {} : { request: this.agreeOn(this.policy.digest, expected) };
    this.append("policy.published", {
      publish: {
        ...this.policy,
        ...previous,
        ...request,
        author: this.person("dana").alias,
        approved_by: [this.person("owner").alias],
        separation: "two_people",
        engine: "cedar/4.13.0",
      },
      ...(bootstrap ? { bootstrap } : {}),
    });
  }

  /** Dana asks for a policy, or for an old one again, and the agent's owner approves; gives the request's id. */
  agreeOn(digest: string, expected: string, { rollback = false }: { rollback?: boolean } = {}): Id<"evt"> {
    const dana = this.policyAdmin("dana");
    const owner = this.policyAdmin("owner");
    if (!rollback) this.upload(digest);
    const compared = rollback || expected === "" ? {} : this.compare(digest, expected);
    const asked = this.append("policy.publish.requested", {
      actor: dana,
      publish: { digest, ...(expected === "" ? {} : { expected }), ...(rollback ? { rollback } : {}), ...compared },
      reason: { code: "PLANNED_CHANGE" },
    });
    const request = asked.event_id as Id<"evt">; // the story made it
    this.append("policy.publish.answered", {
      actor: owner,
      cause: request,
      answer: { request, digest, answer: "approve", person: owner.id },
    });
    return request;
  }

  /** A person with the role, a credential and a key of their own, as the actor of their events. */
  policyAdmin(name: Who): ActorBlock {
    const known = this.#policyAdmins.get(name);
    if (known !== undefined) return known;
    const { alias, kid } = this.person(name);
    this.append("role.granted", { grant: { person: alias, role: "policy-admin", kind: "role" } });
    const credential = this.id("key");
    this.append("credential.issued", {
      credential: { id: credential, role: "policy-admin", holder: { kind: "person", id: alias } },
    });
    const isEnrolled = this.events.some(
      (event) => event.type === "approver.key.enrolled" && event.enrolment.key.kid === kid,
    );
    if (!isEnrolled) this.enrol(name);
    const actor: ActorBlock = { type: "person", id: alias, credential };
    this.#policyAdmins.set(name, actor);
    return actor;
  }

  /** Dana brings a bundle. */
  upload(digest: string): void {
    const bundle = { digest, name: "seed", version: "1.0.0", files: 9, size_bytes: 4096 };
    this.append("policy.uploaded", { actor: this.policyAdmin("dana"), bundle });
  }

  /** Dana has a bundle compared with the active one, and acknowledges the one group that it lets through. */
  compare(digest: string, against: string): { readonly simulation: string; readonly impact_digest: string } {
    const dana = this.policyAdmin("dana");
    const impact = digestOf(utf8(`impact of ${digest}`));
    const group = digestOf(utf8(`group of ${digest}`));
    const { event_id: simulation } = this.append("policy.simulated", {
      actor: dana,
      simulation: {
        digest,
        against,
        decisions: 40,
        newly_allowed: 2,
        changed: 2,
        impact_digest: impact,
        groups: [group],
      },
    });
    this.append("policy.acknowledged", {
      actor: dana,
      cause: simulation,
      acknowledgement: { digest, simulation, impact_digest: impact, groups: [group] },
    });
    return { simulation, impact_digest: impact };
  }

  person(name: string): StoryPerson {
    return this.people.get(name) ?? this.#invite(name);
  }

  run(options: RunOptions = {}): StoryRun {
    return new StoryRun(this, options);
  }

  /** RFC 3339 time of the next event plus `ms`. */
  at(ms = 0): string {
    return new Date(this.#nowMs + ms).toISOString();
  }

  wait(ms: number): void {
    this.#nowMs += ms;
  }

  id<P extends IdPrefix>(prefix: P): Id<P> {
    return formatId(prefix, uuidV7(this.#nowMs, sha256(utf8(`story id ${this.#made++}`))));
  }

  bytes16(): Uint8Array {
    return sha256(utf8(`story salt ${this.#made++}`)).slice(0, 16);
  }

  store(bytes: Uint8Array): Digest {
    const digest = digestOf(bytes);
    this.payloads.set(digest, bytes);
    return digest;
  }

  /** Leaf hash, hex, of the newest placed event of a run. */
  runLeaf(runId: string): string {
    return this.#runHeads.get(runId)?.leaf ?? NO_HASH;
  }

  /** Places an event through the edit, and gives what was placed (the event itself when nothing was). */
  append<K extends Kind>(type: K, members: Members<K>): EventOf<K> {
    const draft = {
      type,
      v: 1,
      event_id: this.id("evt"),
      tenant: this.tenant,
      ts: this.at(),
      source: "observed",
      actor: { type: "system", id: "countersign" },
      ...members,
      integrity: this.#integrity(type, "run_id" in members ? String(members.run_id) : undefined),
    };
    // A draft with everything the ledger adds is the event; the members' type is the kind's.
    const event = draft as unknown as EventOf<K>;
    const edited = this.#edit(event);
    const placed = (edited === undefined ? [] : Array.isArray(edited) ? edited : [edited]) as readonly Event[];
    for (const one of placed) this.#place(one, event);
    this.#nowMs += STEP_MS;
    // An edit keeps an event's kind, or adds others beside it.
    return (placed.find((one) => one.type === type) ?? event) as EventOf<K>;
  }

  /** Chain links are made anew, so that a dropped or doubled event leaves no gap and no fork; edited ones are kept. */
  #place(event: Event, original: Event): void {
    const runId = "run_id" in event ? event.run_id : undefined;
    const links = this.#integrity(event.type, runId);
    if (event.integrity !== original.integrity) Object.assign(links, changed(event.integrity, original.integrity));
    const placed = { ...event, integrity: links } as Event; // only the links differ
    const entry = canonicalBytes(placed);
    const leaf = hex(leafHash(entry));
    this.events.push(placed);
    this.entries.push(entry);
    this.leaves.push(leaf);
    if (runId !== undefined) this.#runHeads.set(runId, { seq: (links.run_seq ?? 0) + 1, leaf });
    if (chainOfKind[event.type] === "control") this.#control = { seq: this.#control.seq + 1, head: leaf };
  }

  #integrity(type: Kind, runId: string | undefined): Event["integrity"] {
    const head = runId === undefined ? undefined : this.#runHeads.get(runId);
    const chain = chainOfKind[type];
    const ofRun = chain === "run" || chain === "action";
    return {
      v: 1,
      alg: "sha256-rfc6962",
      log: this.log,
      index: this.events.length,
      prev_hash: this.leaves.at(-1) ?? NO_HASH,
      ...(ofRun ? { run_seq: head?.seq ?? 0, run_prev: head?.leaf ?? NO_HASH } : {}),
      ctl_seq: this.#control.seq,
      ctl_head: this.#control.head,
    };
  }

  #invite(name: string): StoryPerson {
    const secret = sha256(utf8(`story person ${name}`));
    const person = { alias: this.id("usr"), kid: `${name}-1`, secret, x: publicOf(secret) };
    this.people.set(name, person);
    return person;
  }
}

export type RunOptions = {
  readonly scope?: Partial<DeclaredScope>;
  readonly initiator?: Partial<InitiatorBlock>;
  readonly parent?: StoryRun;
};

const SCOPE: DeclaredScope = {
  capabilities: ["fs", "infra.change"],
  resources: [{ pattern: "prod/**" }, { pattern: "workspace/*" }],
  budgets: { actions: 100, cents: 100_000 },
};

/** One run of the story: started when made. */
export class StoryRun {
  readonly story: Story;
  readonly id: Id<"run">;
  readonly started: EventOf<"run.started">;
  /** The event its scope comes from. */
  scopeEvent: string;
  initiator: InitiatorBlock;
  readonly actions: StoryAction[] = [];

  constructor(story: Story, { scope = {}, initiator = {}, parent }: RunOptions) {
    this.story = story;
    this.id = story.id("run");
    const dana = story.person("dana").alias;
    this.initiator = { agent: "ops-agent-3", version: "2.1.0", on_behalf_of: dana, ...initiator };
    this.started = this.append("run.started", {
      run: {
        scope: { ...SCOPE, ...scope },
        ceiling_event: story.ceilingEvent,
        ...(parent === undefined ? {} : { parent_run: parent.id }),
      },
    });
    this.scopeEvent = this.started.event_id;
  }

  append<K extends RunEvent["type"]>(type: K, members: Omit<Members<K>, "run_id" | "initiator">): EventOf<K> {
    // The two members added are those every run event has.
    const whole = { ...members, run_id: this.id, initiator: this.initiator } as unknown as Members<K>;
    const placed = this.story.append(type, whole);
    const { event_id: eventId } = placed as Event; // an event of any kind has one
    if (type === "run.scope.extended") this.scopeEvent = eventId;
    return placed;
  }

  action(options: ActionOptions = {}): StoryAction {
    const action = new StoryAction(this, options);
    this.actions.push(action);
    return action;
  }

  /** One action from request to end. Words are those of {@link StoryAction.play}. */
  play(script: string, options: ActionOptions = {}): StoryAction {
    return this.action(options).play(script);
  }

  close(status: "completed" | "failed" | "cancelled" = "completed", settle = true): void {
    const open = this.actions.filter((action) => action.open).map(({ id }) => id);
    this.append("run.closed", { closed: { status, open_actions: open } });
    if (settle && open.length === 0) this.settle();
  }

  /** Counts what was really placed, as a writer would who wants a cut to pass. */
  settle(): void {
    const mine = this.story.events.filter((event) => "run_id" in event && event.run_id === this.id);
    const actions = new Set(mine.flatMap((event) => ("action_id" in event ? [event.action_id] : []))).size;
    const seq = (mine.at(-1)?.integrity.run_seq ?? -1) + 1;
    this.append("run.settled", { settled: { events: mine.length + 1, last_seq: seq, actions } });
  }
}

export type ActionOptions = {
  readonly action?: Partial<ActionBlock>;
  readonly args?: string;
  readonly costCents?: number;
  /** Digest of the contract the action is read by; none by default. */
  readonly toolContract?: string;
  readonly maxAttempts?: number;
  readonly requirements?: readonly ApprovalRequirement[];
};

const ACTION: ActionBlock = {
  capability: "infra.change.apply",
  tool: "terraform",
  tool_version: "1.9.2",
  target: { system: "aws:eu-west-1", resource: "prod/vpc-1", environment: "prod" },
};

export const ONE_SRE: ApprovalRequirement = {
  rule: "approval-prod-write",
  approvers: "role:oncall_sre",
  quorum: 1,
  ttl: "PT30M",
  separation: ["requester", "on_behalf_of", "agent_owner"],
};

const EXECUTE_WITHIN_MS = 300_000;
const ATTEMPT_MS = 60_000;

/** One action of a run: each method places the event it is named after, built on what was placed before. */
export class StoryAction {
  readonly run: StoryRun;
  readonly id: Id<"act">;
  readonly block: ActionBlock;
  readonly argsBytes: Uint8Array;
  readonly maxAttempts: number;
  open = true;
  attempts = 0;
  readonly #requirements: readonly ApprovalRequirement[];
  readonly #jobId: string;
  readonly #costCents: number;
  readonly #toolContract: string | null;
  #argsDigest = "";
  #argsSalt = "";
  #requestLeaf = NO_HASH;
  #request: EventOf<"action.requested"> | undefined;
  #decided: EventOf<"policy.decided"> | undefined;
  #asked: EventOf<"approval.requested"> | undefined;
  #votes: EventOf<"approval.voted">[] = [];
  #granted: EventOf<"approval.granted"> | EventOf<"breakglass.used"> | undefined;
  #permitId: Id<"prm"> | undefined;
  #permit: EventOf<"dispatch.permitted"> | undefined;
  #end: "failed" | "timed_out" | "unconfirmed" = "failed";

  constructor(run: StoryRun, options: ActionOptions) {
    const {
      action = {},
      args = '{"plan":"rotate"}',
      maxAttempts = 3,
      costCents = 100,
      requirements = [ONE_SRE],
      toolContract = null,
    } = options;
    this.run = run;
    this.id = run.story.id("act");
    this.block = { ...ACTION, ...action };
    this.argsBytes = utf8(args);
    this.maxAttempts = maxAttempts;
    this.#requirements = requirements;
    this.#jobId = run.story.id("job");
    this.#costCents = costCents;
    this.#toolContract = toolContract;
  }

  /**
   * Places the events of a script, word by word: `allow` `deny` `gate` `observe` · `vote:WHO` `grant` `approve` `reject`
   * `expire` `revoke` `cancel` `void` · `queue` `use` · `succeeded` `failed` `timed_out` `cancelled` `unconfirmed`
   * `late:succeeded` · `retry` `dead` `drop` · `safety` `artifact`. A decision word requests first; an outcome uses first.
   */
  play(script: string): this {
    for (const word of script.split(" ")) this.#word(word);
    return this;
  }

  #word(word: string): unknown {
    const [verb, who] = word.split(":");
    switch (verb) {
      case "allow":
      case "deny":
      case "observe":
        this.request();
        return verb === "observe"
          ? this.decide("DENY", { enforced: false })
          : this.decide(verb === "deny" ? "DENY" : "ALLOW");
      case "gate":
        this.request();
        this.decide("REQUIRE_APPROVAL");
        return this.ask();
      case "vote":
        return this.vote(who as Who);
      case "grant":
        return this.grant();
      case "approve":
        this.vote("sam");
        return this.grant();
      case "reject":
        return this.reject("sam");
      case "expire":
      case "revoke":
      case "cancel":
      case "void":
        return this.endApproval(verb);
      case "queue":
        return this.queue();
      case "use":
        return this.use();
      case "succeeded":
      case "failed":
      case "timed_out":
      case "cancelled":
      case "unconfirmed":
        if (this.attempts === 0) this.use();
        return this.end(verb);
      case "late":
        return this.late(who as "succeeded" | "failed");
      case "retry":
        return this.retry();
      case "dead":
        return this.deadLetter();
      case "drop":
        return this.drop();
      case "safety":
        return this.safety();
      case "artifact":
        return this.artifact();
      default:
        throw new Error(`no such word: ${word}`);
    }
  }

  request(): void {
    const { story } = this.run;
    const disclosure = payloadDisclosure(story.bytes16(), "/action/args", this.argsBytes);
    const args = commitmentOf(disclosure);
    [this.#argsSalt] = disclosure;
    this.#argsDigest = story.store(this.argsBytes);
    const topic = this.block.capability;
    const digest = actionDigest({
      tenant: story.tenant,
      run_id: this.run.id,
      action_id: this.id,
      action: this.block,
      topic,
      tool_contract: this.#toolContract,
      args,
    });
    this.#request = this.#append("action.requested", {
      actor: this.#agent(),
      commit: { "/action/args": args },
      pointers: { context: [], args: this.#argsDigest, result: null, artifacts: [] },
      request: {
        args_bytes: this.argsBytes.length,
        action_digest: digest,
        ...(this.#toolContract === null ? {} : { tool_contract: this.#toolContract }),
        topic,
        consumed: [],
        cost_cents: this.#costCents,
      },
    });
    this.#requestLeaf = story.runLeaf(this.run.id);
    story.disclosures.push({ event: this.#request.event_id, disclosure });
  }

  decide(decision: Decision, { enforced = true }: { enforced?: boolean } = {}): void {
    const { story } = this.run;
    const gated = decision === "REQUIRE_APPROVAL";
    const decided = { ALLOW: "allow-ops", DENY: "deny-exfil", REQUIRE_APPROVAL: "approval-prod-write" }[decision];
    const because = { ALLOW: "TEAM_SCOPE", DENY: "RISK_EXFILTRATION", REQUIRE_APPROVAL: "PROD_WRITE" }[decision];
    const [rule, reason] = enforced ? [decided, because] : ["core:no-active-policy", "NO_ACTIVE_POLICY"];
    const { revision, digest } = story.policy;
    const projection = utf8(`{"action":"${this.id}"}`);
    const disclosure = payloadDisclosure(story.bytes16(), "/decision/projection", projection);
    const matched = gated ? this.#requirements.map((one) => one.rule) : [rule];
    this.#decided = this.#append("policy.decided", {
      commit: { "/decision/projection": commitmentOf(disclosure) },
      policy: {
        decision,
        matched_rule: matched[0]!,
        policy_snapshot: revision === "" ? "none" : revision,
        policy_digest: revision === "" ? digestOf(utf8("")) : digest,
        reason,
        ...(enforced ? {} : { enforced }),
      },
      decided: {
        decision_id: story.id("dec"),
        enforced,
        matched_rules: matched,
        reason_codes: [reason],
        permits: decision === "ALLOW" ? [rule] : [],
        rule_digests: Object.fromEntries(matched.map((one) => [one, digestOf(utf8(`rule ${one}`))])),
        engine: "cedar/4.13.0",
        combining: "countersign-combine/1",
        projection_format: "countersign-projection/1",
        request_leaf: this.#requestLeaf,
        action_digest: this.#request?.request.action_digest ?? digestOf(utf8("")),
        ...(this.#toolContract === null ? {} : { tool_contract: this.#toolContract }),
        projection: story.store(projection),
        scope_event: this.run.scopeEvent,
        history: { as_of_index: story.events.length - 1, actions: 0, cents: 0, bytes: 0, in_flight: 0 },
        requirements: gated ? [...this.#requirements] : [],
        ...(gated ? { gate_digest: digestOf(utf8("gate")) } : {}),
        obligations: ["log_args:redacted"],
        valid_until: story.at(gated ? 1_800_000 : 60_000),
        evaluated_us: 437,
      },
    });
    story.disclosures.push({ event: this.#decided.event_id, disclosure });
    if (decision === "DENY" && enforced) this.open = false;
  }

  /** approval.requested, with the text people sign away. */
  ask(approvalId: Id<"apr"> = this.run.story.id("apr"), replaces?: string): void {
    const { story, initiator } = this.run;
    const decided = this.#decided!;
    const request = this.#request!;
    const text = formatApprovalRequest({
      log: story.log,
      tenant: story.tenant,
      approval_id: approvalId,
      run_id: this.run.id,
      action_id: this.id,
      decision_id: decided.decided.decision_id,
      request_leaf: decided.decided.request_leaf,
      action: this.block,
      action_digest: request.request.action_digest,
      args_commit: request.commit?.["/action/args"] ?? "",
      tool_contract: this.#toolContract,
      matched_rules: decided.decided.matched_rules,
      rule_digests: decided.decided.rule_digests,
      requirements: decided.decided.requirements,
      gate_digest: decided.decided.gate_digest ?? "",
      policy_digest: decided.policy.policy_digest,
      policy_snapshot: decided.policy.policy_snapshot,
      requested_by: initiator.agent,
      on_behalf_of: initiator.on_behalf_of ?? null,
      initiator,
      nonce: formatBase64Url(story.bytes16()),
      requested_at: story.at(),
      expires_at: story.at(1_800_000),
      execute_within_ms: EXECUTE_WITHIN_MS,
      max_attempts: this.maxAttempts,
      obligations: decided.decided.obligations,
    });
    const shown = renderApproval(parseApprovalRequest(text)!, { bytes: this.argsBytes, salt: this.#argsSalt });
    this.#votes = [];
    this.#granted = undefined;
    this.#asked = this.#append("approval.requested", {
      policy: this.#policy(),
      approval: { required: true, approval_id: approvalId, quorum: this.#quorum() },
      approval_request: {
        text,
        digest: textDigest(text),
        rendering: digestOf(utf8(shown)),
        expires_at: story.at(1_800_000),
        ...(replaces === undefined ? {} : { replaces }),
      },
    });
  }

  /** A new decision and a new request instead of the old one; votes do not carry. */
  supersede(): void {
    const by = this.run.story.id("apr");
    const old = this.#asked!.approval.approval_id!;
    this.#append("approval.superseded", {
      policy: this.#policy(),
      approval: { required: true, approval_id: old },
      superseded: { by },
      reason: { code: "POLICY_CHANGED" },
    });
    this.decide("REQUIRE_APPROVAL");
    this.ask(by, old);
  }

  revalidate(): void {
    const { story } = this.run;
    const projection = utf8(`{"action":"${this.id}"}`);
    const disclosure = payloadDisclosure(story.bytes16(), "/decision/projection", projection);
    const event = this.#append("approval.revalidated", {
      commit: { "/decision/projection": commitmentOf(disclosure) },
      policy: this.#policy(),
      approval: this.#approval(),
      revalidated: {
        policy: { digest: story.policy.digest },
        gate_digest: this.#decided!.decided.gate_digest!,
        engine: "cedar/4.13.0",
        projection: story.store(projection),
      },
    });
    story.disclosures.push({ event: event.event_id, disclosure });
  }

  /** breakglass.used: the grant of an incident, with what each of the people signed. */
  breakGlass(people: readonly Who[], { lastsMs = 1_800_000 }: { lastsMs?: number } = {}): void {
    const { story } = this.run;
    const aliases = people.map((who) => story.person(who).alias);
    const asked = this.#asked!;
    const incident = "INC-7";
    const signatures = people.map((who) => {
      const { alias, kid, secret } = story.person(who);
      const text = formatBreakGlass({
        log: story.log,
        tenant: story.tenant,
        approval_id: asked.approval.approval_id ?? "",
        request_digest: asked.approval_request.digest,
        rendering: asked.approval_request.rendering,
        incident,
        reason_code: "BREAK_GLASS",
        lasts_ms: lastsMs,
        person: alias,
        kid,
        at: story.at(),
      });
      const digest = textDigest(text);
      const signature = formatBase64Url(ed25519.sign(voteSigningBytes(digest), secret));
      return { text, digest, person: alias, method: "ed25519" as const, kid, signature };
    });
    const event = this.#append("breakglass.used", {
      policy: this.#policy(),
      approval: this.#approvalOf(aliases[0], story.at()),
      breakglass: {
        people: aliases,
        incident,
        expires_at: story.at(lastsMs),
        review_due: story.at(86_400_000),
        signatures,
      },
      reason: { code: "BREAK_GLASS" },
    });
    this.#granted = event;
  }

  /** A grant that names people whatever the votes are. */
  grantTo(...people: readonly Who[]): void {
    const aliases = people.map((who) => this.run.story.person(who).alias);
    this.#granted = this.#append("approval.granted", {
      policy: this.#policy(),
      approval: this.#approvalOf(aliases.at(-1), this.run.story.at()),
      granted: { people: aliases, separation: "kept", usable_until: this.#asked!.approval_request.expires_at },
    });
  }

  vote(who: Who, answer: "approve" | "reject" | "abstain" = "approve"): EventOf<"approval.voted"> {
    const { story } = this.run;
    const { alias, kid, secret } = story.person(who);
    const asked = this.#asked!;
    const reasonCode = answer === "approve" ? "CHANGE_REVIEWED" : "RISK_TOO_HIGH";
    const text = formatVote({
      log: story.log,
      tenant: story.tenant,
      approval_id: asked.approval.approval_id ?? "",
      request_digest: asked.approval_request.digest,
      answer,
      reason_code: reasonCode,
      note_commit: null,
      rendering: asked.approval_request.rendering,
      person: alias,
      roles: [...PEOPLE[who]].sort(),
      kid,
      at: story.at(),
    });
    const digest = textDigest(text);
    const vote = this.#append("approval.voted", {
      actor: { type: "person", id: alias },
      policy: this.#policy(),
      approval: { required: true, approval_id: asked.approval.approval_id!, quorum: this.#quorum() },
      vote: {
        text,
        digest,
        person: alias,
        answer,
        reason_code: reasonCode,
        method: "ed25519",
        kid,
        signature: formatBase64Url(ed25519.sign(voteSigningBytes(digest), secret)),
        rendering: asked.approval_request.rendering,
      },
    });
    this.#votes.push(vote);
    return vote;
  }

  grant(separation: "kept" | "waived" = "kept"): void {
    const people = this.#votes.filter(({ vote }) => vote.answer === "approve").map(({ vote }) => vote.person);
    this.#granted = this.#append("approval.granted", {
      policy: this.#policy(),
      approval: this.#approvalOf(people.at(-1), this.run.story.at()),
      granted: { people, separation, usable_until: this.#asked!.approval_request.expires_at },
    });
  }

  reject(who: Who): void {
    const vote = this.vote(who, "reject");
    this.open = false;
    this.#append("approval.rejected", {
      policy: this.#policy(),
      approval: { required: true, approval_id: vote.approval.approval_id! },
      rejected: { person: vote.vote.person, vote: vote.event_id },
      reason: { code: "RISK_TOO_HIGH" },
    });
  }

  endApproval(how: "expire" | "revoke" | "cancel" | "void"): void {
    const { story } = this.run;
    this.open = false;
    const expiresAt = this.#asked!.approval_request.expires_at;
    const policy = this.#policy();
    const approval = { required: true, approval_id: this.#asked!.approval.approval_id! };
    if (how === "expire") {
      story.wait(Date.parse(expiresAt) - Date.parse(story.at()));
      this.#append("approval.expired", { source: "derived", policy, approval, expired: { expires_at: expiresAt } });
      return;
    }
    const type = ({ revoke: "approval.revoked", cancel: "approval.cancelled", void: "approval.voided" } as const)[how];
    this.#append(type, { policy, approval, reason: { code: "POLICY_CHANGED" } });
  }

  queue(): void {
    const attempt = this.attempts + 1;
    this.#append("dispatch.queued", { ...this.#dispatched("QUEUED", attempt) });
  }

  /** The use: approval.consumed where one was required, dispatch.permitted, dispatch.started{1}. */
  use(): void {
    this.consume();
    this.permit();
    this.start();
  }

  consume(): void {
    this.#permitId ??= this.run.story.id("prm");
    if (this.#decided?.policy.decision !== "REQUIRE_APPROVAL" || !this.#decided.decided.enforced) return;
    this.#append("approval.consumed", {
      policy: this.#policy(),
      approval: this.#approval(),
      consumed: { permit_id: this.#permitId, job_id: this.#jobId },
    });
  }

  permit(): void {
    const { story } = this.run;
    this.#permitId ??= story.id("prm");
    this.#permit = this.#append("dispatch.permitted", {
      ...this.#dispatched("PERMITTED", 0),
      permit: {
        permit_id: this.#permitId,
        executor: executorOf(this.block),
        args_commit: this.#request?.commit?.["/action/args"] ?? "",
        action_digest: this.#request?.request.action_digest ?? "",
        not_after: story.at(EXECUTE_WITHIN_MS),
        obligations: this.#decided?.decided.obligations ?? [],
        kid: story.permitKid,
      },
    });
  }

  start(): void {
    this.attempts++;
    this.#append("dispatch.started", {
      actor: EXECUTOR,
      ...this.#dispatched("STARTED", this.attempts),
      started: {
        permit_id: this.#permitId ?? "",
        executor: executorOf(this.block),
        deadline: this.run.story.at(ATTEMPT_MS),
        args_commit: this.#request?.commit?.["/action/args"] ?? "",
      },
    });
  }

  end(how: "succeeded" | "failed" | "timed_out" | "cancelled" | "unconfirmed"): void {
    const { story } = this.run;
    if (how === "failed" || how === "timed_out" || how === "unconfirmed") this.#end = how;
    this.open = how !== "succeeded" && how !== "cancelled" && this.attempts < this.maxAttempts;
    if (how === "unconfirmed") {
      const deadline = story.at(ATTEMPT_MS);
      story.wait(ATTEMPT_MS);
      this.#append("dispatch.unconfirmed", {
        source: "derived",
        ...this.#dispatched("UNCONFIRMED", this.attempts),
        unconfirmed: { deadline },
      });
      return;
    }
    const status = (
      { succeeded: "SUCCEEDED", failed: "FAILED", timed_out: "TIMED_OUT", cancelled: "CANCELLED" } as const
    )[how];
    const result = how === "succeeded" ? story.store(utf8(`result of ${this.id}`)) : null;
    this.#append(`dispatch.${how}`, {
      source: "reported",
      actor: EXECUTOR,
      ...this.#dispatched(status, this.attempts, result),
      outcome: { duration_ms: 12, ...(how === "succeeded" ? {} : { code: "EXIT_1" }) },
    });
  }

  /** A report of an attempt that had been declared unconfirmed. */
  late(how: "succeeded" | "failed", attempt = this.attempts): void {
    const status = how === "succeeded" ? "SUCCEEDED" : "FAILED";
    if (how === "succeeded" && attempt === this.attempts) this.open = false;
    this.#append(`dispatch.${how}`, {
      source: "reported",
      actor: EXECUTOR,
      ...this.#dispatched(status, attempt),
      outcome: {},
    });
  }

  retry(): void {
    this.announceRetry();
    this.start();
    this.open = true;
  }

  announceRetry(): void {
    this.#append("dispatch.retried", {
      ...this.#dispatched("RETRIED", this.attempts + 1),
      retried: { permit_id: this.#permitId ?? "", after: this.#end },
    });
  }

  deadLetter(): void {
    this.open = false;
    this.#append("dispatch.dead_lettered", { ...this.#dispatched("DEAD_LETTERED", this.attempts), outcome: {} });
  }

  /** dispatch.cancelled of what has not started or will not be tried again. */
  drop(): void {
    this.open = false;
    this.#append("dispatch.cancelled", { ...this.#dispatched("CANCELLED", this.attempts), outcome: {} });
  }

  safety(): void {
    this.#append("safety.checked", {
      policy: this.#policy(),
      safety: { verdict: "not_checked", checks: [], drift: { equal: true } },
    });
  }

  artifact(): void {
    const { story } = this.run;
    const bytes = utf8(`artifact of ${this.id}`);
    this.#append("artifact.recorded", {
      artifact: {
        artifact_id: formatBase64Url(sha256(bytes)),
        payload: story.store(bytes),
        media_type: "text/plain",
        size_bytes: bytes.length,
      },
    });
  }

  #append<K extends RunEvent["type"]>(
    type: K,
    members: Omit<Members<K>, "run_id" | "initiator" | "action_id" | "action">,
  ): EventOf<K> {
    // The two members added are those every event of an action has.
    const whole = { ...members, action_id: this.id, action: this.block } as unknown as Members<K>;
    return this.run.append(type, whole);
  }

  #agent(): Event["actor"] {
    return { type: "agent", id: this.run.initiator.agent };
  }

  #policy(): PolicySummary {
    const decided = this.#decided;
    if (decided === undefined) {
      return {
        decision: "ALLOW",
        matched_rule: "none",
        policy_snapshot: "none",
        policy_digest: digestOf(utf8("")),
        reason: "NONE",
      };
    }
    return { ...decided.policy, decision_event: decided.event_id };
  }

  #quorum(): number {
    return this.#requirements.reduce((sum, { quorum }) => sum + quorum, 0);
  }

  #approvalOf(approver: string | undefined, approvedAt: string): ApprovalSummary {
    return {
      required: true,
      ...(this.#asked?.approval.approval_id === undefined ? {} : { approval_id: this.#asked.approval.approval_id }),
      ...(approver === undefined ? {} : { approver, approved_at: approvedAt }),
      quorum: this.#quorum(),
      votes: this.#votes.filter(({ vote }) => vote.answer === "approve").map(({ event_id }) => event_id),
    };
  }

  #approval(): ApprovalSummary {
    if (this.#decided?.policy.decision !== "REQUIRE_APPROVAL") return { required: false };
    return this.#approvalOf(this.#granted?.approval.approver, this.#granted?.approval.approved_at ?? "");
  }

  #dispatched(status: DispatchSummary["status"], attempt: number, result: string | null = null) {
    const { request } = this.#request ?? {};
    return {
      policy: this.#policy(),
      approval: this.#approval(),
      dispatch: {
        topic: request?.topic ?? this.block.capability,
        job_id: this.#permit?.dispatch.job_id ?? this.#jobId,
        status,
        attempt,
        max_attempts: this.maxAttempts,
      },
      pointers: { context: [], args: this.#argsDigest, result, artifacts: [] },
    };
  }
}

const EXECUTOR = { type: "executor", id: "worker-eu-2" } as const;
/** Only the gate executes the wish for another scope. */
const executorOf = ({ tool }: ActionBlock) => (tool === EXTENSION_TOOL ? EXTENSION_EXECUTOR : EXECUTOR.id);

/** An edit of the events of one kind; `nth` counts them from 0, all of them when it is not given. */
export function editing<K extends Kind>(type: K, change: (event: EventOf<K>) => ReturnType<Edit>, nth?: number): Edit {
  let seen = 0;
  return (event) => {
    if (event.type !== type || (nth !== undefined && seen++ !== nth)) return event;
    return change(event as EventOf<K>); // its type was just compared
  };
}

/** An edit that leaves out the events of one kind. */
export function omitting(type: Kind, nth?: number): Edit {
  return editing(type, () => undefined, nth);
}

/** Another id of the same form. */
export function otherId(id: string): string {
  return `${id.slice(0, -1)}${id.endsWith("0") ? "1" : "0"}`;
}

const publicKeys = new Map<string, string>();

/** Made once per key: many stories have the same people. */
function publicOf(secret: Uint8Array): string {
  const name = hex(secret);
  const known = publicKeys.get(name) ?? formatBase64Url(ed25519.getPublicKey(secret));
  publicKeys.set(name, known);
  return known;
}

/** The members of `after` that differ from `before`. */
function changed<T extends object>(after: T, before: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(after).filter(([name, value]) => value !== (before as Record<string, unknown>)[name]),
  ) as Partial<T>; // a selection of the members of T
}
