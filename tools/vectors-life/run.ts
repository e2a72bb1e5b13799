/** The life of a run: every fault that spec/run.md names, beside the lawful story it spoils. */

import { textDigest } from "@countersign/evidence/approval";
import type { DeclaredScope, Event, EventOf, Kind } from "@countersign/evidence/event";
import { digestOf, utf8 } from "@countersign/evidence/hash";
import { EXTENSION_TOOL, extensionTarget } from "@countersign/evidence/run-extension";
import { type Edit, editing, ONE_SRE, omitting, otherId, type Story, StoryAction } from "../story.ts";
import type { Case } from "./vector.ts";

const OTHER_COMMIT = "A".repeat(43);
const OTHER_DIGEST = digestOf(utf8("another"));

/** A lean tenant: one agent, one approver, a policy. */
const found = (story: Story) => story.found({ people: ["sam"] }).run();
const played = (script: string) => (story: Story) => {
  const run = found(story);
  run.play(script);
  run.close();
};
const ALLOWED = "allow succeeded safety";
/** A run that asks for one scope, in two steps around the extension, and is given one. */
function extended({
  asked = { capabilities: ["fs", "infra"], budgets: { actions: 500 } },
  given = asked,
  words = ["gate approve use", "succeeded safety"],
}: {
  readonly asked?: DeclaredScope;
  readonly given?: DeclaredScope;
  readonly words?: readonly [string, string];
}) {
  return (story: Story) => {
    const run = found(story);
    const target = extensionTarget(run.id, asked);
    const action = run.action({ action: { capability: EXTENSION_TOOL, tool: EXTENSION_TOOL, target } });
    action.play(words[0]);
    const request = story.events.findLast((event) => event.type === "approval.requested");
    const approval_id = request?.type === "approval.requested" ? request.approval.approval_id : undefined;
    const cited = approval_id === undefined ? {} : { approval_id };
    run.append("run.scope.extended", { extension: { scope: given, ...cited } });
    action.play(words[1]);
    run.close();
  };
}
/** Three actions of two children, decided before the first runs, under a parent with a budget of 5,000 cents. */
const family = (costs: readonly [number, number, number]) => (story: Story) => {
  const scope = { budgets: { actions: 10, cents: 5000 } };
  const parent = story.found({ people: ["sam"] }).run({ scope });
  const children = [story.run({ parent, scope }), story.run({ parent, scope })] as const;
  const actions = costs.map((costCents, nth) => children[nth % 2 === 0 ? 0 : 1].play("allow", { costCents }));
  for (const action of actions) action.play("succeeded safety");
  for (const run of [...children, parent]) run.close();
};
const APPROVED = "gate approve use succeeded safety";

/** A request that finance may answer too after ten minutes, answered after `waitMs`. */
const escalating =
  (waitMs: number, script: string, quorum = 1) =>
  (story: Story) => {
    const run = story.found({ people: ["sam", "fay"] }).run();
    const requirement = { ...ONE_SRE, quorum, escalation: { after: "PT10M", approvers: "role:finance" } };
    const action = run.play("gate", { requirements: [requirement] });
    story.wait(waitMs);
    action.play(script);
    run.close();
  };

/** Sam's key turns out to have been in other hands. */
const stolen = (story: Story, since: string) =>
  story.append("approver.key.revoked", {
    enrolment: { person: story.person("sam").alias, kid: story.person("sam").kid },
    reason: { code: "STOLEN" },
    compromised_since: since,
  });

/** Changes an approval request's text and what is derived from it, as a forger would. */
const inRequestText = (from: string | RegExp, to: string) => () =>
  editing("approval.requested", (event) => {
    const text = event.approval_request.text.replace(from, to);
    return { ...event, approval_request: { ...event.approval_request, text, digest: textDigest(text) } };
  });

const inVoteText = (from: string | RegExp, to: string) => () =>
  editing("approval.voted", (event) => {
    const text = event.vote.text.replace(from, to);
    return { ...event, vote: { ...event.vote, text, digest: textDigest(text) } };
  });

const both =
  (first: Edit, second: Edit): Edit =>
  (event) => {
    const once = first(event);
    return once === undefined || Array.isArray(once) ? once : second(once as Event);
  };

const withoutAll =
  (...types: Kind[]): (() => Edit) =>
  () =>
  (event) =>
    types.includes(event.type) ? undefined : event;

/** The event and another of the same content. */
const again = <E extends Event>(event: E): Event[] => [event, { ...event, event_id: otherId(event.event_id) }];
const twice = (type: Kind, nth?: number) => () => editing(type, again, nth);

const permitted = (change: (event: EventOf<"dispatch.permitted">) => EventOf<"dispatch.permitted">) => () =>
  editing("dispatch.permitted", change);
const started = (change: (event: EventOf<"dispatch.started">) => EventOf<"dispatch.started">, nth?: number) => () =>
  editing("dispatch.started", change, nth);

