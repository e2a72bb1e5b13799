/**
 * The control state: what the control chain's events add up to. Who the agents, people and keys are, which policy is
 * active, what is frozen and what is held, at one point of the log. The ledger steps it before it places an event; the
 * verifier steps it over evidence it did not write. Spec: spec/control.md.
 *
 * Plain JSON, never changed in place: a step copies only what changes.
 */
import { parseBase64Url } from "./base64.ts";
import { publicKeyFault } from "./ed25519.ts";
import { assertNever } from "./errors.ts";
import { es256KeyFault } from "./es256.ts";
import type { ActorBlock, ControlEvent, EventOf, RoleName } from "./event.ts";
import { type Fault, fault } from "./fault.ts";
import { own } from "./own.ts";
import { answerTextReason } from "./policy-answer.ts";
import { capabilityCovers, globMatches } from "./scope.ts";

/** Enrolments and publishes a production tenant may do before it is sealed, without a second person. */
export const MAX_BOOTSTRAP_ACTS = 5;

type KeyBlock = EventOf<"log.key.added">["key"];
type Agent = EventOf<"agent.changed">["agent"];
type Enrolment = EventOf<"approver.key.enrolled">["enrolment"];
type TenantKind = EventOf<"tenant.created">["created"]["kind"];

/** A key of the server announced in the log. Indexes are leafIndexes of the events that say so. */
export type LogKey = KeyBlock & {
  readonly addedIndex: number;
  readonly retiredIndex?: number;
  readonly revoked?: {
    readonly index: number;
    readonly at: string;
    readonly compromisedSince?: string;
    readonly lastTrustedSize?: number;
  };
};

/** `event` is the newest agent.registered or agent.changed: what run.started cites as its ceiling. */
export type AgentState = Agent & { readonly event: string };

export type CredentialState = {
  readonly role: RoleName;
  readonly holder: EventOf<"credential.issued">["credential"]["holder"];
  readonly expiresAt?: string;
  readonly replaces?: string;
  /** Which secret it is: `sha256:` and 64 hex digits. */
  readonly secretDigest?: string;
  readonly revoked?: { readonly at: string; readonly compromisedSince?: string };
};

export type PersonState = {
  readonly live: boolean;
  readonly roles: readonly string[];
  readonly approverRoles: readonly string[];
};

export type ApproverKey = {
  readonly kid: string;
  readonly person: string;
  readonly method: Enrolment["method"];
  readonly alg: KeyBlock["alg"];
  /** The raw public key, base64url. */
  readonly x: string;
  readonly rpId?: string;
  readonly enrolledAt: string;
  readonly event: string;
  readonly revoked?: { readonly at: string; readonly compromisedSince?: string };
};

export type PolicyInForce = {
  readonly revision: string;
  readonly digest: string;
  readonly author: string;
  readonly engine: string;
  readonly event: string;
};

/** A publish or a rollback that waits for other people's word. */
export type PublishRequest = {
  /** The policy.publish.requested event. */
  readonly event: string;
  readonly digest: string;
  /** The digest that was in force, and must be still. */
  readonly expected: string | null;
  readonly rollback: boolean;
  readonly impactDigest: string | null;
  /** Who asked: a person's alias, or another actor's id. */
  readonly by: string;
  readonly approvals: readonly string[];
  /** Why, as a code. */
  readonly reason: string;
  readonly incident: string | null;
};

/** What a candidate was compared to last, and what of it was acknowledged. */
export type PolicySimulation = {
  /** The policy.simulated event. */
  readonly event: string;
  /** The digest that was in force. */
  readonly against: string;
  readonly impactDigest: string;
  /** Groups of changes that let more through and nobody has acknowledged. */
  readonly open: readonly string[];
  readonly acknowledged: readonly string[];
  /** More groups than an event names. */
  readonly leftOut: boolean;
};

export type Freeze = EventOf<"freeze.placed">["freeze"] & { readonly event: string; readonly at: string };

/** A freeze that is over; `liftedIndex` is the leafIndex of freeze.lifted. */
export type LiftedFreeze = Freeze & { readonly liftedIndex: number };

export type ControlState = {
  readonly log: { readonly origin: string; readonly epoch: number; readonly closed: boolean } | null;
  readonly keys: Readonly<Record<string, LogKey>>;
  readonly tenant: {
    readonly id: string;
    readonly kind: TenantKind;
    readonly originHost: string;
    readonly sealed: boolean;
    /** Actions are recorded without being enforced; gone with the first publish. */
    readonly observing?: true;
  } | null;
  /** Events marked `bootstrap`; `bare` counts those of them that enrolled a key or published a policy. */
  readonly bootstrap: { readonly acts: number; readonly bare: number };
  readonly agents: Readonly<Record<string, AgentState>>;
  readonly credentials: Readonly<Record<string, CredentialState>>;
  readonly persons: Readonly<Record<string, PersonState>>;
  readonly approverKeys: Readonly<Record<string, ApproverKey>>;
  readonly policy: PolicyInForce | null;
  /** Every revision ever published, with its digest, author and engine; none is used twice. */
  readonly revisions: Readonly<Record<string, Pick<PolicyInForce, "digest" | "author" | "engine">>>;
  /** Digests that are never to be published again. */
  readonly retired: Readonly<Record<string, true>>;
  /** Bundles that were stored, by digest, and who brought each first. */
  readonly uploads: Readonly<Record<string, string>>;
  /** The newest of each candidate, by digest; a publish or a rollback ends them all. */
  readonly simulations: Readonly<Record<string, PolicySimulation>>;
  /** At most one at a time; a newer request takes the place of an older one. */
  readonly publishing: PublishRequest | null;
  readonly shadow: string | null;
  readonly freezes: readonly Freeze[];
  /** Of each kind and subject ever frozen, the freeze lifted last: what it voided stays void. */
  readonly lifted: readonly LiftedFreeze[];
  readonly retention: { readonly version: number; readonly digest: string } | null;
  readonly holds: Readonly<Record<string, { readonly live: boolean; readonly event: string }>>;
  readonly erasures: Readonly<Record<string, "requested" | "parked" | "erased">>;
  readonly witnessPolicy: string | null;
};

