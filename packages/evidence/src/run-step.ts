/**
 * The lifecycle machine: one step of a run. Kept whole, because its parts share what they know. Spec: spec/run.md.
 */
import { actionDigest } from "./action-digest.ts";
import { type ApprovalRequest, differingMember, parseApprovalRequest, parseVote, textDigest } from "./approval.ts";
import { breakGlassFaults } from "./break-glass.ts";
import {
  activePolicyOf,
  agentOf,
  type ControlState,
  ceilingOf,
  freezeSince,
  freezesOver,
  isObserving,
  isPermitKeyGood,
  keyLiveAt,
  mayActIn,
  permitKeyOf,
  personOf,
} from "./control.ts";
import { parseDuration } from "./duration.ts";
import { assertNever } from "./errors.ts";
import type {
  ActionBlock,
  ActionEvent,
  ApprovalSummary,
  DeclaredScope,
  DispatchSummary,
  EventOf,
  InitiatorBlock,
  PolicySummary,
  RunEvent,
} from "./event.ts";
import { type Fault, type FaultCode, fault } from "./fault.ts";
import { MAX_OPEN_ACTIONS, MAX_PASSED_ON } from "./limits.ts";
import { peopleFault, placesOf, quorumOf, voterFault } from "./quorum.ts";
import { EXTENSION_EXECUTOR, extendsTo, isExtension } from "./run-extension.ts";
import {
  type ActionEnd,
  type ActionState,
  type AttemptEnd,
  actionOf,
  type BoundApproval,
  type DecisionState,
  isFailure,
  MAX_SETTLED_RECORDS,
  OPENS_MORE,
  type OpenPhase,
  openActionOf,
  type PermitState,
  type RequestState,
  type RunCounts,
  type RunState,
  requirementsOf,
  type SettledAction,
  type SignedBallot,
  separationOf,
  settledActionOf,
  usageOf,
} from "./run-state.ts";
import { type Amounts, aboveCeiling, limitFault, scopeFault, subsetFault, UNNAMED_CAPABILITY } from "./scope.ts";
import { isVoteKeyCompromised, voteKeyFault } from "./vote-signature.ts";

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** One step: a shallow copy of the state that the handlers below fill in, and the faults they find. */
export class Step {
  readonly next: Writable<RunState>;
  readonly faults: Fault[] = [];
  readonly #event: RunEvent;
  readonly #control: ControlState;
  readonly #ancestors: readonly RunState[];
  /** What the run had spent and reserved before the step; only wanted where runs stand above it. */
  readonly #usedBefore: Amounts | undefined;
  #lacking = false;

  constructor(state: RunState, event: RunEvent, control: ControlState, ancestors: readonly RunState[]) {
    this.next = { ...state };
    this.#event = event;
    this.#control = control;
    this.#ancestors = ancestors;
    this.#usedBefore = ancestors.length === 0 ? undefined : usageOf(state);
  }

  fault(code: FaultCode, detail: string): void {
    const { integrity, event_id: eventId, run_id: runId } = this.#event;
    this.faults.push(fault(code, detail, { index: integrity.index, eventId, runId }));
  }

  apply(first: boolean): void {
    const { next } = this;
    const event = this.#event;
    this.#sequence(first);
    next.events++;
    next.lastAt = event.ts;
    if (first) next.started = event.type === "run.started";
    if (!first && !sameInitiator(next.initiator, event.initiator)) {
      this.fault("initiator-changed", `the run is ${next.initiator.agent}'s, the event names ${event.initiator.agent}`);
    }
    if (next.phase === "settled") {
      this.fault("event-after-settle", `${event.type} came after the run was settled`);
    } else if (next.phase !== "open" && OPENS_MORE.has(event.type)) {
      this.fault("event-after-close", `${event.type} came after the run was closed`);
    }
    if (!this.#ofPrunedAction(event)) this.#handle(event, first);
    if (this.#lacking || (first && !next.started)) {
      next.counts = { ...next.counts, eventsLacking: next.counts.eventsLacking + 1 };
    }
  }

  /** Part of the action's events is gone, lawfully: the rest proves nothing about it. */
  #ofPrunedAction(event: RunEvent): boolean {
    if (this.next.pruned === 0 || !("action_id" in event) || event.type === "action.requested") return false;
    const one = actionOf(this.next, event.action_id);
    return one === undefined || ("pruned" in one && one.pruned === true);
  }

