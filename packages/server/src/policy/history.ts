/** What became of policies, read from the log: bundles that were brought, revisions, requests to publish. */
import {
  type ControlState,
  enrolledPeople,
  isPolicyAdmin,
  type PublishRequest,
  peopleBehind,
} from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import type { Event, EventOf, Kind } from "@countersign/evidence/event";
import { own } from "@countersign/evidence/own";
import type { BundleStatusView, PublicationStatusView, RevisionStatusView } from "@countersign/evidence/wire";
import type { Reader } from "../ledger/command.ts";

const PAGE = 500;
const decoder = new TextDecoder();

type At<K extends Kind> = { readonly index: number; readonly event: EventOf<K> };

/** Events of some kinds, newest first, from below an index. */
export function* eventsOf<K extends Kind>(reader: Reader, kinds: readonly K[], below = reader.size): Generator<At<K>> {
  for (let before = below; ; ) {
    const indexes = reader.entriesOfKinds(kinds, { before, limit: PAGE });
    for (const index of indexes) yield { index, event: eventAt(reader, index) as EventOf<K> }; // of these kinds
    const oldest = indexes.at(-1);
    if (oldest === undefined) return;
    before = oldest;
  }
}

/** An event by its id, when it is of this kind. @throws CountersignError not-found */
export function eventOfKind<K extends Kind>(reader: Reader, eventId: string, kind: K): At<K> {
  const index = reader.indexOfEvent(eventId);
  const event = index === undefined ? undefined : eventAt(reader, index);
  if (index === undefined || event?.type !== kind)
    throw new CountersignError("not-found", { detail: `${eventId} is no event of the kind ${kind}.` });
  return { index, event: event as EventOf<K> }; // its type says so
}

function eventAt(reader: Reader, index: number): Event {
  const entry = reader.entry(index);
  if (entry === undefined) throw new CountersignError("not-found");
  return JSON.parse(decoder.decode(entry.bytes)) as Event; // our own entry
}

/** Bundles, the newest first; `next` is where to go on. */
export function listBundles(
  reader: Reader,
  page: { readonly before?: number; readonly limit: number },
): { readonly bundles: BundleStatusView[]; readonly next?: number } {
  const bundles: BundleStatusView[] = [];
  let last: number | undefined;
  for (const { index, event } of eventsOf(reader, ["policy.uploaded"], page.before)) {
    if (bundles.length === page.limit) return { bundles, next: last! }; // one at least was read
    bundles.push(viewBundle(reader, event));
    last = index;
  }
  return { bundles };
}

/** One bundle. @throws CountersignError not-found */
export function bundleStatus(reader: Reader, digest: string): BundleStatusView {
  if (own(reader.control.uploads, digest) !== undefined) {
    for (const { event } of eventsOf(reader, ["policy.uploaded"])) {
      if (event.bundle.digest === digest) return viewBundle(reader, event);
    }
  }
  throw new CountersignError("not-found", { detail: "No bundle of this digest was uploaded." });
}

function viewBundle(
  { control }: Reader,
  { bundle, ts, event_id, actor, signatures = [] }: EventOf<"policy.uploaded">,
): BundleStatusView {
  const revisions = Object.entries(control.revisions).filter(([, one]) => one.digest === bundle.digest);
  const simulation = own(control.simulations, bundle.digest);
  return {
    ...bundle,
    uploaded_by: actor.id,
    uploaded_at: ts,
    event_id,
    signatures: signatures.map(({ key_id, role }) => ({ key_id, role })),
    revisions: revisions.map(([revision]) => revision).slice(-100),
    in_force: control.policy?.digest === bundle.digest,
    retired: own(control.retired, bundle.digest) === true,
    ...(simulation === undefined
      ? {}
      : {
          simulation: { event_id: simulation.event, against: simulation.against, to_acknowledge: [...simulation.open] },
        }),
  };
}

const IN_FORCE = ["policy.published", "policy.rolled_back"] as const;

/** What was in force, the newest first. */
export function listRevisions(
  reader: Reader,
  page: { readonly before?: number; readonly limit: number },
): { readonly revisions: RevisionStatusView[]; readonly next?: number } {
  const revisions: RevisionStatusView[] = [];
  let last: number | undefined;
  for (const { index, event } of eventsOf(reader, IN_FORCE, page.before)) {
    if (revisions.length === page.limit) return { revisions, next: last! }; // one at least was read
    revisions.push(viewRevision(reader.control, event));
    last = index;
  }
  return { revisions };
}

