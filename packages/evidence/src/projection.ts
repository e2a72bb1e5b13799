/**
 * The projection: everything a policy decision looks at, and nothing else, as one small canonical JSON document. It is
 * sealed beside the decision; whoever can open it can decide again and must come to the same answer. Spec: spec/policy.md.
 */
import { canonicalBytes, canonicalText } from "./canonical.ts";
import {
  anyText,
  boolean,
  type Deviation,
  either,
  integer,
  list,
  matchShape,
  object,
  oneOf,
  record,
  type TypeOf,
  text,
} from "./json-shape.ts";
import type { Projected } from "./project-functions.ts";
import type { JsonValue } from "./strict-json.ts";

/** How arguments become a projection; named in every decision. */
export const PROJECTION_FORMAT = "countersign-project/1";
/** A projection's canonical JSON is at most this long: what the engine is given stays small whatever the arguments are. */
export const MAX_PROJECTION_BYTES = 8192;

const line = text(512, 0);
const count = integer(0, Number.MAX_SAFE_INTEGER);

const ProjectionShape = object({
  ctx: oneOf("countersign/v1/projection"),
  /** Who acts: the agent, its owner's alias and its team; empty when it has none. */
  principal: object({ agent: text(128), owner: line, team: line }),
  tool: text(128),
  /** The Cedar action of the tool's contract. */
  action: text(128),
  /** What is touched, by the contract's reading of the arguments. `touches` lists everything, `id` included. */
  resource: object({
    system: text(128),
    id: text(512),
    env: text(64, 0),
    version: text(256, 0),
    touches: list(text(512), 65, 1),
  }),
  context: object({
    tenant: text(63),
    capability: text(128),
    run: object({ id: text(64), capabilities: list(text(128), 64), on_behalf_of: line }),
    args: record(
      /^[a-z][a-z0-9_]{0,62}$/,
      either<Projected>(
        "a string, an integer, true or false, or a list of strings",
        { is: (value) => typeof value === "string", shape: anyText(1024) },
        {
          is: (value) => typeof value === "number",
          shape: integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
        },
        { is: (value) => typeof value === "boolean", shape: boolean },
        { is: Array.isArray, shape: list(anyText(256), 64) },
      ),
      64,
    ),
    cost_cents: count,
    risk: object({ tags: list(text(64), 64), score: integer(0, 100) }),
    /** What the run has used, open actions' reservations included. */
    history: object({ actions: count, cents: count, bytes: count, in_flight: count }),
    /** Time of the decision: seconds since 1970, hour of the day in UTC, day of the week with Monday as 1. */
    time: object({ epoch: count, hour_utc: integer(0, 23), dow: integer(1, 7) }),
  }),
});

/** The typed input of one decision. */
export type Projection = TypeOf<typeof ProjectionShape>;

/** Canonical bytes of a projection: what is sealed, committed to and decided on. */
export function projectionBytes(projection: Projection): Uint8Array {
  return canonicalBytes(projection);
}

/** The first way in which this is not a projection, or undefined. */
export function projectionDeviation(projection: Projection): Deviation | undefined {
  const matched = matchShape(ProjectionShape, projection);
  return matched.ok ? undefined : matched.deviations[0];
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The projection these bytes are, or undefined when they are anything but one in its canonical form. Never throws.
 *
 * Reading leniently is enough: of what two readers could take differently (a member twice, odd escapes, numbers that do
 * not survive), nothing is its own canonical text.
 */
export function parseProjection(bytes: Uint8Array): Projection | undefined {
  if (bytes.length > MAX_PROJECTION_BYTES) return undefined;
  try {
    const text = decoder.decode(bytes);
    const matched = matchShape(ProjectionShape, JSON.parse(text) as JsonValue); // JSON is all JSON.parse gives
    return matched.ok && canonicalText(matched.value) === text ? matched.value : undefined;
  } catch {
    return undefined;
  }
}

/** A projected set in Cedar's sense: sorted by UTF-16 code units, each once. */
export function sortedSet(items: readonly string[]): readonly string[] {
  return [...new Set(items)].sort();
}