  #sequence(first: boolean) {
    const { next } = this;
    const { run_seq: seq, run_prev: prev, index } = this.#event.integrity;
    if (seq === undefined || prev === undefined) {
      this.fault("run-chain-broken", "the event carries no run_seq and run_prev");
      next.nextSeq++;
      return;
    }
    // A run that goes on in a later epoch's log starts there with the sequence it had.
    if (!first && seq !== next.nextSeq) {
      const kind = seq > next.nextSeq ? "a gap" : "a fork";
      this.fault("run-chain-broken", `run_seq is ${seq}, expected ${next.nextSeq}: ${kind} before entry ${index}`);
      next.gap = true;
    }
    // run_prev is the leaf hash of the run's event before: that is how a request's leaf becomes known.
    const last = next.open.at(-1);
    if (last?.request !== undefined && last.request.leaf === undefined && last.phase === "requested") {
      this.#put({ ...last, request: { ...last.request, leaf: prev } });
    }
    next.nextSeq = Math.max(next.nextSeq, seq + 1);
  }

  #handle(event: RunEvent, first: boolean) {
    switch (event.type) {
      case "run.started":
        return this.#started(event, first);
      case "run.scope.extended":
        return this.#extended(event);
      case "run.suspended":
        this.next.suspended = true;
        return;
      case "run.closed":
        return this.#closed("closed", event.closed.open_actions);
      case "run.abandoned":
        return this.#closed("abandoned", event.abandoned.open_actions);
      case "run.settled":
        return this.#settledRun(event);
      case "action.requested":
        return this.#requested(event);
      case "policy.decided":
        return this.#decided(event);
      case "approval.requested":
      case "approval.voted":
      case "approval.granted":
      case "approval.rejected":
      case "approval.expired":
      case "approval.revoked":
      case "approval.cancelled":
      case "approval.voided":
      case "approval.superseded":
      case "approval.revalidated":
      case "approval.consumed":
      case "breakglass.used":
        return this.#approval(event);
      case "dispatch.permitted":
      case "dispatch.queued":
      case "dispatch.started":
      case "dispatch.retried":
      case "dispatch.timed_out":
      case "dispatch.dead_lettered":
      case "dispatch.redriven":
      case "dispatch.cancelled":
      case "dispatch.succeeded":
      case "dispatch.failed":
      case "dispatch.unconfirmed":
        return this.#dispatch(event);
      case "safety.checked":
        return this.#safety(event);
      case "artifact.recorded": {
        const ran = (actionOf(this.next, event.action_id)?.attempts ?? 0) > 0;
        if (!ran) this.fault("result-before-start", "an artifact of an action that has not started");
        return;
      }
      default:
        return assertNever(event);
    }
  }

  // ── Run ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  #started(event: EventOf<"run.started">, first: boolean) {
    const { next } = this;
    if (!first) return this.fault("event-out-of-order", "the run started before");
    const { scope, ceiling_event: ceiling, delegated_by: delegatedBy, parent_run: parent } = event.run;
    next.initiator = event.initiator;
    next.scope = scope;
    next.scopeEvent = event.event_id;
    next.startedAt = event.ts;
    if (delegatedBy !== undefined) next.delegatedBy = delegatedBy;
    if (parent !== undefined) next.parent = parent;
    const { agent: name } = event.initiator;
    const agent = agentOf(this.#control, name);
    if (agent === undefined || agent.retired === true) {
      return this.fault("execution-above-ceiling", `${name} is not a registered agent`);
    }
    if (agent.event !== ceiling) {
      this.fault("execution-above-ceiling", `it cites ceiling ${ceiling}, the agent's is ${agent.event}`);
    }
    const above = aboveCeiling(scope.capabilities, agent.ceiling);
    if (above !== undefined) this.fault(above.code, above.detail);
    this.#belowParent(scope);
    const [parentRun] = this.#ancestors;
    if (parentRun?.started === true && parentRun.phase !== "open") {
      this.fault("event-after-close", "its parent run was closed");
    }
  }

  /** A child run holds a subset of its parent's scope as it is now; a parent that is not at hand is not judged. */
  #belowParent(scope: DeclaredScope) {
    const [parent] = this.#ancestors;
    const wider = parent?.started === true ? subsetFault(scope, parent.scope) : undefined;
    if (wider !== undefined) this.fault(wider.code, `wider than its parent run: ${wider.detail}`);
  }

  #extended(event: EventOf<"run.scope.extended">) {
    const { next } = this;
    const { scope, approval_id: approval, initiator } = event.extension;
    const wider = next.started ? subsetFault(scope, next.scope) : undefined;
    if (wider !== undefined) this.#approvedExtension(scope, approval, wider.detail);
    this.#belowParent(scope);
    if (initiator !== undefined) this.#passedOn(initiator);
    const above = aboveCeiling(scope.capabilities, ceilingOf(this.#control, next.initiator.agent));
    if (above !== undefined) this.fault(above.code, above.detail);
    next.scope = scope;
    next.scopeEvent = event.event_id;
  }

  /**
   * The run goes on for another person. It stays the same agent's, and nobody it was for comes to approve it by that.
   */
  #passedOn(to: InitiatorBlock) {
    const { next } = this;
    const { on_behalf_of: before } = next.initiator;
    if (to.on_behalf_of === undefined || !sameSoftware(to, next.initiator)) {
      this.fault("initiator-changed", "a run passes to another person, and to nobody else");
    }
    next.initiator = to;
    if (before === undefined || before === to.on_behalf_of || next.passedOnBy?.includes(before) === true) return;
    const passedOnBy = [...(next.passedOnBy ?? []), before];
    if (passedOnBy.length > MAX_PASSED_ON) {
      this.fault("initiator-changed", `the run was for more than ${MAX_PASSED_ON} people before`);
    } else next.passedOnBy = passedOnBy;
  }

  /** Wider than before: the approval of an action that asked for exactly this scope is being used. */
  #approvedExtension(scope: DeclaredScope, approvalId: string | undefined, detail: string) {
    const code = "execution-outside-scope";
    if (approvalId === undefined) return this.fault(code, `widened without an approval: ${detail}`);
    const one = this.next.open.find(({ approval }) => approval?.id === approvalId);
    const used = one?.phase === "running" && one.approval?.consumed !== undefined;
    if (!used || !extendsTo(one.action, this.next.run, scope)) {
      this.fault(code, `${approvalId} is not an approval of this scope in use: ${detail}`);
    }
  }

  #closed(phase: "closed" | "abandoned", said: readonly string[]) {
    const { next } = this;
    const open = next.open.map(({ id }) => id);
    if (next.pruned === 0 && (said.length !== open.length || !said.every((id) => open.includes(id)))) {
      this.fault("event-out-of-order", `it lists ${said.length} open actions, there are ${open.length}`);
    }
    next.phase = phase;
    next.closed = true;
  }

  #settledRun(event: EventOf<"run.settled">) {
    const { next } = this;
    if (next.phase === "open") this.fault("event-out-of-order", "the run was settled without being closed");
    for (const one of next.open) {
      if (next.pruned > 0) break;
      if (one.phase === "running") {
        this.fault("outcome-missing", `attempt ${one.attempts} of ${one.id} has no outcome`);
      } else this.fault("event-out-of-order", `${one.id} is still ${one.phase}`);
    }
    const { events, last_seq: lastSeq, actions } = event.settled;
    const seq = event.integrity.run_seq ?? next.nextSeq - 1;
    const counted = next.pruned === 0 && actions !== next.counts.actions;
    if (next.started && (events !== next.events || lastSeq !== seq || counted)) {
      const said = `${events} events to ${lastSeq} and ${actions} actions`;
      this.fault(
        "settle-count-differs",
        `it counts ${said}, there are ${next.events} to ${seq} and ${next.counts.actions}`,
      );
    }
    next.phase = "settled";
  }

  // ── Request and decision ─────────────────────────────────────────────────────────────────────────────────────────

  #requested(event: EventOf<"action.requested">) {
    const { next } = this;
    const { action_id: id, request, action } = event;
    if (next.suspended) this.fault("event-out-of-order", "the run is suspended");
    if (next.open.length >= MAX_OPEN_ACTIONS) {
      this.fault("event-out-of-order", `more than ${MAX_OPEN_ACTIONS} actions are open`);
    }
    if (actionOf(next, id) !== undefined) return this.fault("event-out-of-order", `${id} was requested before`);
    const argsCommit = event.commit?.["/action/args"];
    if (argsCommit === undefined) this.#lacks("the commitment /action/args");
    if (argsCommit !== undefined) {
      const { tenant, run_id } = event;
      const { topic, tool_contract = null } = request;
      const digest = actionDigest({ tenant, run_id, action_id: id, action, topic, tool_contract, args: argsCommit });
      if (digest !== request.action_digest) this.fault("action-digest-differs", `the action's digest is ${digest}`);
    }
    if (request.args_bytes > 0 && event.pointers.args === undefined) this.#lacks("the pointer to its arguments");
    this.#open({
      ...newAction(id, action),
      costCents: request.cost_cents ?? 0,
      argsBytes: request.args_bytes,
      request: {
        event: event.event_id,
        actionDigest: request.action_digest,
        argsCommit: argsCommit ?? "",
        toolContract: request.tool_contract ?? null,
        topic: request.topic,
        requester: event.actor.id,
        ...(request.data_classes === undefined ? {} : { dataClasses: request.data_classes }),
        at: event.ts,
      },
    });
  }

  #decided(event: EventOf<"policy.decided">) {
    const { decided, policy } = event;
    let one = this.#actionFor(event, "policy.decided");
    if (one === undefined) return;
    const allowed = one.phase === "decided" && (one.decision?.answer === "ALLOW" || one.decision?.enforced === false);
    if (one.phase !== "requested" && !allowed) {
      this.fault("event-out-of-order", `a decision on an action that is ${one.phase}`);
    }
    this.#sameAction(one, event, "event-out-of-order");
    this.#checkDecision(one, event);
    const bound = { matchedRules: decided.matched_rules, ruleDigests: decided.rule_digests };
    const gated = policy.decision === "REQUIRE_APPROVAL";
    const decision: Omit<DecisionState, "usage"> = {
      id: decided.decision_id,
      event: event.event_id,
      answer: policy.decision,
      enforced: decided.enforced,
      matchedRule: policy.matched_rule,
      reason: policy.reason,
      policyDigest: policy.policy_digest,
      policySnapshot: policy.policy_snapshot,
      validUntil: decided.valid_until,
      gateDigest: decided.gate_digest ?? null,
      obligations: decided.obligations,
      requirements: decided.requirements,
      ...(gated ? { bound } : {}),
    };
    one = { ...one, phase: "decided", decision: { ...decision, usage: NO_AMOUNTS } };
    this.#put(one);
    if (policy.decision === "DENY" && decided.enforced) return this.#settle(one, "denied");
    const { actions, cents, bytes } = usageOf(this.next);
    const above = this.#usedAbove({ actions, cents, bytes });
    this.#put({
      ...one,
      decision: { ...decision, usage: { actions, cents, bytes }, ...(above.length === 0 ? {} : { above }) },
    });
  }

  /** What each run above it that has budgets has used with this step, given what the run itself has. */
  #usedAbove(now: Amounts): (Amounts & { run: string })[] {
    const before = this.#usedBefore ?? now;
    const limited = this.#ancestors.filter(({ scope, charged }) => scope.budgets !== undefined && !charged?.unsure);
    return limited.map((one) => {
      const { actions, cents, bytes } = usageOf(one);
      return {
        run: one.run,
        actions: actions + now.actions - before.actions,
        cents: cents + now.cents - before.cents,
        bytes: bytes + now.bytes - before.bytes,
      };
    });
  }

  #checkDecision(one: ActionState, event: EventOf<"policy.decided">) {
    const { decided, policy } = event;
    const { request } = one;
    if (request !== undefined) {
      if (request.leaf !== undefined && decided.request_leaf !== request.leaf) {
        this.fault("event-out-of-order", "it decides another request: request_leaf is not the request's leaf hash");
      } else if (decided.action_digest !== request.actionDigest) {
        this.fault("event-out-of-order", "it decides another request: the action digest differs");
      } else if ((decided.tool_contract ?? null) !== request.toolContract) {
        this.fault("event-out-of-order", "it decides another request: the tool contract differs");
      }
    }
    if (this.next.started && decided.scope_event !== this.next.scopeEvent) {
      this.fault("event-out-of-order", `it was decided in scope ${decided.scope_event}, the run's is another`);
    }
    const active = activePolicyOf(this.#control);
    if ((policy.enforced ?? true) !== decided.enforced) {
      this.fault("event-out-of-order", "its policy block says otherwise whether it was enforced");
    }
    if (!decided.enforced) {
      if (active !== undefined) this.fault("policy-not-published", "observing ended with the first publish");
      else if (!isObserving(this.#control)) this.fault("policy-not-published", "the tenant was not observing");
      else if (isExtension(one.action, this.next.run)) {
        this.fault("policy-not-published", "a run's scope is not extended by what is not enforced");
      }
      if (policy.policy_snapshot !== "none" || policy.matched_rule !== "core:no-active-policy") {
        this.fault("policy-not-published", `${policy.matched_rule} of ${policy.policy_snapshot} was not enforced`);
      }
    } else if (policy.policy_snapshot === "none") {
      if (active !== undefined || policy.decision !== "DENY") {
        this.fault("policy-not-published", `${policy.decision} without a policy`);
      }
    } else if (active?.digest !== policy.policy_digest || active.revision !== policy.policy_snapshot) {
      this.fault("policy-not-published", `${policy.policy_snapshot} was not the active policy`);
    }
    if (decided.projection !== null && event.commit?.["/decision/projection"] === undefined) {
      this.#lacks("the commitment /decision/projection");
    }
    const digests = decided.rule_digests;
    const undigested = decided.matched_rules.find((rule) => !rule.startsWith("core:") && !Object.hasOwn(digests, rule));
    if (undigested !== undefined) this.#lacks(`the digest of rule ${undigested}`);
    if (policy.decision === "REQUIRE_APPROVAL" && decided.enforced) {
      if (decided.gate_digest === undefined) this.#lacks("the gate digest");
      if (decided.requirements.length === 0) this.#lacks("the requirements of its approval");
    }
  }

  // ── Approval ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #approval(event: ApprovalEvent) {
    const one = this.#actionFor(event, event.type);
    if (one === undefined) return;
    const before = this.faults.length;
    this.#sameAction(one, event, "approval-binding-differs");
    this.#carriedPolicy(one, event.policy, "approval-binding-differs");
    if (event.type === "approval.requested") this.#approvalRequested(one, event);
    else if (event.type === "breakglass.used") this.#brokeGlass(one, event);
    else this.#approvalStep(one, event);
    if (this.faults.length === before) return;
    const now = openActionOf(this.next, one.id);
    if (now !== undefined) this.#put({ ...now, unbound: true });
  }

  #approvalRequested(one: ActionState, event: EventOf<"approval.requested">) {
    const { approval_request: said, approval, policy } = event;
    const { decision } = one;
    if (decision?.answer !== "REQUIRE_APPROVAL") {
      this.fault("event-out-of-order", `an approval of an action whose decision is ${decision?.answer ?? "missing"}`);
    } else if (one.phase !== "decided") {
      this.fault("event-out-of-order", `an approval request for an action that is ${one.phase}`);
    }
    if (approval.approval_id === undefined) this.#lacks("its approval id");
    if (!approval.required) this.fault("approval-binding-differs", "the approval block says none is required");
    if (approval.quorum === undefined) this.#lacks("its quorum");
    this.#carriedCounts(one, approval);
    if (policy.policy_snapshot === "none") this.fault("approval-without-policy", "the event names no policy snapshot");
    if (one.replacing !== undefined) {
      const { by, old } = one.replacing;
      if (approval.approval_id !== by || said.replaces !== old) {
        this.fault("approval-binding-differs", `${old} was superseded by ${by}, not by this request`);
      }
    } else if (said.replaces !== undefined) {
      this.fault("event-out-of-order", `${said.replaces} was not superseded`);
    }
    const request = this.#requestText(one, event);
    const { replacing: _, ...rest } = one;
    const { bound: __, ...settledDecision } = decision ?? { bound: undefined };
    this.#put({
      ...rest,
      phase: "waiting",
      // The same decision without the lists the request now binds; with none there is nothing to keep.
      ...(decision === undefined ? {} : { decision: settledDecision as DecisionState }),
      approval: {
        id: approval.approval_id ?? "",
        requestDigest: said.digest,
        rendering: said.rendering,
        index: event.integrity.index,
        requestedAt: event.ts,
        expiresAt: said.expires_at,
        policyDigest: policy.policy_digest,
        ballots: [],
        ...(request === undefined
          ? {}
          : { executeWithinMs: request.execute_within_ms, maxAttempts: request.max_attempts }),
      },
    });
  }

  /** The parsed request text, after comparing each of its members with what the log recorded. */
  #requestText(one: ActionState, event: EventOf<"approval.requested">): ApprovalRequest | undefined {
    const { approval_request: said } = event;
    if (textDigest(said.text) !== said.digest) {
      this.fault("approval-binding-differs", "the digest is not of the request's text");
    }
    const request = parseApprovalRequest(said.text);
    if (request === undefined) {
      this.fault("approval-binding-differs", "the text is not a canonical approval request");
      return undefined;
    }
    if (!/^pol_/.test(request.policy_snapshot)) {
      this.fault("approval-without-policy", `the request names policy snapshot ${request.policy_snapshot}`);
      return request;
    }
    const { request: asked, decision } = one;
    const { initiator } = this.next;
    const differs = differingMember(request, {
      log: event.integrity.log,
      tenant: event.tenant,
      approval_id: event.approval.approval_id,
      run_id: event.run_id,
      action_id: event.action_id,
      action: one.action,
      requested_by: initiator.agent,
      on_behalf_of: initiator.on_behalf_of ?? null,
      initiator,
      expires_at: said.expires_at,
      ...(asked === undefined
        ? {}
        : {
            ...(asked.leaf === undefined ? {} : { request_leaf: asked.leaf }),
            action_digest: asked.actionDigest,
            args_commit: asked.argsCommit,
            tool_contract: asked.toolContract,
          }),
      ...(decision === undefined
        ? {}
        : {
            decision_id: decision.id,
            policy_digest: decision.policyDigest,
            policy_snapshot: decision.policySnapshot,
            requirements: decision.requirements,
            obligations: decision.obligations,
            ...(decision.gateDigest === null ? {} : { gate_digest: decision.gateDigest }),
            ...(decision.bound === undefined
              ? {}
              : { matched_rules: decision.bound.matchedRules, rule_digests: decision.bound.ruleDigests }),
          }),
    });
    if (differs !== undefined)
      this.fault("approval-binding-differs", `the request's ${differs} is not the recorded one`);
    const lifeMs = Date.parse(request.expires_at) - Date.parse(request.requested_at);
    const allowedMs = Math.min(...request.requirements.map(({ ttl }) => parseDuration(ttl) ?? 0));
    if (!(lifeMs > 0) || lifeMs > allowedMs || request.requested_at > event.ts) {
      this.fault("approval-binding-differs", `it lives from ${request.requested_at} to ${request.expires_at}`);
    }
    return request;
  }

  #approvalStep(
    one: ActionState,
    event: Exclude<ApprovalEvent, EventOf<"approval.requested"> | EventOf<"breakglass.used">>,
  ) {
    const { approval } = one;
    if (approval === undefined) {
      return this.fault("event-out-of-order", `${event.type} without an approval request`);
    }
    this.#carriedCounts(one, event.approval);
    if (event.approval.approval_id !== approval.id) {
      this.fault(
        "approval-binding-differs",
        `it is about ${event.approval.approval_id}, the action's is ${approval.id}`,
      );
    }
    switch (event.type) {
      case "approval.voted":
        return this.#voted(one, approval, event);
      case "approval.granted":
        return this.#granted(one, approval, event);
      case "approval.rejected": {
        this.#expectPhase(one, event.type, "waiting");
        const { vote, person } = event.rejected;
        const cast = approval.ballots.some((b) => b.event === vote && b.person === person && b.answer === "reject");
        if (!cast) this.fault("event-out-of-order", `no vote of ${person} rejects it`);
        return this.#settle(one, "rejected");
      }
      case "approval.expired": {
        this.#expectPhase(one, event.type, "waiting", "granted");
        if (event.ts < approval.expiresAt) this.fault("event-out-of-order", `it expires at ${approval.expiresAt}`);
        if (event.expired.expires_at !== approval.expiresAt) {
          this.fault("approval-binding-differs", `it expires at ${approval.expiresAt}`);
        }
        return this.#endOfApproval(one, event.type);
      }
      case "approval.revoked":
      case "approval.cancelled":
      case "approval.voided":
        this.#expectPhase(one, event.type, "waiting", "granted");
        return this.#endOfApproval(one, event.type);
      case "approval.superseded": {
        this.#expectPhase(one, event.type, "waiting", "granted");
        if (approval.consumed !== undefined) this.fault("event-out-of-order", "the approval has been used");
        this.#notRejected(one, approval);
        const { approval: old, decision: _, ...rest } = one;
        const replacing = { by: event.superseded.by, old: approval.id };
        return this.#put({ ...rest, phase: "requested", replacing });
      }
      case "approval.revalidated": {
        this.#expectPhase(one, event.type, "waiting", "granted");
        const { policy, gate_digest: gate, projection, engine } = event.revalidated;
        if (projection === undefined || engine === undefined) this.#lacks("what the new policy was asked with");
        else if (event.commit?.["/decision/projection"] === undefined) {
          this.#lacks("the commitment /decision/projection");
        }
        if (gate !== one.decision?.gateDigest) this.fault("approval-binding-differs", "the new policy's gate differs");
        if (policy.digest !== activePolicyOf(this.#control)?.digest) {
          this.fault("policy-not-published", `${policy.digest} is not the active policy`);
        }
        return this.#put({ ...one, approval: { ...approval, policyDigest: policy.digest } });
      }
      case "approval.consumed":
        return this.#consumed(one, approval, event);
      default:
        return assertNever(event);
    }
  }

  #voted(one: ActionState, approval: BoundApproval, event: EventOf<"approval.voted">) {
    const { vote } = event;
    this.#expectPhase(one, event.type, "waiting");
    if (event.ts > approval.expiresAt) this.fault("approval-used-late", `it expired at ${approval.expiresAt}`);
    if (textDigest(vote.text) !== vote.digest) {
      this.fault("approval-binding-differs", "the digest is not of the vote's text");
    }
    const said = parseVote(vote.text);
    if (said === undefined) this.fault("approval-binding-differs", "the text is not a canonical vote");
    else {
      const differs = differingMember(said, {
        log: event.integrity.log,
        tenant: event.tenant,
        approval_id: approval.id,
        request_digest: approval.requestDigest,
        answer: vote.answer,
        reason_code: vote.reason_code,
        note_commit: event.commit?.["/vote/note"] ?? null,
        rendering: vote.rendering,
        person: vote.person,
        kid: vote.kid,
      });
      if (differs !== undefined)
        this.fault("approval-binding-differs", `the vote's ${differs} is not the recorded one`);
      else if (said.at > event.ts) this.fault("approval-binding-differs", `the vote is of ${said.at}`);
    }
    if (vote.rendering !== approval.rendering) {
      this.fault("approval-binding-differs", "the person was shown something else than this request");
    }
    if (event.actor.type === "agent") this.fault("approver-not-entitled", `${event.actor.id} is an agent`);
    const separation = separationOf(this.next, one, this.#control);
    const held = personOf(this.#control, vote.person)?.approverRoles ?? [];
    const unheld = said?.roles.find((role) => !held.includes(role));
    if (unheld !== undefined) this.fault("approver-not-entitled", `${vote.person} does not hold ${unheld}`);
    const entitled = voterFault(requirementsOf(one, event.ts), vote.person, this.#control, separation);
    const key = voteKeyFault(vote, event.ts, this.#control);
    for (const found of [entitled, key]) if (found !== undefined) this.fault(found.code, found.detail);
    if (approval.ballots.some(({ person }) => person === vote.person)) {
      this.fault("approver-counted-twice", `${vote.person} has voted`);
    }
    const { person, answer, kid } = vote;
    const ballot: SignedBallot = { event: event.event_id, person, answer, kid, at: event.ts };
    this.#put({ ...one, approval: { ...approval, ballots: [...approval.ballots, ballot] } });
  }

  #granted(one: ActionState, approval: BoundApproval, event: EventOf<"approval.granted">) {
    const { people, separation: said, usable_until: usableUntil } = event.granted;
    this.#expectPhase(one, event.type, "waiting");
    if (event.ts > approval.expiresAt) this.fault("approval-used-late", `it expired at ${approval.expiresAt}`);
    if (usableUntil > approval.expiresAt) {
      this.fault("approval-binding-differs", `usable until ${usableUntil}, but it expires at ${approval.expiresAt}`);
    }
    const before = this.faults.length;
    const requirements = requirementsOf(one, event.ts);
    const separation = separationOf(this.next, one, this.#control);
    const approved = approval.ballots.filter(({ answer }) => answer === "approve").map(({ person }) => person);
    const silent = people.find((person) => !approved.includes(person));
    if (silent !== undefined) this.fault("quorum-not-met", `${silent} did not approve`);
    else {
      const found = peopleFault(requirements, people, this.#control, separation, said);
      if (found !== undefined) this.fault(found.code, found.detail);
      else if (quorumOf(requirements, approval.ballots, this.#control, separation).state === "rejected") {
        this.fault("quorum-not-met", "an entitled person rejected it");
      }
    }
    // The fold goes on with the votes the grant names: what repeats them is no second fault.
    const votes = [...(event.approval.votes ?? [])].sort();
    const granted = { at: event.ts, people, usableUntil, separation: said, votes };
    if (this.faults.length === before) this.#grantingVotes(approval, people, votes);
    this.#carriedApproval({ ...one, approval: { ...approval, granted } }, event.approval);
    this.#put({ ...one, phase: "granted", approval: { ...approval, granted } });
  }

  /** A grant names the approving votes of its people, each of them and no other. */
  #grantingVotes({ ballots }: BoundApproval, people: readonly string[], said: readonly string[]) {
    const cast = ballots.filter(({ person, answer }) => answer === "approve" && people.includes(person));
    if (sameTexts(said, cast.map(({ event }) => event).sort())) return;
    this.fault("approval-binding-differs", "it names other votes than those of the people it names");
  }

  /** A rejection ends an action: nobody is asked anew after one. */
  #notRejected(one: ActionState, { ballots }: BoundApproval) {
    const separation = separationOf(this.next, one, this.#control);
    const quorum = quorumOf(one.decision?.requirements ?? [], ballots, this.#control, separation);
    if (quorum.state === "rejected") this.fault("event-out-of-order", `${quorum.person} has rejected it`);
  }

  #endOfApproval(one: ActionState, type: keyof typeof ENDS_OF_APPROVAL) {
    if (one.approval?.consumed !== undefined) return this.fault("event-out-of-order", "the approval has been used");
    this.#settle(one, ENDS_OF_APPROVAL[type]);
  }

  #consumed(one: ActionState, approval: BoundApproval, event: EventOf<"approval.consumed">) {
    const { permit_id: permitId, job_id: jobId } = event.consumed;
    if (approval.consumed !== undefined) {
      return this.fault("approval-used-twice", `${approval.id} was used for permit ${approval.consumed.permitId}`);
    }
    const { granted } = approval;
    if (granted === undefined) this.fault("dispatch-without-approval", `${approval.id} was not granted`);
    else {
      if (event.ts > granted.usableUntil) {
        this.fault("approval-used-late", `it was usable until ${granted.usableUntil}`);
      }
      this.#stillGood(one, approval, granted);
      this.#carriedApproval(one, event.approval);
    }
    this.#put({ ...one, phase: "granted", approval: { ...approval, consumed: { permitId, jobId } } });
  }

  /** At the use: the same policy, and approvers who would be entitled now. */
  #stillGood(one: ActionState, approval: BoundApproval, granted: NonNullable<BoundApproval["granted"]>) {
    const active = activePolicyOf(this.#control);
    if (active?.digest !== approval.policyDigest) {
      this.fault("approval-binding-differs", `approved under ${approval.policyDigest}, which is no longer the policy`);
    }
    this.#votesStillGood(one, approval);
    this.#notFrozenSince(one, approval);
    if (granted.separation === "breakglass") return;
    const separation = separationOf(this.next, one, this.#control);
    const requirements = requirementsOf(one, this.#event.ts);
    const found = peopleFault(requirements, granted.people, this.#control, separation, granted.separation);
    if (found === undefined || one.unbound === true) return;
    const code = found.code === "quorum-not-met" ? "approver-not-entitled" : found.code;
    this.fault(code, `at the use: ${found.detail}`);
  }

  /** A key known to have been in other hands when a vote was made with it: what it granted is not to be relied on. */
  #votesStillGood(one: ActionState, approval: BoundApproval) {
    // What was wrong before has been said.
    if (one.unbound === true) return;
    const signed = [...approval.ballots, ...(approval.granted?.signers ?? [])];
    const bad = signed.find(({ kid, at }) => isVoteKeyCompromised(kid, at, this.#control));
    if (bad === undefined) return;
    this.fault("authority-compromised", `${approval.id} has a vote of ${bad.at} by compromised key ${bad.kid}`);
  }

  /** A freeze voids the permits and approvals there are; lifting it revives none. */
  #notFrozenSince({ action }: ActionState, { id, index }: Pick<PermitState, "id" | "index">) {
    const { agent } = this.next.initiator;
    const freeze = freezeSince(this.#control, index, { agent, ...action });
    if (freeze === undefined) return;
    this.fault("authority-voided", `${id} is older than freeze ${freeze.freeze_id}, which covered this and was lifted`);
  }

  #brokeGlass(one: ActionState, event: EventOf<"breakglass.used">) {
    const { people, expires_at: expiresAt, signatures = [] } = event.breakglass;
    const { approval, decision } = one;
    const id = event.approval.approval_id;
    if (id === undefined) this.#lacks("its approval id");
    if (decision?.answer !== "REQUIRE_APPROVAL" || one.phase !== "waiting" || approval === undefined) {
      return this.fault("event-out-of-order", `break-glass on an action that is ${one.phase}`);
    }
    if (event.ts > approval.expiresAt) this.fault("approval-used-late", `it expired at ${approval.expiresAt}`);
    if (approval.id !== id) {
      this.fault("approval-binding-differs", `it is about ${id}, the action's is ${approval.id}`);
    }
    const { requestDigest, rendering } = approval;
    const overridden = { approvalId: approval.id, requestDigest, rendering, requirements: decision.requirements };
    const found = breakGlassFaults(event, overridden, this.#control);
    for (const { code, detail } of found) this.fault(code, detail);
    const signers = signatures.map(({ kid }) => ({ kid, at: event.ts }));
    const granted = { at: event.ts, people, usableUntil: expiresAt, separation: "breakglass" as const, signers };
    this.#put({ ...one, phase: "granted", approval: { ...approval, expiresAt, granted } });
  }

  // ── Dispatch ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #dispatch(event: DispatchEvent) {
    const settled = settledActionOf(this.next, event.action_id);
    if (settled !== undefined) return this.#afterSettled(settled, event);
    const one = openActionOf(this.next, event.action_id) ?? this.#ghost(event);
    if (one === undefined) return;
    this.#sameAction(one, event, "permit-args-differ");
    if (event.dispatch.status !== STATUS_OF[event.type]) {
      this.fault("event-out-of-order", `${event.type} says status ${event.dispatch.status}`);
    }
    this.#carriedPolicy(one, event.policy, "dispatch-without-decision");
    this.#carriedApproval(one, event.approval);
    this.#carriedCounts(one, event.approval);
    switch (event.type) {
      case "dispatch.queued": {
        const allowed = this.#authorised(one, event);
        return allowed === one ? undefined : this.#put(allowed);
      }
      case "dispatch.permitted":
        return this.#permitted(this.#authorised(one, event), event);
      case "dispatch.started":
        return this.#startedAttempt(this.#authorised(one, event), event);
      case "dispatch.retried":
        return this.#retried(one, event);
      case "dispatch.succeeded":
      case "dispatch.failed":
      case "dispatch.timed_out":
        return this.#ended(one, ATTEMPT_ENDS[event.type], event);
      case "dispatch.cancelled":
        if (one.phase === "running") return this.#ended(one, "cancelled", event);
        if (one.phase === "waiting" || (one.phase === "granted" && one.approval?.consumed === undefined)) {
          this.fault("event-out-of-order", "an open approval is cancelled with approval.cancelled");
        }
        if (event.dispatch.attempt > one.attempts) {
          this.fault("result-before-start", `attempt ${event.dispatch.attempt} had not started`);
        }
        return this.#settle(one, one.attempts > 0 ? (one.end ?? "cancelled") : "cancelled");
      case "dispatch.unconfirmed": {
        if (one.phase === "running" && one.deadline !== undefined && event.ts < one.deadline) {
          this.fault("event-out-of-order", `attempt ${one.attempts} may report until ${one.deadline}`);
        }
        return this.#ended(one, "unconfirmed", event);
      }
      case "dispatch.dead_lettered":
        if (one.phase !== "ended" || !isFailure(one.end)) {
          this.fault("dead-letter-without-failure", `the action is ${one.phase}, no attempt of it failed last`);
        }
        return this.#settle(one, "dead_lettered");
      case "dispatch.redriven":
        return this.fault("event-out-of-order", "only a dead-lettered action is redriven");
      default:
        return assertNever(event);
    }
  }

  /** Whether a decision, and an approval where one was required, stand behind a dispatch. Says so once per action. */
  #authorised(one: ActionState, event: DispatchEvent): ActionState {
    const { decision, approval } = one;
    const flag = (code: FaultCode, detail: string): ActionState => {
      if (one.flagged !== true) this.fault(code, detail);
      return { ...one, flagged: true, unbound: true };
    };
    if (decision === undefined) return flag("dispatch-without-decision", `${event.type} without a decision`);
    if (!decision.enforced) {
      if (isObserving(this.#control)) return one;
      return flag("policy-not-published", `${event.type} on an observed decision after observing ended`);
    }
    if (decision.answer === "DENY") return flag("dispatch-after-deny", `${event.type} after a DENY`);
    if (decision.answer === "ALLOW") return one;
    if (approval?.granted === undefined) {
      return flag("dispatch-without-approval", `${event.type} before the required approval was granted`);
    }
    if (event.type !== "dispatch.queued" && approval.consumed === undefined) {
      return flag("dispatch-without-approval", `${event.type} without using approval ${approval.id}`);
    }
    return one;
  }

  #permitted(one: ActionState, event: EventOf<"dispatch.permitted">) {
    const { permit, dispatch } = event;
    const { decision, approval, request } = one;
    if (one.permit !== undefined) {
      const code = approval?.consumed !== undefined ? "approval-used-twice" : "event-out-of-order";
      return this.fault(code, `${permit.permit_id} is a second permit; the first is ${one.permit.id}`);
    }
    if (decision !== undefined && (decision.answer === "ALLOW" || !decision.enforced)) {
      if (event.ts > decision.validUntil) {
        this.fault("dispatch-without-decision", `the decision was good until ${decision.validUntil}`);
      }
      // Whether an observed decision still stands is asked of every dispatch.
      if (decision.enforced && activePolicyOf(this.#control)?.digest !== decision.policyDigest) {
        this.fault("policy-not-published", `decided under ${decision.policySnapshot}, which is no longer the policy`);
      }
    }
    if (approval?.consumed !== undefined) {
      const { permitId, jobId } = approval.consumed;
      if (permitId !== permit.permit_id || jobId !== dispatch.job_id) {
        this.fault("approval-binding-differs", `approval ${approval.id} was used for another permit or job`);
      }
      const { executeWithinMs, granted, maxAttempts } = approval;
      if (granted !== undefined && one.unbound !== true && event.ts > granted.usableUntil) {
        this.fault("approval-used-late", `it was usable until ${granted.usableUntil}`);
      }
      const windowMs = Date.parse(permit.not_after) - Date.parse(event.ts);
      if (executeWithinMs !== undefined && !(windowMs <= executeWithinMs)) {
        this.fault("approval-binding-differs", `the approval gives ${executeWithinMs} ms to execute`);
      }
      if (maxAttempts !== undefined && dispatch.max_attempts > maxAttempts) {
        this.fault("approval-binding-differs", `the approval gives ${maxAttempts} attempts`);
      }
    }
    if (request !== undefined) {
      if (permit.args_commit !== request.argsCommit || permit.action_digest !== request.actionDigest) {
        this.fault("permit-args-differ", "the permit is for other arguments than those requested");
      }
      this.#sameTopic(request, dispatch);
    }
    if (decision !== undefined && !sameTexts(decision.obligations, permit.obligations)) {
      this.fault("permit-args-differ", "the permit carries other obligations than the decision");
    }
    if (permit.not_after <= event.ts) this.fault("permit-used-late", `its window ended at ${permit.not_after}`);
    this.#permitKey(permit.kid, event.integrity.index);
    this.#mayRun(one, event);
    this.#put({
      ...one,
      phase: "permitted",
      permit: {
        id: permit.permit_id,
        executor: permit.executor,
        kid: permit.kid,
        index: event.integrity.index,
        argsCommit: permit.args_commit,
        notBefore: event.ts,
        notAfter: permit.not_after,
        maxAttempts: dispatch.max_attempts,
        jobId: dispatch.job_id,
      },
    });
  }

  #permitKey(kid: string, index: number) {
    const key = permitKeyOf(this.#control, kid);
    if (key === undefined) this.fault("key-unannounced", `no entry announced permit key ${kid}`);
    else if (!keyLiveAt(key, index + 1)) this.fault("key-revoked", `permit key ${kid} was retired or revoked`);
  }

  /** Ceiling, scope, budget and freezes: asked at the permit and again at every attempt. */
  #mayRun(one: ActionState, event: EventOf<"dispatch.permitted"> | EventOf<"dispatch.started">) {
    const { next } = this;
    const { agent } = next.initiator;
    const { capability, target } = one.action;
    // Before there are contracts nobody may have said what an observed action uses or touches: then no limit is about it.
    const isNamed = one.decision?.enforced !== false || capability !== UNNAMED_CAPABILITY;
    if (isExtension(one.action, next.run)) {
      const executor = event.type === "dispatch.permitted" ? event.permit.executor : event.started.executor;
      if (executor !== EXTENSION_EXECUTOR) this.fault("execution-outside-scope", "only the gate extends a run");
    } else if (next.started) {
      if (isNamed) this.#mayTouch(one);
      const used = one.decision?.usage ?? NO_AMOUNTS;
      const beyond = limitFault(next.scope, used, next.startedAt, event.ts);
      if (beyond !== undefined) this.fault(beyond.code, beyond.detail);
      this.#mayRunBelow(one, event.ts, isNamed);
    }
    const [freeze] = freezesOver(this.#control, { agent, capability, target });
    if (freeze !== undefined) {
      this.fault("execution-while-frozen", `freeze ${freeze.freeze_id} covers this ${freeze.kind}`);
    }
  }

  #mayTouch(one: ActionState) {
    const { agent } = this.next.initiator;
    const { capability, target } = one.action;
    const above = aboveCeiling([capability], ceilingOf(this.#control, agent));
    if (above !== undefined) this.fault(above.code, above.detail);
    if (!mayActIn(this.#control, agent, target.environment)) {
      const where = target.environment ?? "a target that names none";
      this.fault("execution-above-ceiling", `${agent} is registered for other environments than ${where}`);
    }
    const outside = scopeFault(this.next.scope, touchedBy(one));
    if (outside !== undefined) this.fault(outside.code, outside.detail);
  }

  /** The scope and the budgets of the runs above, as they are now: a parent that was narrowed holds its children. */
  #mayRunBelow(one: ActionState, ts: string, isNamed: boolean) {
    for (const parent of this.#ancestors) {
      if (!parent.started) continue;
      const used = one.decision?.above?.find(({ run }) => run === parent.run) ?? NO_AMOUNTS;
      const outside = isNamed ? scopeFault(parent.scope, touchedBy(one)) : undefined;
      const found = outside ?? limitFault(parent.scope, used, parent.startedAt, ts);
      if (found !== undefined) this.fault(found.code, `${parent.run} above it: ${found.detail}`);
    }
  }

  #startedAttempt(one: ActionState, event: EventOf<"dispatch.started">) {
    const { started, dispatch, actor } = event;
    const { permit, attempts } = one;
    const attempt = dispatch.attempt;
    let unaccounted = one.unaccounted;
    if (permit === undefined) {
      unaccounted++;
      if (one.flagged !== true) this.fault("event-out-of-order", "an attempt started before its permit was written");
    } else {
      if (started.permit_id !== permit.id) this.fault("permit-args-differ", `the action's permit is ${permit.id}`);
      if (started.executor !== permit.executor) this.fault("permit-args-differ", `the permit is ${permit.executor}'s`);
      if (started.args_commit !== permit.argsCommit) this.fault("permit-args-differ", "the arguments differ");
      if (event.ts > permit.notAfter) this.fault("permit-used-late", `its window ended at ${permit.notAfter}`);
      this.#notFrozenSince(one, permit);
      this.#sameJob(permit, dispatch);
      // The first attempt follows its permit at once, and what stands behind it was asked there.
      if (attempts > 0) this.#authorityStillGood(one, permit);
    }
    const max = permit?.maxAttempts ?? dispatch.max_attempts;
    if (attempt <= attempts) {
      return this.fault("permit-used-twice", `attempt ${attempt} was started before`);
    }
    if (attempt > max) this.fault("retries-beyond-limit", `attempt ${attempt} of ${max}`);
    if (one.phase === "running") {
      unaccounted++;
      this.fault("outcome-missing", `attempt ${attempts} has neither ended nor been declared unconfirmed`);
    } else if (attempt !== attempts + 1) {
      unaccounted++;
      this.fault("event-out-of-order", `attempt ${attempt} follows ${attempts}`);
    } else if (attempts > 0 && one.retried !== true) {
      unaccounted++;
      this.fault("event-out-of-order", `attempt ${attempt} started without dispatch.retried`);
    }
    if (actor.type === "agent" && agentOf(this.#control, actor.id)?.may_execute !== true) {
      this.fault("execution-above-ceiling", `${actor.id} is an agent that may not execute`);
    }
    this.#mayRun(one, event);
    const { end: _, retried: __, ...rest } = one;
    this.#put({ ...rest, phase: "running", attempts: attempt, deadline: started.deadline, unaccounted });
  }

  /** At a later attempt: neither the permit's key nor a vote's is known to have been in other hands. */
  #authorityStillGood(one: ActionState, { id, kid, index, notBefore: at }: PermitState) {
    const announced = permitKeyOf(this.#control, kid) !== undefined;
    if (announced && !isPermitKeyGood(this.#control, { kid, index, at })) {
      this.fault("authority-compromised", `${id} was signed by permit key ${kid}, which was revoked`);
    }
    if (one.approval !== undefined) this.#votesStillGood(one, one.approval);
  }

  #retried(one: ActionState, event: EventOf<"dispatch.retried">) {
    const { retried, dispatch } = event;
    const max = one.permit?.maxAttempts ?? dispatch.max_attempts;
    if (one.phase !== "ended" || one.end !== retried.after || one.retried === true) {
      this.fault("event-out-of-order", `a retry after ${retried.after} of an action that is ${one.end ?? one.phase}`);
    }
    if (dispatch.attempt !== one.attempts + 1) {
      this.fault("event-out-of-order", `attempt ${dispatch.attempt} follows ${one.attempts}`);
    }
    if (dispatch.attempt > max) this.fault("retries-beyond-limit", `attempt ${dispatch.attempt} of ${max}`);
    if (one.permit !== undefined) {
      if (retried.permit_id !== one.permit.id) this.fault("permit-args-differ", `the permit is ${one.permit.id}`);
      if (event.ts > one.permit.notAfter) this.fault("permit-used-late", `its window ended at ${one.permit.notAfter}`);
      this.#sameJob(one.permit, dispatch);
    }
    const unaccounted = one.unaccounted + (one.phase === "running" ? 1 : 0);
    this.#put({ ...one, phase: "ended", retried: true, unaccounted });
  }

  #ended(one: ActionState, end: AttemptEnd, event: DispatchEvent) {
    const { attempt } = event.dispatch;
    if (one.permit !== undefined) this.#sameJob(one.permit, event.dispatch);
    // Reporting the running attempt is the rule; what was declared unconfirmed may still be reported later.
    if (one.phase !== "running" || attempt !== one.attempts) {
      if (end !== "unconfirmed" && one.unconfirmed.includes(attempt)) return this.#lateReport(one, end, attempt);
      if (attempt > one.attempts) {
        this.fault("result-before-start", `attempt ${attempt} had not started`);
        return this.#finish({ ...one, attempts: attempt, end, unaccounted: one.unaccounted + 1 });
      }
      return this.fault("event-out-of-order", `attempt ${attempt} has ended`);
    }
    const unconfirmed = end === "unconfirmed" ? [...one.unconfirmed, attempt] : one.unconfirmed;
    const acted = end !== "failed" && end !== "cancelled";
    this.#finish({ ...one, end, unconfirmed, ...(acted ? { mayHaveActed: true } : {}) });
  }

  #lateReport(one: ActionState, end: AttemptEnd, attempt: number) {
    const unconfirmed = one.unconfirmed.filter((other) => other !== attempt);
    // An earlier attempt that turns out to have worked does not end a later one that is running.
    if (one.phase === "running" || attempt !== one.attempts) return this.#put({ ...one, unconfirmed });
    this.#finish({ ...one, end, unconfirmed });
  }

  /** The newest attempt is over: the action is settled unless another attempt may follow. */
  #finish(one: ActionState) {
    const { deadline: _, ...rest } = one;
    const over = one.end === "succeeded" || one.end === "cancelled" || one.attempts >= (one.permit?.maxAttempts ?? 1);
    if (over) this.#settle(rest, one.end ?? "unconfirmed");
    else this.#put({ ...rest, phase: "ended" });
  }

  /** Something about an action that can have no further dispatch: late reports, dead letters, or a fault. */
  #afterSettled(settled: SettledAction, event: DispatchEvent) {
    const { end, attempts } = settled;
    const { attempt } = event.dispatch;
    switch (event.type) {
      case "dispatch.succeeded":
      case "dispatch.failed":
      case "dispatch.timed_out": {
        if (settled.unconfirmed.includes(attempt)) {
          const unconfirmed = settled.unconfirmed.filter((other) => other !== attempt);
          const known = attempt === attempts && end === "unconfirmed";
          return this.#resettle(settled, { ...settled, unconfirmed, end: known ? ATTEMPT_ENDS[event.type] : end });
        }
        if (attempt > attempts) return this.fault("result-before-start", `attempt ${attempt} had not started`);
        return this.fault("event-out-of-order", `attempt ${attempt} has ended`);
      }
      case "dispatch.dead_lettered":
        if (!isFailure(end)) {
          return this.fault("dead-letter-without-failure", `the action ended as ${end}`);
        }
        return this.#resettle(settled, { ...settled, end: "dead_lettered" });
      case "dispatch.redriven":
        if (end !== "dead_lettered") this.fault("event-out-of-order", "only a dead-lettered action is redriven");
        return;
      case "dispatch.cancelled":
      case "dispatch.unconfirmed":
        return this.fault("event-out-of-order", `the action ended as ${end}`);
      case "dispatch.queued":
      case "dispatch.permitted":
      case "dispatch.started":
      case "dispatch.retried":
        return this.#dispatchAfterEnd(settled, event);
      default:
        return assertNever(event);
    }
  }

  #dispatchAfterEnd(settled: SettledAction, event: DispatchEvent) {
    const { end, attempts, maxAttempts } = settled;
    if (end === "denied") return this.fault("dispatch-after-deny", `${event.type} after a DENY`);
    if (end === "expired") return this.fault("approval-used-late", `${event.type} after the approval expired`);
    if (attempts === 0) return this.fault("dispatch-without-approval", `${event.type} after the action was ${end}`);
    if (event.type === "dispatch.permitted") {
      const code = settled.approval === undefined ? "event-out-of-order" : "approval-used-twice";
      return this.fault(code, `a second permit; the action ended as ${end}`);
    }
    const { attempt } = event.dispatch;
    if (event.type === "dispatch.started" && attempt <= attempts) {
      return this.fault("permit-used-twice", `attempt ${attempt} was started before`);
    }
    if (attempt > maxAttempts) return this.fault("retries-beyond-limit", `attempt ${attempt} of ${maxAttempts}`);
    this.fault("event-out-of-order", `${event.type} after the action ended as ${end}`);
  }

  // ── Afterwards ───────────────────────────────────────────────────────────────────────────────────────────────────

  #safety(event: EventOf<"safety.checked">) {
    const settled = settledActionOf(this.next, event.action_id);
    if (settled !== undefined) {
      if (settled.attempts === 0) this.fault("event-out-of-order", "nothing ran that could be checked");
      else if (!settled.safety) {
        const { counts } = this.next;
        this.next.counts = { ...counts, checked: counts.checked + 1 };
        this.#replaceSettled({ ...settled, safety: true });
      }
      return;
    }
    const one = openActionOf(this.next, event.action_id);
    if (one === undefined || one.phase !== "ended") {
      return this.fault("event-out-of-order", `a safety check of an action that is ${one?.phase ?? "unknown"}`);
    }
    this.#put({ ...one, safety: true });
  }

  // ── Shared checks ────────────────────────────────────────────────────────────────────────────────────────────────

  #lacks(what: string) {
    this.#lacking = true;
    this.fault("field-missing", `${this.#event.type} lacks ${what}`);
  }

  #expectPhase(one: ActionState, type: string, ...phases: OpenPhase[]) {
    if (!phases.includes(one.phase)) this.fault("event-out-of-order", `${type} on an action that is ${one.phase}`);
  }

  /** Every event of an action repeats the action block: another one is another action. */
  #sameAction(one: ActionState, event: { readonly action: ActionBlock }, code: FaultCode) {
    if (!sameActionBlock(one.action, event.action)) this.fault(code, "the action block is not the requested one");
  }

  #carriedPolicy(one: ActionState, policy: PolicySummary, code: FaultCode) {
    const { decision } = one;
    if (decision === undefined) return;
    if (policy.decision_event === undefined) return this.#lacks("the decision event in its policy block");
    if (
      policy.decision_event !== decision.event ||
      policy.decision !== decision.answer ||
      policy.policy_digest !== decision.policyDigest ||
      policy.policy_snapshot !== decision.policySnapshot ||
      policy.matched_rule !== decision.matchedRule ||
      policy.reason !== decision.reason ||
      (policy.enforced ?? true) !== decision.enforced
    ) {
      this.fault(code, `the policy block is not that of decision ${decision.id}`);
    }
  }

  #carriedApproval(one: ActionState, said: ApprovalSummary) {
    const { approval, decision } = one;
    if (approval?.granted === undefined) {
      if (said.required && decision?.answer === "ALLOW") {
        this.fault("approval-binding-differs", "it says that an approval was required");
      }
      return;
    }
    if (said.approval_id === undefined || said.approver === undefined || said.approved_at === undefined) {
      return this.#lacks("approval_id, approver or approved_at in its approval block");
    }
    const { people, at } = approval.granted;
    if (
      !said.required ||
      said.approval_id !== approval.id ||
      said.approved_at !== at ||
      !people.includes(said.approver)
    ) {
      this.fault("approval-binding-differs", `the approval block is not that of ${approval.id}`);
    }
    const byVotes = approval.granted.separation !== "breakglass";
    if (byVotes && (said.votes === undefined || said.quorum === undefined)) {
      this.#lacks("quorum or votes in its approval block");
    }
  }

  /** Places to fill and votes that filled them, wherever an approval block says so. */
  #carriedCounts({ decision, approval }: ActionState, { quorum, votes }: ApprovalSummary) {
    const { granted } = approval ?? {};
    if (decision === undefined || granted?.separation === "breakglass") return;
    const places = placesOf(decision.requirements);
    if (quorum !== undefined && quorum !== places) {
      this.fault("approval-binding-differs", `the quorum is ${places}, the event says ${quorum}`);
    }
    if (votes === undefined || granted === undefined || sameTexts([...votes].sort(), granted.votes ?? [])) return;
    this.fault("approval-binding-differs", "the approval block names other votes than the grant");
  }

  #sameTopic(request: RequestState, dispatch: DispatchSummary) {
    if (dispatch.topic !== request.topic) this.fault("permit-args-differ", `the requested topic is ${request.topic}`);
  }

  #sameJob(permit: PermitState, dispatch: DispatchSummary) {
    if (dispatch.job_id !== permit.jobId) this.fault("permit-args-differ", `the permit is for job ${permit.jobId}`);
    if (dispatch.max_attempts !== permit.maxAttempts) {
      this.fault("retries-beyond-limit", `the permit gives ${permit.maxAttempts} attempts`);
    }
  }

  // ── Bookkeeping ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** The open action an event is about. Reports, and stands in for, one that nobody requested or that has ended. */
  #actionFor(event: ActionEvent, type: string): ActionState | undefined {
    const settled = settledActionOf(this.next, event.action_id);
    if (settled !== undefined) {
      if (type === "approval.consumed" && settled.approval !== undefined && settled.attempts > 0) {
        this.fault("approval-used-twice", `${settled.approval} was used`);
      } else if (type === "approval.consumed" && settled.end === "expired") {
        this.fault("approval-used-late", "the approval had expired");
      } else this.fault("event-out-of-order", `${type} after the action ended as ${settled.end}`);
      return undefined;
    }
    return openActionOf(this.next, event.action_id) ?? this.#ghost(event);
  }

  /** An action nobody requested, so that what follows can be told. */
  #ghost(event: ActionEvent): ActionState {
    // A dispatch of it is reported once, as a dispatch without a decision.
    if (!("dispatch" in event)) this.fault("event-out-of-order", `nobody requested ${event.action_id}`);
    const ghost = newAction(event.action_id, event.action);
    this.#open(ghost);
    return ghost;
  }

  #open(one: ActionState) {
    const { next } = this;
    next.open = [...next.open, one];
    next.counts = { ...next.counts, actions: next.counts.actions + 1 };
  }

  #put(one: ActionState) {
    const at = this.next.open.findIndex(({ id }) => id === one.id);
    if (at < 0) return;
    const open = this.next.open.slice();
    open[at] = one;
    this.next.open = open;
  }

  #settle(one: ActionState, end: ActionEnd) {
    const { next } = this;
    next.open = next.open.filter(({ id }) => id !== one.id);
    const record: SettledAction = {
      id: one.id,
      end,
      action: one.action,
      attempts: one.attempts,
      maxAttempts: one.permit?.maxAttempts ?? 1,
      unconfirmed: one.unconfirmed,
      ...(one.approval === undefined ? {} : { approval: one.approval.id }),
      ...(one.permit === undefined ? {} : { permit: one.permit.id }),
      safety: one.safety,
    };
    next.settled = remember(next.settled, record);
    next.counts = addAction(next.counts, one, end);
    // Spent once, however many attempts there were; an action of which every attempt failed cost nothing.
    if (one.mayHaveActed !== true || isExtension(one.action, next.run)) return;
    const { actions, cents, bytes } = next.spent;
    next.spent = { actions: actions + 1, cents: cents + one.costCents, bytes: bytes + one.argsBytes };
  }

  #resettle(before: SettledAction, after: SettledAction) {
    this.#replaceSettled(after);
    if (before.end === after.end) return;
    const { counts } = this.next;
    const ends = { ...counts.ends };
    ends[before.end] = (ends[before.end] ?? 1) - 1;
    ends[after.end] = (ends[after.end] ?? 0) + 1;
    const known = counts.known + (isKnown(after.end) ? 1 : 0) - (isKnown(before.end) ? 1 : 0);
    this.next.counts = { ...counts, ends, known };
  }

  #replaceSettled(after: SettledAction) {
    this.next.settled = this.next.settled.map((one) => (one.id === after.id ? after : one));
  }
}