const EMPTY: ControlState = {
  log: null,
  keys: {},
  tenant: null,
  bootstrap: { acts: 0, bare: 0 },
  agents: {},
  credentials: {},
  persons: {},
  approverKeys: {},
  policy: null,
  revisions: {},
  retired: {},
  uploads: {},
  simulations: {},
  publishing: null,
  shadow: null,
  freezes: [],
  lifted: [],
  retention: null,
  holds: {},
  erasures: {},
  witnessPolicy: null,
};

/** The control state before the first event. */
export function emptyControl(): ControlState {
  return EMPTY;
}

/**
 * The state after one control event, and why the event is unlawful. The event is applied even then, so that one bad
 * event does not make every later one look bad. Chain links (ctl_seq, ctl_head) are checked with the bytes, not here.
 */
export function stepControl(
  state: ControlState,
  event: ControlEvent,
): { readonly state: ControlState; readonly faults: Fault[] } {
  const unlawful: string[] = [];
  const opened = openingReason(state, event);
  if (opened !== undefined) unlawful.push(opened);
  const after = countBootstrap(state, event, unlawful);
  const next = apply(after, event, unlawful);
  if (unlawful.length === 0) return { state: next, faults: [] };
  const at = { index: event.integrity.index, eventId: event.event_id };
  return {
    state: next,
    faults: unlawful.map((why) => fault("control-event-unlawful", `${event.type}: ${why}`, at)),
  };
}

// ── Lookups ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A registered agent, retired ones included; undefined when none of this name was ever registered. */
export function agentOf(control: ControlState, id: string): AgentState | undefined {
  return own(control.agents, id);
}

/** The capabilities the agent may ever use now: none when it is unknown or retired. */
export function ceilingOf(control: ControlState, id: string): readonly string[] {
  const agent = agentOf(control, id);
  return agent === undefined || agent.retired === true ? [] : agent.ceiling;
}

/** Whether the agent's registration lets it act in this environment; one that lists none lets it act in any. */
export function mayActIn(control: ControlState, id: string, environment: string | undefined): boolean {
  const listed = agentOf(control, id)?.environments;
  return listed === undefined || (environment !== undefined && listed.includes(environment));
}

/** A person who is in the tenant now. */
export function personOf(control: ControlState, alias: string): PersonState | undefined {
  const person = own(control.persons, alias);
  return person?.live === true ? person : undefined;
}

/** Aliases of the people who hold this approver role now, in the order they were added. */
export function personsWithRole(control: ControlState, approverRole: string): string[] {
  return Object.keys(control.persons).filter((alias) => holdsApproverRole(control, alias, approverRole));
}

/** Whether the person is in the tenant and holds this approver role now. */
export function holdsApproverRole(control: ControlState, alias: string, approverRole: string): boolean {
  return personOf(control, alias)?.approverRoles.includes(approverRole) === true;
}

/** A credential that has not been revoked; its expiry is the caller's to compare. */
export function credentialOf(control: ControlState, id: string): CredentialState | undefined {
  const credential = own(control.credentials, id);
  return credential?.revoked === undefined ? credential : undefined;
}

/** An approver key ever enrolled, revoked ones included. */
export function approverKeyOf(control: ControlState, kid: string): ApproverKey | undefined {
  return own(control.approverKeys, kid);
}

/** People with at least one live approver key. */
export function enrolledPeople(control: ControlState): Set<string> {
  const people = new Set<string>();
  for (const key of Object.values(control.approverKeys)) {
    if (key.revoked === undefined && personOf(control, key.person) !== undefined) people.add(key.person);
  }
  return people;
}

/** The policy in force now, or undefined before the first publish. */
export function activePolicyOf(control: ControlState): PolicyInForce | undefined {
  return control.policy ?? undefined;
}

/** Whether actions are only observed: the tenant said so, and no policy was ever published. */
export function isObserving(control: ControlState): boolean {
  return control.tenant?.observing === true && control.policy === null;
}

/** What a freeze may cover. */
export type FreezeScope = {
  readonly agent: string;
  readonly capability: string;
  readonly target: { readonly system: string; readonly resource: string };
};

/** Freezes that cover the agent, the capability or the target, or the whole tenant. */
export function freezesOver(control: ControlState, over: FreezeScope): Freeze[] {
  if (control.freezes.length === 0) return [];
  return control.freezes.filter((freeze) => covers(freeze, over));
}