function viewRevision(control: ControlState, event: EventOf<(typeof IN_FORCE)[number]>): RevisionStatusView {
  const shared = { at: event.ts, event_id: event.event_id };
  if (event.type === "policy.published") {
    const { revision, digest, previous, author, approved_by, separation, request } = event.publish;
    return {
      ...shared,
      revision,
      digest,
      how: "published",
      ...(previous?.revision === undefined ? {} : { previous: previous.revision }),
      author,
      approved_by,
      separation,
      ...(request === undefined ? {} : { request_id: request }),
      in_force: control.policy?.event === event.event_id,
    };
  }
  const {
    revision,
    to_digest: digest,
    from,
    approved_by = [],
    separation = "waived",
    request,
    incident,
  } = event.rollback;
  return {
    ...shared,
    revision,
    digest,
    how: "rolled_back",
    ...(from.revision === undefined ? {} : { previous: from.revision }),
    author: event.actor.id,
    approved_by,
    separation: approved_by.length > 0 ? "two_people" : separation,
    ...(request === undefined ? {} : { request_id: request }),
    ...(incident === undefined ? {} : { incident }),
    reason_code: event.reason.code,
    in_force: control.policy?.event === event.event_id,
  };
}

/** A request to publish, and what became of it. @throws CountersignError not-found */
export function publicationStatus(reader: Reader, requestId: string, now: string): PublicationStatusView {
  const { index, event } = eventOfKind(reader, requestId, "policy.publish.requested");
  const { control } = reader;
  const { digest, expected, rollback = false, simulation, impact_digest, acknowledged = [], incident } = event.publish;
  const open = control.publishing?.event === requestId ? control.publishing : undefined;
  const { answers, revision, ended } = outcomeOf(reader, requestId, index);
  const approvals = answers.filter(({ answer }) => answer === "approve").flatMap(({ person }) => person ?? []);
  const state = open === undefined ? (ended ?? "replaced") : "waiting";
  return {
    request_id: requestId,
    state,
    digest,
    expected: expected ?? null,
    rollback,
    reason_code: event.reason.code,
    ...(incident === undefined ? {} : { incident }),
    requested_by: event.actor.id,
    requested_at: event.ts,
    ...(simulation === undefined ? {} : { simulation }),
    impact_digest: impact_digest ?? null,
    acknowledged,
    approvals,
    missing: open !== undefined ? Math.max(0, 2 - peopleBehind(control, open).size) : 0,
    eligible: open !== undefined ? eligibleFor(control, open) : [],
    ...(revision === undefined ? {} : { revision }),
    log: reader.log,
    now,
  };
}

/** Whoever may still approve it, with the keys they may sign with. */
function eligibleFor(control: ControlState, open: PublishRequest): PublicationStatusView["eligible"] {
  const bringer = open.rollback ? undefined : own(control.uploads, open.digest);
  return [...enrolledPeople(control)]
    .filter(
      (alias) =>
        isPolicyAdmin(control, alias) && alias !== open.by && alias !== bringer && !open.approvals.includes(alias),
    )
    .slice(0, 256)
    .map((person) => ({
      person,
      kids: Object.values(control.approverKeys)
        .filter((key) => key.person === person && key.revoked === undefined)
        .map(({ kid }) => kid)
        .slice(0, 16),
    }));
}

type Outcome = {
  readonly answers: readonly EventOf<"policy.publish.answered">["answer"][];
  readonly revision: string | undefined;
  readonly ended: "published" | "rolled_back" | "rejected" | "withdrawn" | undefined;
};

/** What the log says of a request behind it. */
function outcomeOf(reader: Reader, requestId: string, index: number): Outcome {
  const answers: Outcome["answers"][number][] = [];
  let revision: string | undefined;
  let ended: Outcome["ended"];
  for (const { index: at, event } of eventsOf(reader, ["policy.publish.answered", ...IN_FORCE])) {
    if (at < index) break;
    if (event.type === "policy.publish.answered") {
      const { answer } = event;
      if (answer.request !== requestId) continue;
      answers.unshift(answer);
      if (answer.answer !== "approve") ended = answer.answer === "reject" ? "rejected" : "withdrawn";
    } else if (event.type === "policy.published" && event.publish.request === requestId) {
      revision = event.publish.revision;
      ended = "published";
    } else if (event.type === "policy.rolled_back" && event.rollback.request === requestId) {
      revision = event.rollback.revision;
      ended = "rolled_back";
    }
  }
  return { answers, revision, ended };
}
