/**
 * What an entry points to outside the log: stored payloads, by the digest of their stored bytes. Policy bundles and
 * things quoted for comparison are not payloads. Spec: spec/pack.md.
 */
import type { Event } from "./event.ts";

/** Digests of stored bytes this event cites, without repetition, in the order of its members. */
export function payloadsCited(event: Event): readonly string[] {
  const cited = new Set<string>();
  if ("pointers" in event) {
    const { context, args, result, artifacts } = event.pointers;
    for (const digest of context) cited.add(digest);
    if (args !== undefined) cited.add(args);
    if (result !== null) cited.add(result);
    for (const digest of artifacts) cited.add(digest);
  }
  if (event.type === "artifact.recorded") cited.add(event.artifact.payload);
  const projection = projectionCited(event);
  if (projection !== undefined) cited.add(projection);
  return [...cited];
}

/** The stored bytes a policy was asked with, by the event that says what it answered; undefined in any other. */
export function projectionCited(event: Event): string | undefined {
  if (event.type === "policy.decided") return event.decided.projection ?? undefined;
  return event.type === "approval.revalidated" ? event.revalidated.projection : undefined;
}

/**
 * JSON pointers under which this event commits to the plain bytes of a payload it cites. What else it commits to (an
 * intent, a message, a label) is somebody's words, which may well read like a digest.
 */
export function plainPointersOf(event: Event, digest: string): readonly string[] {
  const places: string[] = [];
  if ("pointers" in event) {
    if (event.pointers.args === digest) places.push("/action/args");
    if (event.pointers.result === digest) places.push("/outcome/result");
  }
  if (projectionCited(event) === digest) places.push("/decision/projection");
  return places;
}