/** A lifted freeze that covered this after entry `index`: a permit or an approval request of that entry is void. */
export function freezeSince(control: ControlState, index: number, over: FreezeScope): LiftedFreeze | undefined {
  return control.lifted.find((freeze) => freeze.liftedIndex > index && covers(freeze, over));
}

/** A permit key ever announced, retired and revoked ones included. */
export function permitKeyOf(control: ControlState, kid: string): LogKey | undefined {
  const key = own(control.keys, kid);
  return key?.purpose === "permit" ? key : undefined;
}

/** Every checkpoint key ever announced. */
export function checkpointKeysOf(control: ControlState): LogKey[] {
  return Object.values(control.keys).filter((key) => key.purpose === "checkpoint");
}

/**
 * Whether a key may sign for a log of `treeSize` entries: announced below it, and neither retired before nor revoked.
 * The checkpoint that covers the retirement itself is still signed by the old key. spec/checkpoint.md
 */
export function keyLiveAt(key: LogKey, treeSize: number): boolean {
  if (key.addedIndex >= treeSize) return false;
  if (key.retiredIndex !== undefined && treeSize > key.retiredIndex + 1) return false;
  return key.revoked === undefined || treeSize <= (key.revoked.lastTrustedSize ?? key.revoked.index);
}

/**
 * Whether a permit signed by this key at `at`, in the entry of this index, may be relied on as far as the control state
 * knows: the key was announced, was live then, and is not known to have been in other hands by then.
 */
export function isPermitKeyGood(
  control: ControlState,
  { kid, index, at }: { readonly kid: string; readonly index: number; readonly at: string },
): boolean {
  const key = permitKeyOf(control, kid);
  if (key === undefined || !keyLiveAt(key, index + 1)) return false;
  const since = key.revoked?.compromisedSince;
  return since === undefined || since > at;
}

/** Whether the tenant wants two people for what matters. A log without tenant.created is treated as strictly. */
export function needsTwoPeople(control: ControlState): boolean {
  return control.tenant?.kind !== "evaluation";
}

// ── The steps ──────────────────────────────────────────────────────────────────────────────────────────────────────

function openingReason(state: ControlState, event: ControlEvent): string | undefined {
  if (event.type === "log.genesis") return undefined;
  if (state.log === null) return "the log has no genesis before it";
  if (state.log.closed && event.type !== "log.key.retired" && event.type !== "log.key.revoked")
    return "the log is closed";
  const ofLog = event.type.startsWith("log.") || event.type === "tenant.created";
  return state.tenant === null && !ofLog ? "the tenant has not been created" : undefined;
}

function countBootstrap(state: ControlState, event: ControlEvent, unlawful: string[]): ControlState {
  if (!("bootstrap" in event) || event.bootstrap !== true) return state;
  if (state.tenant?.sealed === true) unlawful.push("bootstrap ended when the tenant was sealed");
  const bare = event.type === "approver.key.enrolled" || event.type === "policy.published" ? 1 : 0;
  const bootstrap = { acts: state.bootstrap.acts + 1, bare: state.bootstrap.bare + bare };
  if (bare === 1 && bootstrap.bare > MAX_BOOTSTRAP_ACTS && needsTwoPeople(state)) {
    unlawful.push(`more than ${MAX_BOOTSTRAP_ACTS} enrolments and publishes without a second person`);
  }
  return { ...state, bootstrap };
}