/** Ends of an approval that end the action with it, and the end they give it. */
const ENDS_OF_APPROVAL = {
  "approval.expired": "expired",
  "approval.revoked": "revoked",
  "approval.cancelled": "cancelled",
  "approval.voided": "voided",
} as const;

const ATTEMPT_ENDS = {
  "dispatch.succeeded": "succeeded",
  "dispatch.failed": "failed",
  "dispatch.timed_out": "timed_out",
} as const;

const STATUS_OF = {
  "dispatch.permitted": "PERMITTED",
  "dispatch.queued": "QUEUED",
  "dispatch.started": "STARTED",
  "dispatch.retried": "RETRIED",
  "dispatch.timed_out": "TIMED_OUT",
  "dispatch.dead_lettered": "DEAD_LETTERED",
  "dispatch.redriven": "REDRIVEN",
  "dispatch.cancelled": "CANCELLED",
  "dispatch.succeeded": "SUCCEEDED",
  "dispatch.failed": "FAILED",
  "dispatch.unconfirmed": "UNCONFIRMED",
} as const satisfies Record<DispatchEvent["type"], DispatchSummary["status"]>;

/** What of an action a scope is asked about. */
function touchedBy({ action, request }: ActionState): Parameters<typeof scopeFault>[1] {
  return { action, ...(request?.dataClasses === undefined ? {} : { dataClasses: request.dataClasses }) };
}