export const runCases: readonly Case[] = [
  {
    name: "allowed",
    desc: "An action is allowed, executed once, checked, and the run is settled.",
    tell: played(ALLOWED),
    mutations: {
      "without-run-start": {
        desc: "The run's first event is action.requested.",
        faults: ["run-without-start"],
        edit: () => omitting("run.started"),
      },
      "without-request": {
        desc: "A decision on an action nobody requested.",
        faults: ["event-out-of-order"],
        edit: () => omitting("action.requested"),
      },
      "without-decision": {
        desc: "The action is dispatched without a decision.",
        faults: ["dispatch-without-decision"],
        edit: () => omitting("policy.decided"),
      },
      "without-permit": {
        desc: "The attempt starts without a permit.",
        faults: ["event-out-of-order"],
        edit: () => omitting("dispatch.permitted"),
      },
      "without-start": {
        desc: "An outcome of an attempt that never started.",
        faults: ["result-before-start"],
        edit: () => omitting("dispatch.started"),
      },
      "without-outcome": {
        desc: "The attempt's deadline passes, nothing is recorded, and the run is settled over it.",
        faults: ["event-out-of-order", "event-out-of-order", "outcome-missing"],
        edit: () => omitting("dispatch.succeeded"),
      },
      "without-outcome-yet": {
        desc: "The attempt's deadline passed ten minutes before the log's newest entry, and nothing was recorded.",
        faults: ["outcome-missing"],
        tell: (story) => {
          found(story).play("allow use");
          story.wait(660_000);
          story.append("log.heartbeat", { heartbeat: { idle_since: story.at(-600_000) } });
        },
      },
      "without-safety-check": {
        desc: "Lawful, but the safety check is missing: completeness falls, nothing is wrong.",
        faults: [],
        edit: () => omitting("safety.checked"),
      },
      "without-close": {
        desc: "The run is settled without having been closed.",
        faults: ["event-out-of-order"],
        edit: () => omitting("run.closed"),
      },
      "not-settled": {
        desc: "Lawful: the run is closed and not settled yet.",
        faults: [],
        edit: () => omitting("run.settled"),
      },
      gap: {
        desc: "run_seq jumps: an event of the run was cut out.",
        faults: ["run-chain-broken"],
        edit: () =>
          editing("dispatch.permitted", (event) => {
            const integrity = { ...event.integrity, run_seq: (event.integrity.run_seq ?? 0) + 1 };
            return { ...event, integrity };
          }),
      },
      fork: {
        desc: "Two events of the run claim the same place in it.",
        faults: ["run-chain-broken"],
        edit: () =>
          editing("dispatch.succeeded", (event) => {
            const integrity = { ...event.integrity, run_seq: (event.integrity.run_seq ?? 0) - 1 };
            return { ...event, integrity };
          }),
      },
      "other-initiator": {
        desc: "One event of the run names another agent.",
        faults: ["initiator-changed"],
        edit: () =>
          editing("dispatch.succeeded", (event) => ({
            ...event,
            initiator: { ...event.initiator, agent: "other-agent" },
          })),
      },
      "other-person-behind": {
        desc: "From the request on, the run is said to be for another person.",
        faults: ["initiator-changed"],
        edit: () =>
          editing("action.requested", (event) => ({
            ...event,
            initiator: { ...event.initiator, on_behalf_of: otherId(event.initiator.on_behalf_of!) },
          })),
      },
      "action-digest-differs": {
        desc: "The action digest is of another action.",
        faults: ["action-digest-differs"],
        edit: () =>
          editing("action.requested", (event) => ({
            ...event,
            request: { ...event.request, action_digest: OTHER_DIGEST },
          })),
      },
      "without-argument-commitment": {
        desc: "The request does not commit to its arguments.",
        faults: ["field-missing"],
        edit: () =>
          editing("action.requested", ({ commit: _, ...event }) => ({
            ...event,
            commit: { "/action/other": OTHER_COMMIT },
          })),
      },
      "without-decision-event": {
        desc: "A dispatch event does not say which decision allowed it.",
        faults: ["field-missing"],
        edit: () =>
          editing("dispatch.permitted", (event) => {
            const { decision_event: _, ...policy } = event.policy;
            return { ...event, policy };
          }),
      },
      "pointer-without-payload": {
        desc: "The arguments' payload was never recorded.",
        faults: [...Array<"pointer-without-payload">(4).fill("pointer-without-payload")],
        withhold: (story) => {
          const request = story.events.find((event) => event.type === "action.requested");
          return request?.type === "action.requested" ? (request.pointers.args ?? "") : "";
        },
      },
      "decision-of-another-request": {
        desc: "The decision cites another request's leaf.",
        faults: ["event-out-of-order"],
        edit: () =>
          editing("policy.decided", (event) => ({
            ...event,
            decided: { ...event.decided, request_leaf: "0".repeat(64) },
          })),
      },
      "policy-never-published": {
        desc: "The decision cites a policy the log never published.",
        faults: ["policy-not-published", "policy-not-published"],
        edit: () =>
          editing("policy.decided", (event) => ({
            ...event,
            policy: { ...event.policy, policy_digest: OTHER_DIGEST, policy_snapshot: "pol_2026_03_01" },
          })),
      },
      "policy-changed-before-use": {
        desc: "Another policy was published between decision and use.",
        faults: ["policy-not-published"],
        tell: (story) => {
          const run = found(story);
          const action = run.play("allow");
          story.publish({ revision: "pol_2026_04_02" });
          action.play("use succeeded safety");
          run.close();
        },
      },
      "decision-expired": {
        desc: "The ALLOW is used after it was good for.",
        faults: ["dispatch-without-decision"],
        tell: (story) => {
          const run = found(story);
          const action = run.play("allow");
          story.wait(61_000);
          action.play("use succeeded safety");
          run.close();
        },
      },
      "decision-renewed": {
        desc: "Lawful: the ALLOW had expired and the action was decided again before its use.",
        faults: [],
        tell: (story) => {
          const run = found(story);
          const action = run.play("allow");
          story.wait(61_000);
          action.decide("ALLOW");
          action.play("use succeeded safety");
          run.close();
        },
      },
      "block-of-another-decision": {
        desc: "The attempt cites a decision that is not the action's.",
        faults: ["dispatch-without-decision"],
        edit: started((event) => ({
          ...event,
          policy: { ...event.policy, matched_rule: "allow-everything" },
        })),
      },
      "approval-claimed": {
        desc: "The dispatch says that an approval was required and given; nobody was asked.",
        faults: ["approval-binding-differs"],
        edit: permitted((event) => ({ ...event, approval: { required: true } })),
      },
      "permit-args-differ": {
        desc: "The permit is for other arguments than those requested.",
        faults: ["permit-args-differ", "permit-args-differ"],
        edit: permitted((event) => ({ ...event, permit: { ...event.permit, args_commit: OTHER_COMMIT } })),
      },
      "started-args-differ": {
        desc: "The attempt starts with other arguments than the permit's.",
        faults: ["permit-args-differ"],
        edit: started((event) => ({ ...event, started: { ...event.started, args_commit: OTHER_COMMIT } })),
      },
      "started-target-differs": {
        desc: "The attempt starts on another target.",
        faults: ["permit-args-differ"],
        edit: started((event) => ({
          ...event,
          action: { ...event.action, target: { ...event.action.target, resource: "prod/vpc-2" } },
        })),
      },
      "started-by-another": {
        desc: "An executor starts the attempt with another executor's permit.",
        faults: ["permit-args-differ"],
        edit: started((event) => ({ ...event, started: { ...event.started, executor: "worker-us-1" } })),
      },
      "obligations-dropped": {
        desc: "The permit drops an obligation of the decision.",
        faults: ["permit-args-differ"],
        edit: permitted((event) => ({ ...event, permit: { ...event.permit, obligations: [] } })),
      },
      "permit-used-late": {
        desc: "The attempt starts after the permit's window.",
        faults: ["permit-used-late"],
        tell: (story) => {
          const run = found(story);
          const action = run.play("allow");
          action.permit();
          story.wait(300_001);
          action.start();
          action.play("succeeded safety");
          run.close();
        },
      },
      "started-twice": {
        desc: "The same attempt is started twice.",
        faults: ["permit-used-twice"],
        edit: twice("dispatch.started"),
      },
      "permit-key-unknown": {
        desc: "The permit names a key the log never announced.",
        faults: ["key-unannounced"],
        edit: permitted((event) => ({ ...event, permit: { ...event.permit, kid: "permit-9" } })),
      },
      "permit-key-revoked": {
        desc: "The permit names a key that was revoked before.",
        faults: ["key-revoked"],
        tell: (story) => {
          const run = found(story);
          story.append("log.key.revoked", {
            key: { kid: story.permitKid, purpose: "permit", alg: "ed25519" },
            reason: { code: "KEY_COMPROMISED" },
          });
          run.play(ALLOWED);
          run.close();
        },
      },
      "permit-key-compromised-later": {
        desc: "The permit's key is declared compromised later, since before the permit.",
        faults: ["key-revoked"],
        tell: (story) => {
          const run = found(story);
          const since = story.at();
          run.play(ALLOWED);
          run.close();
          story.append("log.key.revoked", {
            key: { kid: story.permitKid, purpose: "permit", alg: "ed25519" },
            reason: { code: "KEY_COMPROMISED" },
            compromised_since: since,
          });
        },
      },
      "permit-key-compromised-before-retry": {
        desc: "The permit's key is declared compromised since before the permit, and another attempt is made.",
        faults: ["authority-compromised", "key-revoked"],
        tell: (story) => {
          const run = found(story);
          const since = story.at();
          const action = run.play("allow failed");
          story.append("log.key.revoked", {
            key: { kid: story.permitKid, purpose: "permit", alg: "ed25519" },
            reason: { code: "KEY_COMPROMISED" },
            last_trusted_size: story.events.length,
            compromised_since: since,
          });
          action.play("retry succeeded safety");
          run.close();
        },
      },
      "artifact-before-start": {
        desc: "An artifact of an action that has not started.",
        faults: ["result-before-start"],
        tell: (story) => {
          const run = found(story);
          run.play("allow artifact use succeeded safety");
          run.close();
        },
      },
      "safety-before-end": {
        desc: "A safety check of an attempt that is still running.",
        faults: ["event-out-of-order"],
        tell: (story) => {
          const run = found(story);
          run.play("allow use safety succeeded safety");
          run.close();
        },
      },
      "request-after-close": {
        desc: "An action is requested and carried out after the run was closed.",
        faults: ["event-after-close", "event-after-close"],
        tell: (story) => {
          const run = found(story);
          run.play(ALLOWED);
          run.close("completed", false);
          run.play(ALLOWED);
          run.settle();
        },
      },
      "event-after-settle": {
        desc: "A safety check comes after the run was settled.",
        faults: ["event-after-settle", "event-out-of-order"],
        tell: (story) => {
          const run = found(story);
          const action = run.play(ALLOWED);
          run.close();
          action.safety();
        },
      },
      "settled-short": {
        desc: "run.settled counts one event less than there are.",
        faults: ["settle-count-differs"],
        edit: () =>
          editing("run.settled", (event) => ({
            ...event,
            settled: { ...event.settled, events: event.settled.events - 1 },
          })),
      },
      "wrong-status": {
        desc: "dispatch.succeeded says status FAILED.",
        faults: ["event-out-of-order"],
        edit: () =>
          editing("dispatch.succeeded", (event) => ({ ...event, dispatch: { ...event.dispatch, status: "FAILED" } })),
      },
      "succeeded-twice": {
        desc: "The same attempt succeeds twice.",
        faults: ["event-out-of-order"],
        edit: twice("dispatch.succeeded"),
      },
    },
  },
  {
    name: "denied",
    desc: "An action is denied and nothing runs.",
    tell: played("deny"),
    mutations: {
      dispatched: {
        desc: "The denied action is permitted and executed all the same.",
        faults: ["dispatch-after-deny", "dispatch-after-deny", "result-before-start", "event-out-of-order"],
        tell: played("deny use succeeded safety"),
      },
      queued: {
        desc: "The denied action is put into a queue.",
        faults: ["dispatch-after-deny"],
        tell: played("deny queue"),
      },
      "decided-again": {
        desc: "The denied action is decided again, until it is allowed.",
        faults: ["event-out-of-order"],
        tell: (story) => {
          const run = found(story);
          const action = run.play("deny");
          action.decide("ALLOW");
          run.close();
        },
      },
    },
  },
  {
    name: "scope",
    desc: "Two actions within the run's declared scope, one of them above no limit.",
    tell: (story) => {
      const run = found(story);
      run.play(ALLOWED);
      run.play(ALLOWED, {
        action: { capability: "fs.read", tool: "fs", target: { system: "fs", resource: "workspace/a.txt" } },
      });
      run.close();
    },
    mutations: {
      "resource-outside": {
        desc: "An action runs on a resource the run did not declare.",
        faults: ["execution-outside-scope", "execution-outside-scope"],
        tell: (story) => {
          const run = found(story);
          run.play(ALLOWED, { action: { target: { system: "aws:eu-west-1", resource: "staging/vpc-1" } } });
          run.close();
        },
      },
      "segment-crossed": {
        desc: "`workspace/*` does not reach into a folder below.",
        faults: ["execution-outside-scope", "execution-outside-scope"],
        tell: (story) => {
          const run = found(story);
          run.play(ALLOWED, { action: { target: { system: "fs", resource: "workspace/secret/key" } } });
          run.close();
        },
      },
      "capability-undeclared": {
        desc: "An action uses a capability the run did not declare, though the agent may.",
        faults: ["execution-outside-scope", "execution-outside-scope"],
        tell: (story) => {
          const run = found(story);
          run.play(ALLOWED, { action: { capability: "infra.read" } });
          run.close();
        },
      },
      "over-budget": {
        desc: "Two open actions together cost more than the run's budget; the second is dispatched.",
        faults: ["execution-outside-scope", "execution-outside-scope"],
        tell: (story) => {
          const run = story.found({ people: ["sam"] }).run({ scope: { budgets: { cents: 150 } } });
          run.play("allow");
          run.play(ALLOWED);
          run.actions[0]!.drop();
          run.close();
        },
      },
      expired: {
        desc: "The scope expired before the attempt started.",
        faults: ["execution-outside-scope", "execution-outside-scope"],
        tell: (story) => {
          story.found({ people: ["sam"] });
          const run = story.run({ scope: { expires_at: story.at(1_000) } });
          story.wait(2_000);
          run.play(ALLOWED);
          run.close();
        },
      },
      "declared-above-ceiling": {
        desc: "The run declares a capability above the agent's approved ceiling.",
        faults: ["execution-above-ceiling"],
        tell: (story) => {
          const run = story.found({ people: ["sam"] }).run({ scope: { capabilities: ["fs", "payments.transfer"] } });
          run.close();
        },
      },
      "executed-above-ceiling": {
        desc: "The ceiling was lowered after the run started; the action runs above it.",
        faults: ["execution-above-ceiling", "execution-above-ceiling"],
        tell: (story) => {
          const run = found(story);
          story.register({ ceiling: ["fs"] });
          run.play(ALLOWED);
          run.close();
        },
      },
      "environment-above-ceiling": {
        desc: "The agent is registered for another environment than the one it acts in.",
        faults: ["execution-above-ceiling", "execution-above-ceiling"],
        tell: (story) => {
          story.found({ people: ["sam"] });
          story.register({ environments: ["dev"] });
          const run = story.run();
          run.play(ALLOWED);
          run.close();
        },
      },
      "environment-within-ceiling": {
        desc: "Lawful: the agent is registered for the environment it acts in.",
        faults: [],
        tell: (story) => {
          story.found({ people: ["sam"] });
          story.register({ environments: ["dev", "prod"] });
          const run = story.run();
          run.play(ALLOWED);
          run.close();
        },
      },
      "stale-ceiling": {
        desc: "The run cites a registration of the agent that was changed before it started.",
        faults: ["execution-above-ceiling"],
        edit: () =>
          editing("run.started", (event) => ({
            ...event,
            run: { ...event.run, ceiling_event: event.event_id },
          })),
      },
      "agent-unregistered": {
        desc: "Nobody registered the agent.",
        faults: ["execution-above-ceiling", "execution-above-ceiling", "execution-above-ceiling"],
        tell: (story) => {
          const run = story.found({ people: ["sam"] }).run({ initiator: { agent: "constructor" } });
          run.play(ALLOWED);
          run.close();
        },
      },
      "agent-executes": {
        desc: "The agent starts its own action although its registration does not let it.",
        faults: ["execution-above-ceiling"],
        edit: started((event) => ({ ...event, actor: { type: "agent", id: "ops-agent-3" } }), 0),
      },
      widened: {
        desc: "The run's scope is widened without an approval.",
        faults: ["execution-outside-scope"],
        tell: (story) => {
          const run = found(story);
          run.append("run.scope.extended", { extension: { scope: { capabilities: ["fs", "infra"] } } });
          run.close();
        },
      },
      narrowed: {
        desc: "Lawful: the run gives up part of its scope.",
        faults: [],
        tell: (story) => {
          const run = found(story);
          const { scope } = run.started.run;
          run.append("run.scope.extended", { extension: { scope: { ...scope, capabilities: ["fs"] } } });
          run.close();
        },
      },
    },
  },
  {
    name: "extended",
    desc: "A run asks for a wider scope; a person approves exactly it, and the gate uses the approval.",
    tell: extended({}),
    mutations: {
      "another-scope": {
        desc: "The scope the run gets is not the one that was approved.",
        faults: ["execution-outside-scope"],
        tell: extended({ given: { capabilities: ["fs", "infra"], budgets: { actions: 900 } } }),
      },
      "before-use": {
        desc: "The scope is widened when the approval is granted, before it is used.",
        faults: ["execution-outside-scope"],
        tell: extended({ words: ["gate approve", "use succeeded safety"] }),
      },
      "above-ceiling": {
        desc: "What people approved is above the agent's ceiling.",
        faults: ["execution-above-ceiling"],
        tell: extended({ asked: { capabilities: ["fs", "infra", "pay"] } }),
      },
      "by-a-worker": {
        desc: "Another executor than the gate has the permit to extend the run.",
        faults: ["execution-outside-scope", "execution-outside-scope"],
        edit: () =>
          both(
            editing("dispatch.permitted", (event) => ({
              ...event,
              permit: { ...event.permit, executor: "worker-eu-2" },
            })),
            editing("dispatch.started", (event) => ({
              ...event,
              started: { ...event.started, executor: "worker-eu-2" },
            })),
          ),
      },
    },
  },
  {
    name: "delegated",
    desc: "The run passes to another person by an explicit delegation.",
    tell: (story) => {
      const run = found(story);
      run.play(ALLOWED);
      delegate(story, run, true);
      run.close();
    },
    mutations: {
      silently: {
        desc: "The run passes to another person without a delegation.",
        faults: ["initiator-changed", "initiator-changed"],
        tell: (story) => {
          const run = found(story);
          run.play(ALLOWED);
          delegate(story, run, false);
          run.close();
        },
      },
      "to-nobody": {
        desc: "The run passes on to nobody: afterwards no person stands behind it.",
        faults: ["initiator-changed"],
        tell: (story) => {
          const run = found(story);
          const { on_behalf_of: _, ...initiator } = run.initiator;
          run.append("run.scope.extended", { extension: { scope: run.started.run.scope, initiator } });
          run.initiator = initiator;
          run.close();
        },
      },
      "to-another-agent": {
        desc: "The run passes to another agent by what may only name another person.",
        faults: ["initiator-changed", "execution-above-ceiling"],
        tell: (story) => {
          const run = found(story);
          const initiator = { ...run.initiator, agent: "other-agent" };
          run.append("run.scope.extended", { extension: { scope: run.started.run.scope, initiator } });
          run.initiator = initiator;
          run.close();
        },
      },
      "approved-by-the-person-before": {
        desc: "Whoever the run was for passes it on, and then approves its action.",
        faults: ["approver-self-approval", "approver-self-approval"],
        tell: (story) => {
          story.found({ people: ["sam"] });
          const run = story.run({ initiator: { on_behalf_of: story.person("sam").alias } });
          delegate(story, run, true);
          run.play(APPROVED);
          run.close();
        },
      },
    },
  },
  {
    name: "child",
    desc: "A child run declares a subset of its parent's scope.",
    tell: (story) => {
      const parent = found(story);
      const child = story.run({
        parent,
        scope: {
          capabilities: ["infra.change.apply"],
          resources: [{ pattern: "prod/vpc-*" }],
          budgets: { actions: 1, cents: 500 },
        },
      });
      child.play(ALLOWED);
      child.close();
      parent.close();
    },
    mutations: {
      wider: {
        desc: "A child run declares a resource its parent does not hold.",
        faults: ["execution-outside-scope"],
        tell: (story) => {
          const parent = found(story);
          const child = story.run({ parent, scope: { resources: [{ pattern: "**" }] } });
          child.close();
          parent.close();
        },
      },
      "over-budget": {
        desc: "A child run declares no budget where its parent has one.",
        faults: ["execution-outside-scope"],
        tell: (story) => {
          const parent = found(story);
          const child = story.run({ parent, scope: { budgets: { actions: 1 } } });
          child.close();
          parent.close();
        },
      },
    },
  },
  {
    name: "family",
    desc: "Two children spend at the same time, within the budget of the run above them.",
    tell: family([2000, 2000, 1000]),
    mutations: {
      "above-parent": {
        desc: "Each child keeps to its own budget; together they pass that of the run above.",
        faults: ["execution-outside-scope", "execution-outside-scope"],
        tell: family([2000, 2000, 2000]),
      },
      "parent-narrowed": {
        desc: "The run above was narrowed while its child had an action open.",
        faults: ["execution-outside-scope", "execution-outside-scope"],
        tell: (story) => {
          const parent = story.found({ people: ["sam"] }).run();
          const child = story.run({ parent });
          const action = child.play("allow");
          const { scope } = parent.started.run;
          parent.append("run.scope.extended", {
            extension: { scope: { ...scope, resources: [{ pattern: "workspace/*" }] } },
          });
          action.play("succeeded safety");
          child.close();
          parent.close();
        },
      },
    },
  },
  {
    name: "frozen",
    desc: "A freeze is placed and lifted by two people before the action runs.",
    tell: (story) => {
      const run = found(story);
      lift(story, freeze(story, "capability", "infra"));
      run.play(ALLOWED);
      run.close();
    },
    mutations: {
      "capability-frozen": {
        desc: "The action runs while a freeze covers its capability.",
        faults: ["execution-while-frozen", "execution-while-frozen"],
        edit: () => omitting("freeze.lifted"),
      },
      "agent-frozen-between-attempts": {
        desc: "The second attempt starts although the agent was frozen after the first.",
        faults: ["execution-while-frozen"],
        tell: (story) => {
          const run = found(story);
          const action = run.play("allow failed");
          freeze(story, "agent", "ops-agent-3");
          action.play("retry succeeded safety");
          run.close();
        },
      },
      "agent-frozen-and-lifted-between-attempts": {
        desc: "The second attempt goes by a permit that a freeze had voided, although the freeze was lifted.",
        faults: ["authority-voided"],
        tell: (story) => {
          const run = found(story);
          const action = run.play("allow failed");
          lift(story, freeze(story, "agent", "ops-agent-3"));
          action.play("retry succeeded safety");
          run.close();
        },
      },
      "grant-frozen-and-lifted": {
        desc: "An approval granted before a freeze is used after the freeze was lifted.",
        faults: ["authority-voided"],
        tell: (story) => {
          const run = found(story);
          const action = run.action().play("gate approve");
          lift(story, freeze(story, "tenant"));
          action.play("use succeeded safety");
          run.close();
        },
      },
      "another-target-frozen-and-lifted-between-attempts": {
        desc: "Lawful: the freeze that was lifted covered something else.",
        faults: [],
        tell: (story) => {
          const run = found(story);
          const action = run.play("allow failed");
          lift(story, freeze(story, "target", "staging/**"));
          action.play("retry succeeded safety");
          run.close();
        },
      },
      "target-frozen": {
        desc: "The action runs while a freeze covers its target.",
        faults: ["execution-while-frozen", "execution-while-frozen"],
        tell: (story) => {
          const run = found(story);
          freeze(story, "target", "prod/*");
          run.play(ALLOWED);
          run.close();
        },
      },
      "tenant-frozen": {
        desc: "The action runs while the whole tenant is frozen.",
        faults: ["execution-while-frozen", "execution-while-frozen"],
        tell: (story) => {
          const run = found(story);
          freeze(story, "tenant");
          run.play(ALLOWED);
          run.close();
        },
      },
      "another-target-frozen": {
        desc: "Lawful: the freeze covers something else.",
        faults: [],
        tell: (story) => {
          const run = found(story);
          freeze(story, "target", "staging/**");
          run.play(ALLOWED);
          run.close();
        },
      },
    },
  },
  {
    name: "escalated",
    desc: "Nobody of the asked role answers in ten minutes; then somebody of the added role may, and does.",
    tell: escalating(600_000, "vote:fay grant use succeeded safety"),
    mutations: {
      "by-the-first-role": {
        desc: "Lawful: who was asked first may answer before and after.",
        faults: [],
        tell: escalating(600_000, "approve use succeeded safety"),
      },
      early: {
        desc: "Somebody of the added role answers before it is added.",
        faults: ["approver-not-entitled", "quorum-not-met"],
        tell: escalating(0, "vote:fay grant use succeeded safety"),
      },
      "quorum-lowered": {
        desc: "The escalation adds a role, and the grant counts one person where two are asked for.",
        faults: ["quorum-not-met"],
        tell: escalating(600_000, "vote:fay grant use succeeded safety", 2),
      },
    },
  },
  {
    name: "approved",
    desc: "An action that requires an approval gets one, and uses it once.",
    tell: played(APPROVED),
    mutations: {
      "without-approval-events": {
        desc: "The action runs although the required approval was never asked for.",
        faults: ["dispatch-without-approval"],
        edit: withoutAll("approval.requested", "approval.voted", "approval.granted", "approval.consumed"),
      },
      "not-granted": {
        desc: "The action runs on a vote alone; the approval was never granted.",
        faults: ["dispatch-without-approval", "dispatch-without-approval"],
        edit: () => omitting("approval.granted"),
      },
      "not-consumed": {
        desc: "The action runs without its approval having been used.",
        faults: ["dispatch-without-approval"],
        edit: () => omitting("approval.consumed"),
      },
      "queued-early": {
        desc: "The action is put into a queue before its approval was granted.",
        faults: ["dispatch-without-approval"],
        tell: played("gate queue approve use succeeded safety"),
      },
      "used-twice": {
        desc: "The approval is used a second time.",
        faults: ["approval-used-twice"],
        edit: twice("approval.consumed"),
      },
      "used-twice-later": {
        desc: "The approval is used again after the action had succeeded.",
        faults: ["approval-used-twice", "approval-used-twice", "permit-used-twice", "event-out-of-order"],
        tell: (story) => {
          const run = found(story);
          const action = run.play(APPROVED);
          action.consume();
          action.permit();
          action.attempts = 0;
          action.start();
          action.end("succeeded");
          action.safety();
          run.close();
        },
      },
      "used-for-another-permit": {
        desc: "The approval was used for one permit, and another is written.",
        faults: ["approval-binding-differs", "permit-args-differ"],
        edit: permitted((event) => ({
          ...event,
          permit: { ...event.permit, permit_id: otherId(event.permit.permit_id) },
        })),
      },
      "reason-carried-differs": {
        desc: "A dispatch carries another reason than its decision has.",
        faults: ["dispatch-without-decision"],
        edit: started((event) => ({ ...event, policy: { ...event.policy, reason: "TEAM_SCOPE" } })),
      },
      "quorum-asked-differs": {
        desc: "The request says that more people are needed than the rules ask for.",
        faults: ["approval-binding-differs"],
        edit: () =>
          editing("approval.requested", (event) => ({ ...event, approval: { ...event.approval, quorum: 2 } })),
      },
      "quorum-carried-differs": {
        desc: "A dispatch says that more people had to approve than did.",
        faults: ["approval-binding-differs"],
        edit: started((event) => ({ ...event, approval: { ...event.approval, quorum: 2 } })),
      },
      "votes-carried-differ": {
        desc: "A dispatch names another vote than the one that granted its approval.",
        faults: ["approval-binding-differs"],
        edit: started((event) => ({
          ...event,
          approval: { ...event.approval, votes: event.approval.votes?.map(otherId) ?? [] },
        })),
      },
      "votes-granted-differ": {
        desc: "The grant names a vote nobody cast beside the one that was; what follows carries the real one.",
        faults: Array.from({ length: 5 }, () => "approval-binding-differs" as const),
        edit: () =>
          editing("approval.granted", (event) => {
            const votes = event.approval.votes ?? [];
            return { ...event, approval: { ...event.approval, votes: [...votes, ...votes.map(otherId)] } };
          }),
      },
      "votes-not-carried": {
        desc: "A dispatch does not say whose votes allowed it.",
        faults: ["field-missing"],
        edit: started((event) => {
          const { votes: _, ...approval } = event.approval;
          return { ...event, approval };
        }),
      },
      "used-late": {
        desc: "The approval is used after it expired.",
        faults: ["approval-used-late"],
        tell: (story) => {
          const run = found(story);
          const action = run.play("gate approve");
          story.wait(1_800_000);
          action.play("use succeeded safety");
          run.close();
        },
      },
      "permitted-late": {
        desc: "The approval is used in time, and the permit written after it expired.",
        faults: ["approval-used-late"],
        tell: (story) => {
          const run = found(story);
          const action = run.play("gate approve");
          action.consume();
          story.wait(1_800_000);
          action.permit();
          action.start();
          action.play("succeeded safety");
          run.close();
        },
      },
      "voted-late": {
        desc: "The vote comes after the request expired.",
        faults: ["approval-used-late", "approval-used-late", "approval-used-late"],
        tell: (story) => {
          const run = found(story);
          const action = run.play("gate");
          story.wait(1_800_000);
          action.play("approve use succeeded safety");
          run.close();
        },
      },
      "policy-changed-before-use": {
        desc: "Another policy was published between approval and use.",
        faults: ["approval-binding-differs"],
        tell: (story) => {
          const run = found(story);
          const action = run.play("gate approve");
          story.publish({ revision: "pol_2026_04_02" });
          action.play("use succeeded safety");
          run.close();
        },
      },
      revalidated: {
        desc: "Lawful: another policy with a proved-equal gate was published, and the approval revalidated under it.",
        faults: [],
        tell: (story) => {
          const run = found(story);
          const action = run.play("gate approve");
          story.publish({ revision: "pol_2026_04_02" });
          action.revalidate();
          action.play("use succeeded safety");
          run.close();
        },
      },
      "revalidated-without-projection": {
        desc: "The approval is said to hold under another policy, without what that policy was asked with.",
        faults: ["field-missing"],
        tell: (story) => {
          const run = found(story);
          const action = run.play("gate approve");
          story.publish({ revision: "pol_2026_04_02" });
          action.revalidate();
          action.play("use succeeded safety");
          run.close();
        },
        edit: () =>
          editing("approval.revalidated", (event) => {
            const { projection: _, ...revalidated } = event.revalidated;
            return { ...event, revalidated };
          }),
      },
      "revalidated-with-another-gate": {
        desc: "The approval is said to hold under another policy whose gate is another.",
        faults: ["approval-binding-differs"],
        tell: (story) => {
          const run = found(story);
          const action = run.play("gate approve");
          story.publish({ revision: "pol_2026_04_02" });
          action.revalidate();
          action.play("use succeeded safety");
          run.close();
        },
        edit: () =>
          editing("approval.revalidated", (event) => ({
            ...event,
            revalidated: { ...event.revalidated, gate_digest: OTHER_DIGEST },
          })),
      },
      "voter-key-compromised-before-use": {
        desc: "The voter's key is declared compromised since before the vote, and the approval is used nevertheless.",
        faults: ["authority-compromised", "vote-key-compromised"],
        tell: (story) => {
          const run = found(story);
          const since = story.at();
          const action = run.play("gate approve");
          stolen(story, since);
          action.play("use succeeded safety");
          run.close();
        },
      },
      "voter-key-compromised-before-retry": {
        desc: "The voter's key is declared compromised since before the vote, and another attempt is made.",
        faults: ["authority-compromised", "vote-key-compromised"],
        tell: (story) => {
          const run = found(story);
          const since = story.at();
          const action = run.play("gate approve use failed");
          stolen(story, since);
          action.play("retry succeeded safety");
          run.close();
        },
      },
      "voter-key-compromised-since-the-vote": {
        desc: "Lawful: the voter's key was compromised only after the vote.",
        faults: [],
        tell: (story) => {
          const run = found(story);
          const action = run.play("gate approve");
          stolen(story, story.at());
          action.play("use failed retry succeeded safety");
          run.close();
        },
      },
      "role-revoked-before-use": {
        desc: "The approver lost the role between grant and use.",
        faults: ["approver-not-entitled"],
        tell: (story) => {
          const run = found(story);
          const action = run.play("gate approve");
          story.append("role.revoked", {
            grant: { person: story.person("sam").alias, role: "oncall_sre", kind: "approver_role" },
            reason: { code: "ROTATION" },
          });
          action.play("use succeeded safety");
          run.close();
        },
      },
      "binds-other-arguments": {
        desc: "What people approved names other arguments than those requested.",
        faults: ["approval-binding-differs"],
        edit: inRequestText(/"args_commit":"[^"]+"/, `"args_commit":"${OTHER_COMMIT}"`),
      },
      "binds-other-action": {
        desc: "What people approved names another target.",
        faults: ["approval-binding-differs"],
        edit: inRequestText("prod/vpc-1", "prod/vpc-9"),
      },
      "binds-other-policy": {
        desc: "What people approved names another policy digest than the decision's.",
        faults: ["approval-binding-differs"],
        edit: inRequestText(/"policy_digest":"[^"]+"/, `"policy_digest":"${OTHER_DIGEST}"`),
      },
      "binds-weaker-requirements": {
        desc: "What people approved drops the separation of duties the decision demands.",
        faults: ["approval-binding-differs"],
        edit: inRequestText(/"separation":\[[^\]]+\]/, '"separation":[]'),
      },
      "lives-too-long": {
        desc: "The request lives longer than its requirement allows.",
        faults: ["approval-binding-differs"],
        edit: () =>
          both(
            inRequestText(/"expires_at":"[^"]+"/, '"expires_at":"2026-04-02T14:00:00.000Z"')(),
            editing("approval.requested", (event) => ({
              ...event,
              approval_request: { ...event.approval_request, expires_at: "2026-04-02T14:00:00.000Z" },
            })),
          ),
      },
      "text-not-canonical": {
        desc: "The request's text has white space, so its digest could be of several texts.",
        faults: ["approval-binding-differs"],
        edit: inRequestText('{"action":', '{ "action":'),
      },
      "without-policy": {
        desc: "The request names no policy snapshot.",
        faults: ["approval-without-policy"],
        edit: inRequestText(/"policy_snapshot":"[^"]+"/, '"policy_snapshot":"none"'),
      },
      "block-of-another-approval": {
        desc: "The dispatch cites another person as approver than the grant.",
        faults: ["approval-binding-differs"],
        edit: permitted((event) => ({
          ...event,
          approval: { ...event.approval, approver: otherId(event.approval.approver!) },
        })),
      },
      "vote-of-another-request": {
        desc: "The signed vote answers another request.",
        faults: ["approval-binding-differs"],
        edit: inVoteText(/"request_digest":"[^"]+"/, `"request_digest":"${OTHER_DIGEST}"`),
      },
      "vote-turned": {
        desc: "A signed rejection is recorded as an approval.",
        faults: ["approval-binding-differs"],
        edit: inVoteText('"answer":"approve"', '"answer":"reject"'),
      },
      "shown-something-else": {
        desc: "The person was shown another text than this request's.",
        faults: ["approval-binding-differs"],
        edit: () =>
          both(
            inVoteText(/"rendering":"[^"]+"/, `"rendering":"${OTHER_DIGEST}"`)(),
            editing("approval.voted", (event) => ({ ...event, vote: { ...event.vote, rendering: OTHER_DIGEST } })),
          ),
      },
      stranger: {
        desc: "The vote is of a person who does not hold the role.",
        faults: ["approver-not-entitled", "quorum-not-met"],
        tell: (story) => {
          const run = story.found({ people: ["sam", "fay"] }).run();
          run.play("gate vote:fay grant use succeeded safety");
          run.close();
        },
      },
      "person-removed": {
        desc: "The vote is of a person who left the tenant.",
        faults: ["approver-not-entitled", "approver-not-entitled", "quorum-not-met"],
        tell: (story) => {
          const run = found(story);
          story.append("person.removed", { person: { alias: story.person("sam").alias }, reason: { code: "LEFT" } });
          run.play(APPROVED);
          run.close();
        },
      },
      "key-not-enrolled": {
        desc: "The vote is made with a key nobody enrolled.",
        faults: ["approver-not-entitled"],
        edit: () =>
          both(
            inVoteText('"kid":"sam-1"', '"kid":"sam-2"')(),
            editing("approval.voted", (event) => ({ ...event, vote: { ...event.vote, kid: "sam-2" } })),
          ),
      },
      "key-of-another": {
        desc: "The vote is made with another person's key.",
        faults: ["approver-not-entitled"],
        tell: (story) => {
          const run = story.found({ people: ["sam", "sue"] }).run();
          run.play(APPROVED);
          run.close();
        },
        edit: () =>
          both(
            inVoteText('"kid":"sam-1"', '"kid":"sue-1"')(),
            editing("approval.voted", (event) => ({ ...event, vote: { ...event.vote, kid: "sue-1" } })),
          ),
      },
      "voted-by-agent": {
        desc: "An agent reports the vote.",
        faults: ["approver-not-entitled"],
        edit: () => editing("approval.voted", (event) => ({ ...event, actor: { type: "agent", id: "ops-agent-3" } })),
      },
      "owner-approves": {
        desc: "The agent's owner approves its action.",
        faults: ["approver-self-approval", "approver-self-approval"],
        tell: (story) => {
          const run = found(story);
          story.enrol("owner");
          run.play("gate vote:owner grant use succeeded safety");
          run.close();
        },
      },
      "behind-approves": {
        desc: "The person on whose behalf the run works approves its action.",
        faults: ["approver-self-approval", "approver-self-approval"],
        tell: (story) => {
          story.found({ people: ["sam"] });
          const run = story.run({ initiator: { on_behalf_of: story.person("sam").alias } });
          run.play(APPROVED);
          run.close();
        },
      },
      "granted-over-a-rejection": {
        desc: "The approval is granted although an entitled person rejected it.",
        faults: ["quorum-not-met"],
        tell: (story) => {
          const run = story.found({ people: ["sam", "sue"] }).run();
          const action = run.play("gate");
          action.vote("sue", "reject");
          action.play("approve use succeeded safety");
          run.close();
        },
      },
      "key-compromised-later": {
        desc: "The approver's key is declared compromised later, since before the vote.",
        faults: ["vote-key-compromised"],
        tell: (story) => {
          const run = found(story);
          const since = story.at();
          run.play(APPROVED);
          run.close();
          story.append("approver.key.revoked", {
            enrolment: { person: story.person("sam").alias, kid: "sam-1" },
            reason: { code: "KEY_COMPROMISED" },
            compromised_since: since,
          });
        },
      },
      "key-compromised-before": {
        desc: "The vote is made with a key already declared compromised.",
        faults: ["vote-key-compromised"],
        tell: (story) => {
          const run = found(story);
          story.append("approver.key.revoked", {
            enrolment: { person: story.person("sam").alias, kid: "sam-1" },
            reason: { code: "KEY_COMPROMISED" },
            compromised_since: story.at(-10_000),
          });
          run.play(APPROVED);
          run.close();
        },
      },
      "window-too-long": {
        desc: "The permit gives more time than the approval allowed.",
        faults: ["approval-binding-differs"],
        edit: permitted((event) => ({ ...event, permit: { ...event.permit, not_after: "2026-04-01T15:00:00.000Z" } })),
      },
    },
  },
  {
    name: "quorum",
    desc: "Two rules gate the action: one on-call engineer and two of finance, three different people.",
    tell: quorumStory("vote:sam vote:fay vote:cory grant use succeeded safety"),
    mutations: {
      "one-missing": {
        desc: "The approval is granted with two of three.",
        faults: ["quorum-not-met"],
        tell: quorumStory("vote:fay vote:cory grant use succeeded safety"),
      },
      "voted-twice": {
        desc: "One person votes twice and is counted for both roles they hold.",
        faults: ["approver-counted-twice", "approver-counted-twice"],
        tell: quorumStory("vote:cory vote:fay vote:cory grant use succeeded safety"),
      },
      "named-twice": {
        desc: "The grant names one person in two places.",
        faults: ["approver-counted-twice"],
        edit: () =>
          editing("approval.granted", (event) => {
            const [sam, , cory] = event.granted.people;
            return { ...event, granted: { ...event.granted, people: [sam!, cory!, cory!] } };
          }),
      },
      "vote-left-out": {
        desc: "The grant names somebody whose vote is not in the log.",
        faults: ["quorum-not-met"],
        edit: () => omitting("approval.voted", 1),
      },
    },
  },
  {
    name: "unapproved",
    desc: "An approver rejects the action, another request expires, a third is cancelled: nothing runs.",
    tell: (story) => {
      const run = found(story);
      run.play("gate reject");
      run.play("gate expire");
      run.play("gate cancel");
      run.close();
    },
    mutations: {
      "rejected-runs": {
        desc: "The rejected action runs all the same.",
        faults: ["event-out-of-order", "dispatch-without-approval", "dispatch-without-approval", "result-before-start"],
        tell: played("gate reject use succeeded"),
      },
      "expired-runs": {
        desc: "The expired approval is used all the same.",
        faults: ["approval-used-late", "approval-used-late", "approval-used-late", "result-before-start"],
        tell: played("gate expire use succeeded"),
      },
      "rejected-by-nobody": {
        desc: "The rejection cites no vote of the log.",
        faults: ["event-out-of-order"],
        edit: () => omitting("approval.voted"),
      },
      "expired-early": {
        desc: "The approval is said to be expired before it was.",
        faults: ["event-out-of-order"],
        edit: () => editing("approval.expired", (event) => ({ ...event, ts: "2026-04-01T14:00:30.000Z" })),
      },
      voided: {
        desc: "Lawful: the policy changed and the granted approval was voided.",
        faults: [],
        tell: played("gate approve void"),
      },
      superseded: {
        desc: "Lawful: after a change of policy the action is decided again and a new request replaces the old.",
        faults: [],
        tell: superseded("same"),
      },
      "superseded-after-a-rejection": {
        desc: "An entitled person rejected the action; it is decided again and somebody else is asked.",
        faults: ["event-out-of-order"],
        tell: (story) => {
          const run = story.found({ people: ["sam", "sue"] }).run();
          const action = run.play("gate");
          action.vote("sue", "reject");
          action.supersede();
          action.play("approve use succeeded safety");
          run.close();
        },
      },
      "votes-carried": {
        desc: "The new request is granted on the votes of the one it replaced.",
        faults: ["quorum-not-met"],
        tell: superseded("carried"),
      },
    },
  },
  {
    name: "waived",
    desc: "In an evaluation tenant the agent's owner approves, and the grant says that separation was waived.",
    options: { kind: "evaluation" },
    tell: waived("waived"),
    mutations: {
      "said-kept": {
        desc: "The same, but the grant says that separation was kept.",
        faults: ["approver-self-approval"],
        tell: waived("kept"),
      },
    },
  },
  {
    name: "break-glass",
    desc: "Two enrolled people break the glass in an incident.",
    tell: brokenGlass(["sam", "fay"]),
    mutations: {
      alone: {
        desc: "One person breaks the glass alone.",
        faults: ["quorum-not-met"],
        tell: brokenGlass(["sam"]),
      },
      twice: {
        desc: "One person signs for two.",
        faults: ["approver-counted-twice", "quorum-not-met", "quorum-not-met", "quorum-not-met"],
        tell: brokenGlass(["sam", "sam"]),
      },
      "not-enrolled": {
        desc: "One of the two has no enrolled key.",
        faults: ["approver-not-entitled"],
        tell: brokenGlass(["sam", "dana"]),
      },
      "not-allowed": {
        desc: "The rule that matched does not allow it.",
        faults: ["break-glass-not-allowed"],
        tell: brokenGlass(["sam", "fay"], { allowed: undefined }),
      },
      "too-long": {
        desc: "It lasts longer than the rule allows.",
        faults: ["approval-binding-differs", "approval-binding-differs"],
        tell: brokenGlass(["sam", "fay"], { lastsMs: 3_000_000 }),
      },
      unsigned: {
        desc: "Two people are named, and neither signed.",
        faults: ["quorum-not-met", "quorum-not-met"],
        edit: brokenWith(({ signatures: _, ...rest }) => rest),
      },
      "one-signed": {
        desc: "Two people are named, and one signed.",
        faults: ["quorum-not-met"],
        edit: brokenWith((said) => ({ ...said, signatures: said.signatures!.slice(0, 1) })),
      },
      "another-incident": {
        desc: "The incident recorded is not the one both signed.",
        faults: ["approval-binding-differs", "approval-binding-differs"],
        edit: brokenWith((said) => ({ ...said, incident: "INC-8" })),
      },
      "review-later": {
        desc: "Its review is due in two days.",
        faults: ["approval-binding-differs"],
        edit: brokenWith((said) => ({ ...said, review_due: "2026-04-03T14:00:00.000Z" })),
      },
      "used-late": {
        desc: "It is used after it ended.",
        faults: ["approval-used-late"],
        tell: brokenGlass(["sam", "fay"], { waitMs: 1_900_000 }),
      },
      "key-compromised-before-use": {
        desc: "One of the two keys is known to be stolen when it is used.",
        faults: ["authority-compromised", "vote-key-compromised"],
        tell: brokenGlass(["sam", "fay"], { stolen: true }),
      },
    },
  },
  {
    name: "retried",
    desc: "The first attempt fails, the second succeeds.",
    tell: played("allow failed retry succeeded safety"),
    mutations: {
      "without-retried": {
        desc: "The second attempt starts without dispatch.retried.",
        faults: ["event-out-of-order"],
        edit: () => omitting("dispatch.retried"),
      },
      "without-failure": {
        desc: "The second attempt starts while the first is still running.",
        faults: ["event-out-of-order"],
        edit: () => omitting("dispatch.failed"),
      },
      overlapping: {
        desc: "The second attempt starts while the first is still running, unannounced.",
        faults: ["outcome-missing"],
        edit: withoutAll("dispatch.failed", "dispatch.retried"),
      },
      "attempt-twice": {
        desc: "The second attempt is started twice.",
        faults: ["permit-used-twice"],
        edit: twice("dispatch.started", 1),
      },
      "attempt-skipped": {
        desc: "The third attempt follows the first.",
        faults: ["event-out-of-order", "event-out-of-order", "result-before-start"],
        tell: (story) => {
          const run = found(story);
          const action = run.play("allow failed");
          action.attempts = 2;
          action.announceRetry();
          action.start();
          action.attempts = 4;
          action.play("succeeded safety");
          run.close();
        },
      },
      "beyond-limit": {
        desc: "A second attempt is made where the permit gives one.",
        faults: ["retries-beyond-limit", "retries-beyond-limit", "result-before-start"],
        tell: (story) => {
          const run = found(story);
          const action = run.action({ maxAttempts: 1 });
          action.play("allow failed retry succeeded safety");
          run.close();
        },
      },
      "limit-raised": {
        desc: "A later attempt says that the permit gives more attempts than it does.",
        faults: ["retries-beyond-limit"],
        edit: started((event) => ({ ...event, dispatch: { ...event.dispatch, max_attempts: 9 } }), 1),
      },
      "other-reason": {
        desc: "The retry says it follows a time-out; the attempt had failed.",
        faults: ["event-out-of-order"],
        edit: () =>
          editing("dispatch.retried", (event) => ({ ...event, retried: { ...event.retried, after: "timed_out" } })),
      },
      "retried-late": {
        desc: "The second attempt starts after the permit's window.",
        faults: ["permit-used-late", "permit-used-late"],
        tell: (story) => {
          const run = found(story);
          const action = run.play("allow failed");
          story.wait(300_000);
          action.play("retry succeeded safety");
          run.close();
        },
      },
    },
  },
  {
    name: "dead-lettered",
    desc: "Three attempts fail and the job is dead-lettered; a later action redrives it.",
    tell: (story) => {
      const run = found(story);
      run.play("allow failed retry timed_out retry failed dead safety");
      run.close();
    },
    mutations: {
      "without-failure": {
        desc: "The job is dead-lettered while its attempt is running.",
        faults: ["dead-letter-without-failure"],
        tell: played("allow use dead safety"),
      },
      "after-success": {
        desc: "The job is dead-lettered after it succeeded.",
        faults: ["dead-letter-without-failure"],
        tell: played("allow succeeded dead safety"),
      },
      "before-start": {
        desc: "The job is dead-lettered before any attempt.",
        faults: ["dead-letter-without-failure"],
        tell: played("allow dead"),
      },
      "given-up-early": {
        desc: "Lawful: the job is dead-lettered after one failed attempt of three.",
        faults: [],
        tell: played("allow failed dead safety"),
      },
    },
  },
  {
    name: "unconfirmed",
    desc: "An attempt is never reported and becomes unconfirmed at its deadline.",
    tell: (story) => {
      const run = found(story);
      run.action({ maxAttempts: 1 }).play("allow unconfirmed safety");
      run.close();
    },
    mutations: {
      early: {
        desc: "The attempt is declared unconfirmed before its deadline.",
        faults: ["event-out-of-order"],
        edit: () => editing("dispatch.unconfirmed", (event) => ({ ...event, ts: "2026-04-01T14:00:10.000Z" })),
      },
      "reported-later": {
        desc: "Lawful: the attempt is reported after all, and its outcome is known.",
        faults: [],
        tell: (story) => {
          const run = found(story);
          run.action({ maxAttempts: 1 }).play("allow unconfirmed late:succeeded safety");
          run.close();
        },
      },
      "reported-twice": {
        desc: "The late report comes twice.",
        faults: ["event-out-of-order"],
        tell: (story) => {
          const run = found(story);
          run.action({ maxAttempts: 1 }).play("allow unconfirmed late:succeeded late:failed safety");
          run.close();
        },
      },
    },
  },
  {
    name: "observed",
    desc: "Before the first publish an action is recorded without being enforced; completeness is capped.",
    tell: (story) => {
      const run = story.found({ people: ["sam"], policy: false }).run();
      run.play("observe succeeded safety");
      run.close();
    },
    mutations: {
      "after-publish": {
        desc: "An action is only observed although a policy is published.",
        faults: ["policy-not-published", "policy-not-published", "policy-not-published"],
        tell: played("observe succeeded safety"),
      },
      "published-meanwhile": {
        desc: "The first policy is published between an observed decision and its use.",
        faults: ["policy-not-published"],
        tell: (story) => {
          const run = story.found({ people: ["sam"], policy: false }).run();
          const action = run.play("observe");
          story.publish();
          action.play("succeeded safety");
          run.close();
        },
      },
      "observing-unsaid": {
        desc: "Actions are only observed although the tenant never said that it observes.",
        faults: ["policy-not-published", "policy-not-published"],
        edit: () => editing("tenant.changed", (event) => ({ ...event, changed: { observing: false } })),
      },
      "dispatch-enforced": {
        desc: "A permit leaves out that the decision behind it was not enforced.",
        faults: ["dispatch-without-decision"],
        edit: () =>
          editing("dispatch.permitted", ({ policy: { enforced: _, ...policy }, ...event }) => ({ ...event, policy })),
      },
      "allowed-without-policy": {
        desc: "An action is allowed, enforced, without any policy.",
        faults: ["policy-not-published", "policy-not-published"],
        tell: (story) => {
          const run = story.found({ people: ["sam"], policy: false }).run();
          run.play(ALLOWED);
          run.close();
        },
      },
      "denied-without-policy": {
        desc: "Lawful: without a policy everything enforced is denied.",
        faults: [],
        tell: (story) => {
          const run = story.found({ people: ["sam"], policy: false }).run();
          run.play("deny");
          run.close();
        },
      },
    },
  },
  {
    name: "closed",
    desc: "The run is closed while an attempt runs; its outcome and check follow, then it is settled.",
    tell: (story) => {
      const run = found(story);
      const action = run.play("allow use");
      run.close();
      action.play("succeeded safety");
      run.settle();
    },
    mutations: {
      "open-actions-hidden": {
        desc: "run.closed does not list the open action.",
        faults: ["event-out-of-order"],
        edit: () => editing("run.closed", (event) => ({ ...event, closed: { ...event.closed, open_actions: [] } })),
      },
      "dispatched-after-close": {
        desc: "An allowed action gets its permit after the run was closed.",
        faults: ["event-after-close"],
        tell: (story) => {
          const run = found(story);
          const action = run.play("allow");
          run.close();
          action.play("use succeeded safety");
          run.settle();
        },
      },
      "granted-after-close": {
        desc: "An approval is granted after the run was closed.",
        faults: ["event-after-close"],
        tell: (story) => {
          const run = found(story);
          const action = run.play("gate");
          run.close();
          action.play("approve cancel");
          run.settle();
        },
      },
      "retried-after-close": {
        desc: "Lawful: a job that was begun is retried to its end after the run was closed.",
        faults: [],
        tell: (story) => {
          const run = found(story);
          const action = run.play("allow failed");
          run.close();
          action.play("retry succeeded safety");
          run.settle();
        },
      },
      "settled-early": {
        desc: "The run is settled while an attempt runs.",
        faults: ["outcome-missing", "event-after-settle", "event-after-settle", "event-out-of-order"],
        tell: (story) => {
          const run = found(story);
          const action = run.play("allow use");
          run.close();
          run.settle();
          action.play("succeeded safety");
        },
      },
    },
  },
];