function apply(state: ControlState, event: ControlEvent, unlawful: string[]): ControlState {
  const index = event.integrity.index;
  switch (event.type) {
    case "log.genesis":
      return genesis(state, event, unlawful);
    case "log.heartbeat":
    case "log.clock.jumped":
    case "config.overridden":
    case "backup.taken":
    case "backup.restored":
    case "policy.validated":
      return state;
    case "log.epoch.opened": {
      const { epoch, origin } = event.epoch;
      if (state.log === null) return state;
      if (epoch < state.log.epoch) unlawful.push(`epoch ${epoch} is older than ${state.log.epoch}`);
      return { ...state, log: { ...state.log, epoch, origin } };
    }
    case "log.closed":
      return state.log === null ? state : { ...state, log: { ...state.log, closed: true } };
    case "log.key.added": {
      if (own(state.keys, event.key.kid) !== undefined) unlawful.push(`key ${event.key.kid} was announced before`);
      return { ...state, keys: { ...state.keys, [event.key.kid]: { ...event.key, addedIndex: index } } };
    }
    case "log.key.retired":
    case "log.key.revoked":
      return endKey(state, event, unlawful);

    case "tenant.created": {
      if (state.tenant !== null) unlawful.push("the tenant was created before");
      const { kind, origin_host: originHost } = event.created;
      return { ...state, tenant: { id: event.tenant, kind, originHost, sealed: false } };
    }
    case "tenant.changed":
      return changeTenant(state, event, unlawful);
    case "tenant.sealed": {
      if (state.tenant === null) return state;
      if (state.tenant.sealed) unlawful.push("the tenant was sealed before");
      const people = Object.values(state.persons).filter((person) => person.live).length;
      const { people: said, bootstrap_acts: acts } = event.sealed;
      if (said !== people) unlawful.push(`it counts ${said} people, there are ${people}`);
      if (acts !== state.bootstrap.acts) {
        unlawful.push(`it counts ${acts} bootstrap acts, there were ${state.bootstrap.acts}`);
      }
      return { ...state, tenant: { ...state.tenant, sealed: true } };
    }

    case "agent.registered":
    case "agent.changed": {
      const { agent } = event;
      const known = agentOf(state, agent.id) !== undefined;
      if (event.type === "agent.registered" && known) unlawful.push(`agent ${agent.id} is registered`);
      if (event.type === "agent.changed" && !known) unlawful.push(`agent ${agent.id} is not registered`);
      for (const alias of [agent.owner, agent.accountable]) {
        if (alias !== undefined && personOf(state, alias) === undefined) unlawful.push(unknownPerson(alias));
      }
      return { ...state, agents: { ...state.agents, [agent.id]: { ...agent, event: event.event_id } } };
    }

    case "credential.issued": {
      const { id, role, holder } = event.credential;
      if (own(state.credentials, id) !== undefined) unlawful.push(`credential ${id} was issued before`);
      const issued: CredentialState = { role, holder, ...secretOf(event.credential) };
      return { ...state, credentials: { ...state.credentials, [id]: issued } };
    }
    case "credential.rotated": {
      const { id, replaces } = event.credential;
      const old = credentialOf(state, replaces);
      if (own(state.credentials, id) !== undefined) unlawful.push(`credential ${id} was issued before`);
      if (old === undefined) {
        unlawful.push(`credential ${replaces} is not live`);
        return state;
      }
      const { role, holder } = old;
      const rotated: CredentialState = { role, holder, replaces, ...secretOf(event.credential) };
      return { ...state, credentials: { ...state.credentials, [id]: rotated } };
    }
    case "credential.revoked": {
      const { id } = event.credential;
      const old = credentialOf(state, id);
      if (old === undefined) {
        unlawful.push(`credential ${id} is not live`);
        return state;
      }
      return { ...state, credentials: { ...state.credentials, [id]: { ...old, revoked: revocation(event) } } };
    }

    case "person.added": {
      const { alias } = event.person;
      if (personOf(state, alias) !== undefined) unlawful.push(`person ${alias} was added before`);
      return withPerson(state, alias, { live: true, roles: [], approverRoles: [] });
    }
    case "person.removed": {
      const { alias } = event.person;
      if (personOf(state, alias) === undefined) unlawful.push(unknownPerson(alias));
      return withPerson(state, alias, { live: false, roles: [], approverRoles: [] });
    }
    case "role.granted":
    case "role.revoked": {
      const { person: alias, role, kind } = event.grant;
      const person = personOf(state, alias);
      if (person === undefined) {
        unlawful.push(unknownPerson(alias));
        return state;
      }
      const list = kind === "role" ? "roles" : "approverRoles";
      const held = person[list];
      const granting = event.type === "role.granted";
      if (held.includes(role) === granting) {
        unlawful.push(granting ? `${alias} holds ${role} already` : `${alias} does not hold ${role}`);
      }
      const after = granting ? [...held.filter((one) => one !== role), role] : held.filter((one) => one !== role);
      return withPerson(state, alias, { ...person, [list]: after });
    }
    case "approver.key.enrolled":
      return enrol(state, event, unlawful);
    case "approver.key.revoked": {
      const { kid, person } = event.enrolment;
      const key = approverKeyOf(state, kid);
      if (key === undefined || key.person !== person || key.revoked !== undefined) {
        unlawful.push(`key ${kid} is not a live key of ${person}`);
      }
      if (key === undefined) return state;
      return { ...state, approverKeys: { ...state.approverKeys, [kid]: { ...key, revoked: revocation(event) } } };
    }
    case "witness.policy.changed":
      return { ...state, witnessPolicy: event.witness_policy.digest };

    case "policy.uploaded": {
      const { digest } = event.bundle;
      if (own(state.uploads, digest) !== undefined) return state;
      return { ...state, uploads: { ...state.uploads, [digest]: event.actor.id } };
    }
    case "policy.simulated":
      return simulated(state, event, unlawful);
    case "policy.acknowledged":
      return acknowledge(state, event, unlawful);
    case "policy.publish.requested":
      return requestPublish(state, event, unlawful);
    case "policy.publish.answered":
      return answerPublish(state, event, unlawful);
    case "policy.published":
      return publish(state, event, unlawful);
    case "policy.rolled_back":
      return rollBack(state, event, unlawful);
    case "policy.retired": {
      const { digest } = event.bundle;
      if (state.policy?.digest === digest) unlawful.push("the active policy cannot be retired");
      return { ...state, retired: { ...state.retired, [digest]: true } };
    }
    case "policy.shadow.started": {
      if (state.shadow !== null) unlawful.push("another policy is in shadow");
      return { ...state, shadow: event.shadow.digest };
    }
    case "policy.shadow.stopped": {
      if (state.shadow !== event.shadow.digest) unlawful.push("that policy is not in shadow");
      return { ...state, shadow: null };
    }

    case "freeze.placed": {
      const { freeze } = event;
      if (state.freezes.some((one) => one.freeze_id === freeze.freeze_id)) {
        unlawful.push(`freeze ${freeze.freeze_id} is in force`);
      }
      if ((freeze.kind === "tenant") !== (freeze.subject === undefined)) {
        unlawful.push("a freeze names a subject unless it covers the tenant");
      }
      const placed: Freeze = { ...freeze, event: event.event_id, at: event.ts };
      return { ...state, freezes: [...state.freezes, placed] };
    }
    case "freeze.lifted": {
      const { freeze_id: id, people } = event.freeze;
      const freeze = state.freezes.find((one) => one.freeze_id === id);
      twoPeople(state, people, unlawful);
      if (freeze === undefined) {
        unlawful.unshift(`freeze ${id} is not in force`);
        return state;
      }
      const others = state.lifted.filter(({ kind, subject }) => kind !== freeze.kind || subject !== freeze.subject);
      return {
        ...state,
        freezes: state.freezes.filter((one) => one.freeze_id !== id),
        lifted: [...others, { ...freeze, liftedIndex: event.integrity.index }],
      };
    }

    case "retention.rules.published": {
      const { version, digest, shortens, approved_by: approvedBy } = event.retention;
      if (state.retention !== null && version <= state.retention.version) {
        unlawful.push(`version ${version} does not follow ${state.retention.version}`);
      }
      if (shortens && needsTwoPeople(state)) secondPerson(state, approvedBy, event.actor.id, unlawful);
      return { ...state, retention: { version, digest } };
    }
    case "retention.pruned": {
      if (state.retention?.digest !== event.pruned.rules_digest)
        unlawful.push("it applies rules that are not in force");
      return state;
    }
    case "hold.placed": {
      const { hold_id: id } = event.hold;
      if (own(state.holds, id) !== undefined) unlawful.push(`hold ${id} was placed before`);
      return { ...state, holds: { ...state.holds, [id]: { live: true, event: event.event_id } } };
    }
    case "hold.released": {
      const { hold_id: id, approved_by: approvedBy } = event.hold;
      const hold = own(state.holds, id);
      if (hold?.live !== true) unlawful.push(`hold ${id} is not in force`);
      if (needsTwoPeople(state)) secondPerson(state, approvedBy, event.actor.id, unlawful);
      if (hold === undefined) return state;
      return { ...state, holds: { ...state.holds, [id]: { ...hold, live: false } } };
    }
    case "erasure.requested":
    case "erasure.parked":
    case "subject.erased": {
      const { subject } = event.erasure;
      if (event.type === "erasure.requested") return withErasure(state, subject, "requested");
      if (own(state.erasures, subject) === undefined) unlawful.push("nobody requested this erasure");
      return withErasure(state, subject, event.type === "erasure.parked" ? "parked" : "erased");
    }
    default:
      return assertNever(event);
  }
}