const NO_AMOUNTS: Amounts = { actions: 0, cents: 0, bytes: 0 };

type DispatchEvent = Extract<RunEvent, { dispatch: DispatchSummary }>;
type ApprovalEvent = Extract<RunEvent, { type: `approval.${string}` | "breakglass.used" }>;

/** Forgets, when there are too many, the oldest that nothing is expected of, or else the oldest. */
function remember(settled: readonly SettledAction[], record: SettledAction): SettledAction[] {
  if (settled.length < MAX_SETTLED_RECORDS) return [...settled, record];
  const done = settled.findIndex(({ attempts, safety, unconfirmed }) => {
    return attempts === 0 || (safety && unconfirmed.length === 0);
  });
  return [...settled.toSpliced(Math.max(0, done), 1), record];
}

function newAction(id: string, action: ActionBlock): ActionState {
  return {
    id,
    phase: "requested",
    action,
    costCents: 0,
    argsBytes: 0,
    attempts: 0,
    unconfirmed: [],
    unaccounted: 0,
    safety: false,
  };
}

/** Whether an end says what happened to the effect. */
function isKnown(end: ActionEnd): boolean {
  return end !== "unconfirmed";
}

function addAction(counts: RunCounts, one: ActionState, end: ActionEnd): RunCounts {
  const ran = one.attempts > 0;
  const gated = one.decision?.answer === "REQUIRE_APPROVAL" && one.decision.enforced;
  const bound = one.approval?.consumed !== undefined && one.unbound !== true;
  return {
    ...counts,
    decided: counts.decided + (one.request !== undefined && one.decision !== undefined ? 1 : 0),
    approvalsUsed: counts.approvalsUsed + (gated && ran ? 1 : 0),
    approvalsBound: counts.approvalsBound + (gated && ran && bound ? 1 : 0),
    attempts: counts.attempts + one.attempts,
    attemptsAccounted: counts.attemptsAccounted + Math.max(0, one.attempts - one.unaccounted),
    ended: counts.ended + 1,
    known: counts.known + (isKnown(end) ? 1 : 0),
    ran: counts.ran + (ran ? 1 : 0),
    checked: counts.checked + (ran && one.safety ? 1 : 0),
    observed: counts.observed + (one.decision?.enforced === false ? 1 : 0),
    ends: { ...counts.ends, [end]: (counts.ends[end] ?? 0) + 1 },
  };
}

function sameActionBlock(a: ActionBlock, b: ActionBlock): boolean {
  return (
    a.capability === b.capability &&
    a.tool === b.tool &&
    a.tool_version === b.tool_version &&
    a.target.system === b.target.system &&
    a.target.resource === b.target.resource &&
    a.target.environment === b.target.environment &&
    a.target.version === b.target.version
  );
}

function sameInitiator(a: InitiatorBlock, b: InitiatorBlock): boolean {
  return a.on_behalf_of === b.on_behalf_of && sameSoftware(a, b);
}

/** The same but for the person behind it. */
function sameSoftware(a: InitiatorBlock, b: InitiatorBlock): boolean {
  return (
    a.agent === b.agent &&
    a.version === b.version &&
    a.framework === b.framework &&
    a.framework_version === b.framework_version &&
    a.model === b.model
  );
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, at) => text === b[at]);
}