function delegate(story: Story, run: ReturnType<Story["run"]>, explicit: boolean): void {
  const initiator = { ...run.initiator, on_behalf_of: story.person("owner").alias };
  if (explicit) run.append("run.scope.extended", { extension: { scope: run.started.run.scope, initiator } });
  run.initiator = initiator;
}

function freeze(story: Story, kind: "tenant" | "agent" | "capability" | "target", subject?: string): string {
  const id = story.id("frz");
  story.append("freeze.placed", {
    freeze: { freeze_id: id, kind, ...(subject === undefined ? {} : { subject }), incident: "INC-7" },
    reason: { code: "INCIDENT" },
  });
  return id;
}

function lift(story: Story, id: string): void {
  story.append("freeze.lifted", {
    freeze: { freeze_id: id, people: [story.person("owner").alias, story.person("dana").alias] },
    reason: { code: "RESOLVED" },
  });
}

function quorumStory(script: string): (story: Story) => void {
  return (story) => {
    const run = story.found({ people: ["sam", "fay", "cory"] }).run();
    const finance = { ...ONE_SRE, rule: "approval-large-spend", approvers: "role:finance", quorum: 2, ttl: "PT4H" };
    run.action({ requirements: [ONE_SRE, finance] }).play(`gate ${script}`);
    run.close();
  };
}

