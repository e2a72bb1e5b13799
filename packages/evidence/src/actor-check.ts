/**
 * Whether the log gave an event's actor the credential or the session it came with. A row put beside the log lets
 * somebody in and can be taken away again; what they did then stands here, under a name that nobody was given.
 * Spec: spec/control.md, "Actors".
 */
import type { ControlState } from "./control.ts";
import type { Event, EventOf } from "./event.ts";
import { type Fault, fault } from "./fault.ts";
import { own } from "./own.ts";

/** What was let in just before a credential or session ended may still be on its way into the log, ms. */
export const ON_ITS_WAY_MS = 60_000;

type Session = EventOf<"session.opened">["session"] & { readonly closedAt?: string };

export class ActorCheck {
  /** Undefined where not every session of the log is at hand. */
  readonly #sessions: Map<string, Session> | undefined;

  /** @param isWholeLog whether every event of the log will come by */
  constructor(isWholeLog: boolean) {
    this.#sessions = isWholeLog ? new Map() : undefined;
  }

  /**
   * Looks at the next event, in the order of the log.
   *
   * @param control the control state before it
   * @param isGapless whether every event before it that should be here was here and read
   */
  faultOf(event: Event, control: ControlState, isGapless: boolean): Fault | undefined {
    this.#remember(event);
    if (!isGapless) return undefined;
    const why = credentialReason(event, control) ?? this.#sessionReason(event);
    if (why === undefined) return undefined;
    return fault("actor-unknown", why, { index: event.integrity.index, eventId: event.event_id });
  }

  #remember(event: Event): void {
    if (event.type === "session.opened") this.#sessions?.set(event.session.id, event.session);
    if (event.type !== "session.closed") return;
    const known = this.#sessions?.get(event.session.id);
    if (known !== undefined) this.#sessions?.set(known.id, { ...known, closedAt: event.ts });
  }

  #sessionReason({ actor, ts }: Event): string | undefined {
    const { session: id } = actor;
    if (id === undefined || this.#sessions === undefined) return undefined;
    const known = this.#sessions.get(id);
    if (known === undefined) return `session ${id} was never opened`;
    if (known.person !== actor.id) return `session ${id} is ${known.person}'s, not ${actor.id}'s`;
    return endedReason(`session ${id}`, ts, known.closedAt, known.expires_at);
  }
}

function credentialReason({ actor, ts }: Event, control: ControlState): string | undefined {
  const { credential: id } = actor;
  if (id === undefined) return undefined;
  const known = own(control.credentials, id);
  if (known === undefined) return `credential ${id} was never issued`;
  const { holder, revoked, expiresAt } = known;
  const type = holder.kind === "service" ? "operator" : holder.kind;
  if (holder.id !== actor.id || type !== actor.type) {
    return `credential ${id} is of ${holder.kind} ${holder.id}, not of ${actor.type} ${actor.id}`;
  }
  return endedReason(`credential ${id}`, ts, revoked?.at, expiresAt);
}

function endedReason(what: string, ts: string, ...ends: readonly (string | undefined)[]): string | undefined {
  const end = ends.find((one) => one !== undefined && Date.parse(ts) - Date.parse(one) > ON_ITS_WAY_MS);
  return end === undefined ? undefined : `${what} ended at ${end}`;
}