function genesis(state: ControlState, event: EventOf<"log.genesis">, unlawful: string[]): ControlState {
  const { origin, epoch, keys: announced, previous } = event.genesis;
  if (origin !== event.integrity.log) unlawful.push(`it names origin ${origin}, the log is ${event.integrity.log}`);
  if (event.integrity.index !== 0) unlawful.push("it is not the log's first entry");
  if (state.log !== null) {
    // A rollback opens a new epoch: the rules go on, and the new log says which tree it continues.
    if (epoch <= state.log.epoch) unlawful.push(`epoch ${epoch} does not follow ${state.log.epoch}`);
    if (previous === undefined) unlawful.push("a later epoch cites the last trusted checkpoint");
  }
  if (!announced.some((key) => key.purpose === "checkpoint")) unlawful.push("it announces no checkpoint key");
  const keys: Record<string, LogKey> = {};
  for (const key of announced) {
    if (own(keys, key.kid) !== undefined) unlawful.push(`key ${key.kid} is announced twice`);
    keys[key.kid] = { ...key, addedIndex: event.integrity.index };
  }
  return { ...state, log: { origin, epoch, closed: false }, keys };
}

function endKey(
  state: ControlState,
  event: EventOf<"log.key.retired"> | EventOf<"log.key.revoked">,
  unlawful: string[],
): ControlState {
  const { kid } = event.key;
  const key = own(state.keys, kid);
  if (key === undefined) {
    unlawful.push(`key ${kid} was never announced`);
    return state;
  }
  if (key.revoked !== undefined) unlawful.push(`key ${kid} was revoked before`);
  const { index } = event.integrity;
  if (event.type === "log.key.retired") {
    if (key.retiredIndex !== undefined) unlawful.push(`key ${kid} was retired before`);
    return { ...state, keys: { ...state.keys, [kid]: { ...key, retiredIndex: index } } };
  }
  const { last_trusted_size: size } = event;
  const revoked = { index, ...revocation(event), ...(size === undefined ? {} : { lastTrustedSize: size }) };
  return { ...state, keys: { ...state.keys, [kid]: { ...key, revoked } } };
}

function changeTenant(state: ControlState, event: EventOf<"tenant.changed">, unlawful: string[]): ControlState {
  const { kind, observing } = event.changed;
  const before = observing === undefined ? state : observe(state, observing, unlawful);
  if (before.tenant === null || kind === undefined || kind === before.tenant.kind) return before;
  if (kind === "evaluation") unlawful.push("a production tenant stays one");
  else if (enrolledPeople(before).size < 2) unlawful.push("a production tenant needs two enrolled people");
  return { ...before, tenant: { ...before.tenant, kind } };
}