function waived(said: "kept" | "waived"): (story: Story) => void {
  return (story) => {
    const run = story.found({ people: ["sam"] }).run();
    story.enrol("owner");
    const action = run.play("gate vote:owner");
    action.grant(said);
    action.play("use succeeded safety");
    run.close();
  };
}

type Breaking = {
  readonly allowed?: string | undefined;
  readonly lastsMs?: number;
  readonly waitMs?: number;
  readonly stolen?: boolean;
};

function brokenGlass(people: readonly ("sam" | "fay" | "dana")[], how: Breaking = {}): (story: Story) => void {
  const { lastsMs = 1_800_000, waitMs = 0 } = how;
  const allowed = "allowed" in how ? how.allowed : "PT30M";
  return (story) => {
    const run = story.found({ people: ["sam", "fay"] }).run();
    const requirement = { ...ONE_SRE, ...(allowed === undefined ? {} : { breakglass: allowed }) };
    const action = run.play("gate", { requirements: [requirement] });
    const since = story.at();
    action.breakGlass(people, { lastsMs });
    if (how.stolen === true) stolen(story, since);
    story.wait(waitMs);
    action.play("use succeeded safety");
    run.close();
  };
}

type Broken = EventOf<"breakglass.used">["breakglass"];
function brokenWith(change: (said: Broken) => Broken): () => Edit {
  return () => editing("breakglass.used", (event) => ({ ...event, breakglass: change(event.breakglass) }));
}

function superseded(how: "same" | "carried"): (story: Story) => void {
  return (story) => {
    const run = found(story);
    const action = new StoryAction(run, {});
    run.actions.push(action);
    action.play("gate vote:sam");
    story.publish({ revision: "pol_2026_04_02" });
    action.supersede();
    if (how === "same") action.play("approve");
    else action.grantTo("sam");
    if (how === "same") action.play("use succeeded safety");
    else action.play("cancel");
    run.close();
  };
}