/** Observing is for the time before there is a policy, and nobody begins it alone where two people are needed. */
function observe(state: ControlState, observing: boolean, unlawful: string[]): ControlState {
  if (state.tenant === null) return state;
  if (observing && state.policy !== null) unlawful.push("observing ended with the first publish");
  if (observing && state.tenant.sealed && needsTwoPeople(state)) {
    unlawful.push("a sealed production tenant does not begin to observe");
  }
  const { observing: _, ...tenant } = state.tenant;
  return { ...state, tenant: observing && state.policy === null ? { ...tenant, observing } : tenant };
}

/** What ends for good with the first publish. */
function enforcing(tenant: ControlState["tenant"]): ControlState["tenant"] {
  if (tenant?.observing === undefined) return tenant;
  const { observing: _, ...rest } = tenant;
  return rest;
}

function enrol(state: ControlState, event: EventOf<"approver.key.enrolled">, unlawful: string[]): ControlState {
  const { person, key, method, rp_id: rpId, approved_by: approvedBy } = event.enrolment;
  if (personOf(state, person) === undefined) unlawful.push(unknownPerson(person));
  if (approverKeyOf(state, key.kid) !== undefined) unlawful.push(`key ${key.kid} was enrolled before`);
  if (key.purpose !== "approver") unlawful.push(`key ${key.kid} is for ${key.purpose}`);
  if (key.x === undefined) unlawful.push(`key ${key.kid} has no public key`);
  else if (key.alg === "ed25519" && publicKeyFault(parseBase64Url(key.x) ?? new Uint8Array(0)) !== undefined) {
    unlawful.push(`key ${key.kid} is not an acceptable Ed25519 key`);
  }
  if (key.alg === "es256" && es256KeyFault(parseBase64Url(key.x ?? "") ?? new Uint8Array(0)) !== undefined) {
    unlawful.push(`key ${key.kid} is not an acceptable P-256 key`);
  }
  if (key.alg !== "ed25519" && !(key.alg === "es256" && method === "webauthn")) {
    unlawful.push(`${key.alg} is no algorithm of method ${method}`);
  }
  if (method === "webauthn" && rpId === undefined) unlawful.push("a passkey pins its relying party id");
  if (needsTwoPeople(state) && event.bootstrap !== true) secondPerson(state, approvedBy, person, unlawful);
  const enrolled: ApproverKey = {
    kid: key.kid,
    person,
    method,
    alg: key.alg,
    x: key.x ?? "",
    ...(rpId === undefined ? {} : { rpId }),
    enrolledAt: event.ts,
    event: event.event_id,
  };
  return { ...state, approverKeys: { ...state.approverKeys, [key.kid]: enrolled } };
}

function publish(state: ControlState, event: EventOf<"policy.published">, unlawful: string[]): ControlState {
  const { revision, digest, previous, author, approved_by: approvedBy, separation, engine } = event.publish;
  if (own(state.revisions, revision) !== undefined) unlawful.push(`revision ${revision} was used before`);
  if (previous?.digest !== state.policy?.digest || previous?.revision !== state.policy?.revision) {
    unlawful.push(`it replaces ${previous?.revision ?? "nothing"}, active is ${state.policy?.revision ?? "nothing"}`);
  }
  refuseRetired(state, digest, unlawful);
  const others = approvedBy.filter((alias) => alias !== author);
  for (const alias of approvedBy) if (personOf(state, alias) === undefined) unlawful.push(unknownPerson(alias));
  if (separation === "two_people" && others.length === 0) unlawful.push("nobody but the author approved it");
  if (separation === "waived" && needsTwoPeople(state) && event.bootstrap !== true) {
    unlawful.push("a production tenant needs another person's approval");
  }
  // Before a tenant is sealed, what is marked as done alone is counted instead; nothing else goes unasked.
  const isAsked = state.tenant?.sealed === true || (needsTwoPeople(state) && event.bootstrap !== true);
  if (separation === "two_people" && isAsked)
    approvedByOthers(state, { digest, rollback: false }, approvedBy, unlawful);
  const policy: PolicyInForce = { revision, digest, author, engine, event: event.event_id };
  const revisions = { ...state.revisions, [revision]: { digest, author, engine } };
  return { ...state, tenant: enforcing(state.tenant), policy, revisions, publishing: null, simulations: {} };
}

function simulated(state: ControlState, event: EventOf<"policy.simulated">, unlawful: string[]): ControlState {
  const { digest, against, impact_digest: impactDigest, groups = [], groups_left_out: leftOut = 0 } = event.simulation;
  if (wantsAgreement(state) && own(state.uploads, digest) === undefined) unlawful.push(neverStored(digest));
  const simulation: PolicySimulation = {
    event: event.event_id,
    against,
    impactDigest,
    open: groups,
    acknowledged: [],
    leftOut: leftOut > 0,
  };
  return { ...state, simulations: { ...state.simulations, [digest]: simulation } };
}

function acknowledge(state: ControlState, event: EventOf<"policy.acknowledged">, unlawful: string[]): ControlState {
  const { digest, simulation: cited, impact_digest: impactDigest, groups } = event.acknowledgement;
  const simulation = own(state.simulations, digest);
  if (simulation?.event !== cited || simulation.impactDigest !== impactDigest) {
    unlawful.push(`${cited} is not the newest simulation of ${digest}`);
    return state;
  }
  const strangers = groups.filter((group) => !simulation.open.includes(group));
  if (strangers.length > 0) unlawful.push(`${strangers.join(", ")} does not wait for an acknowledgement`);
  if (wantsAgreement(state)) {
    if (!speaksForItself(state, event)) unlawful.push(`${event.actor.id} is no person with their own word`);
    else if (!isPolicyAdmin(state, event.actor.id)) unlawful.push(noPolicyAdmin(event.actor.id));
  }
  const after: PolicySimulation = {
    ...simulation,
    open: simulation.open.filter((group) => !groups.includes(group)),
    acknowledged: [...simulation.acknowledged, ...groups],
  };
  return { ...state, simulations: { ...state.simulations, [digest]: after } };
}

function requestPublish(
  state: ControlState,
  event: EventOf<"policy.publish.requested">,
  unlawful: string[],
): ControlState {
  const {
    digest,
    expected = null,
    rollback = false,
    impact_digest: impactDigest = null,
    incident = null,
  } = event.publish;
  if (wantsAgreement(state)) {
    if (own(state.uploads, digest) === undefined && !rollback) unlawful.push(neverStored(digest));
    const unseen = unseenReason(state, event.publish);
    if (unseen !== undefined) unlawful.push(unseen);
    const { type, id } = event.actor;
    // Who asked counts as one of the two: a service of a person's name must not.
    const inAPersonsName = type === "person" || own(state.persons, id) !== undefined;
    if (inAPersonsName && !speaksForItself(state, event)) unlawful.push(`nobody shows that ${id} asks`);
  }
  const publishing: PublishRequest = {
    event: event.event_id,
    digest,
    expected,
    rollback,
    impactDigest,
    by: event.actor.id,
    approvals: [],
    reason: event.reason.code,
    incident,
  };
  return { ...state, publishing };
}

/** Why the publish asked for has not been compared with what is in force, or not all of what it lets through was seen. */
function unseenReason(
  state: ControlState,
  publish: EventOf<"policy.publish.requested">["publish"],
): string | undefined {
  if (publish.rollback === true || state.policy === null) return undefined;
  const simulation = own(state.simulations, publish.digest);
  if (simulation === undefined || simulation.event !== publish.simulation) return "it cites no newest simulation";
  if (simulation.against !== state.policy.digest) return "it was simulated against another policy than the active one";
  if (simulation.impactDigest !== publish.impact_digest) return "it states another impact than its simulation";
  if (simulation.leftOut) return "it lets more through than can be acknowledged";
  return simulation.open.length === 0 ? undefined : `${simulation.open.length} groups of changes are not acknowledged`;
}

/** Signatures are verified elsewhere, because that is slow: policy-answer.ts. */
function answerPublish(
  state: ControlState,
  event: EventOf<"policy.publish.answered">,
  unlawful: string[],
): ControlState {
  const { publishing } = state;
  const { request, digest, answer, person, signed } = event.answer;
  if (publishing?.event !== request || publishing.digest !== digest) {
    unlawful.push(`request ${request} is not open`);
    return state;
  }
  if (answer === "withdraw") {
    if (event.actor.id !== publishing.by) unlawful.push(`only ${publishing.by} withdraws the request`);
    return { ...state, publishing: null };
  }
  if (person === undefined) {
    unlawful.push("nobody answers");
    return state;
  }
  if (!isPolicyAdmin(state, person)) unlawful.push(noPolicyAdmin(person));
  const isOwnWord = event.actor.id === person && speaksForItself(state, event);
  if (!isOwnWord && signed === undefined) unlawful.push(`${event.actor.id} speaks for ${person}, who signed nothing`);
  const otherText = answerTextReason(event, publishing);
  if (otherText !== undefined) unlawful.push(otherText);
  if (signed !== undefined) {
    const key = approverKeyOf(state, signed.kid);
    if (key?.person !== person || key.revoked !== undefined)
      unlawful.push(`${signed.kid} is not a live key of ${person}`);
  }
  if (answer === "reject") return { ...state, publishing: null };
  if (person === publishing.by) unlawful.push(`${person} approved their own request`);
  else if (wantsAgreement(state) && !publishing.rollback && own(state.uploads, digest) === person) {
    unlawful.push(`${person} approved a bundle of their own`);
  }
  if (wantsAgreement(state)) {
    if (!enrolledPeople(state).has(person)) unlawful.push(`${person} has no live approver key`);
  }
  if (publishing.approvals.includes(person)) unlawful.push(`${person} approved before`);
  return { ...state, publishing: { ...publishing, approvals: [...publishing.approvals, person] } };
}

function refuseRetired(state: ControlState, digest: string, unlawful: string[]): void {
  if (own(state.retired, digest) === true) unlawful.push(`${digest} was retired`);
}

/** Whether the people named did approve, and whether two people stand behind it. */
function approvedByOthers(
  state: ControlState,
  what: { readonly digest: string; readonly rollback: boolean },
  approvedBy: readonly string[],
  unlawful: string[],
): void {
  const { publishing } = state;
  if (publishing?.digest !== what.digest || publishing.rollback !== what.rollback) {
    unlawful.push("nobody asked for it");
    return;
  }
  if (publishing.expected !== (state.policy?.digest ?? null))
    unlawful.push("another policy is in force than when it was asked for");
  const strangers = approvedBy.filter((alias) => !publishing.approvals.includes(alias));
  if (strangers.length > 0) unlawful.push(`${strangers.join(", ")} did not approve it`);
  if (peopleBehind(state, publishing).size < 2) unlawful.push("fewer than two people stand behind it");
}

/**
 * People who asked for a publish or approved it, and are policy-admins with a live approver key now. Whoever asked and is
 * no such person is not one of them.
 */
export function peopleBehind(state: ControlState, { by, approvals }: PublishRequest): ReadonlySet<string> {
  const enrolled = enrolledPeople(state);
  return new Set([by, ...approvals].filter((alias) => isPolicyAdmin(state, alias) && enrolled.has(alias)));
}

/** Whether publishing takes two people here: in a production tenant, once its beginning is over. */
export function wantsAgreement(state: ControlState): boolean {
  return needsTwoPeople(state) && state.tenant?.sealed === true;
}

/** Whether the person is in the tenant and a policy-admin now. */
export function isPolicyAdmin(state: ControlState, alias: string): boolean {
  return personOf(state, alias)?.roles.includes("policy-admin") === true;
}

/** Whether the actor is a person with a live credential or a session of their own: not somebody who says they are. */
function speaksForItself(state: ControlState, { actor, ts }: { readonly actor: ActorBlock; readonly ts: string }) {
  const { type, id, credential, session } = actor;
  if (type !== "person") return false;
  if (credential === undefined) return session !== undefined;
  const known = credentialOf(state, credential);
  if (known === undefined || (known.expiresAt !== undefined && known.expiresAt <= ts)) return false;
  return known.holder.kind === "person" && known.holder.id === id;
}

function secretOf(said: EventOf<"credential.rotated">["credential"] | EventOf<"credential.issued">["credential"]) {
  const { expires_at: expiresAt, secret_digest: secretDigest } = said;
  return {
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(secretDigest === undefined ? {} : { secretDigest }),
  };
}

function noPolicyAdmin(alias: string): string {
  return `${alias} is not a policy-admin of this tenant`;
}

function neverStored(digest: string): string {
  return `no bundle ${digest} was stored`;
}

function rollBack(state: ControlState, event: EventOf<"policy.rolled_back">, unlawful: string[]): ControlState {
  const { from, to_digest: digest, revision, approved_by: approvedBy = [] } = event.rollback;
  if (own(state.revisions, revision) !== undefined) unlawful.push(`revision ${revision} was used before`);
  refuseRetired(state, digest, unlawful);
  if (from.digest !== state.policy?.digest) unlawful.push(`it leaves ${from.digest}, which is not active`);
  const old = Object.values(state.revisions).findLast((one) => one.digest === digest);
  if (old === undefined) {
    unlawful.push(`${digest} was never published`);
    return state;
  }
  if (wantsAgreement(state)) approvedByOthers(state, { digest, rollback: true }, approvedBy, unlawful);
  const policy: PolicyInForce = { revision, ...old, event: event.event_id };
  return { ...state, policy, revisions: { ...state.revisions, [revision]: old }, publishing: null, simulations: {} };
}

function covers(freeze: Freeze, over: FreezeScope): boolean {
  const subject = freeze.subject ?? "";
  switch (freeze.kind) {
    case "tenant":
      return true;
    case "agent":
      return subject === over.agent;
    case "capability":
      return capabilityCovers(subject, over.capability);
    case "target": {
      const { system, resource } = over.target;
      return (
        globMatches(subject, resource) || globMatches(subject, system) || globMatches(subject, `${system}/${resource}`)
      );
    }
    default:
      return assertNever(freeze.kind);
  }
}

function twoPeople(state: ControlState, people: readonly string[], unlawful: string[]): void {
  for (const alias of people) if (personOf(state, alias) === undefined) unlawful.push(unknownPerson(alias));
  const wanted = needsTwoPeople(state) ? 2 : 1;
  if (new Set(people).size < wanted) unlawful.push(`it takes ${wanted} people`);
}

function secondPerson(state: ControlState, alias: string | undefined, first: string, unlawful: string[]): void {
  if (alias === undefined) unlawful.push("it takes another person's approval");
  else if (alias === first) unlawful.push(`${alias} approved their own act`);
  else if (personOf(state, alias) === undefined) unlawful.push(unknownPerson(alias));
}

function withPerson(state: ControlState, alias: string, person: PersonState): ControlState {
  return { ...state, persons: { ...state.persons, [alias]: person } };
}

function withErasure(state: ControlState, subject: string, stage: ControlState["erasures"][string]): ControlState {
  return { ...state, erasures: { ...state.erasures, [subject]: stage } };
}

function revocation(event: { readonly ts: string; readonly compromised_since?: string }): {
  at: string;
  compromisedSince?: string;
} {
  const { ts: at, compromised_since: since } = event;
  return { at, ...(since === undefined ? {} : { compromisedSince: since }) };
}

function unknownPerson(alias: string): string {
  return `${alias} is not a person of this tenant`;
}
