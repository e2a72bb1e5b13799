/** Every vector of single events: a good one of each kind, and what one thing wrong with it must be called. */
import { canonicalText } from "@countersign/evidence/canonical";
import { assert } from "@countersign/evidence/errors";
import { kindNames, kinds } from "@countersign/evidence/event";
import type { FaultCode } from "@countersign/evidence/fault";
import { checkEvent } from "@countersign/evidence/generated/event-shapes";
import { hex, utf8 } from "@countersign/evidence/hash";
import { leafHash } from "@countersign/evidence/merkle";
import { shapeOf } from "../gen/shape.ts";
import { type Mutation, mutationsOf } from "../mutation.ts";
import { controlSamples } from "./control-samples.ts";
import { runSamples } from "./run-samples.ts";
import { type Sample, sampleEvent } from "./sample.ts";
import { tenantSamples } from "./tenant-samples.ts";

/** What is expected of an event: nothing wrong, or faults; a fault of shape has the pointer of its place. */
export type EventVector = {
  readonly desc: string;
  /** Of a good event: the exact entry as text, and the leaf hash of its bytes, hex. */
  readonly entry?: string;
  readonly leaf?: string;
  /** Of a bad one: what it says. */
  readonly event?: unknown;
  readonly faults: readonly { readonly code: FaultCode; readonly pointer?: string }[];
};

const samples = { ...runSamples, ...controlSamples, ...tenantSamples };

/** Path below spec/vectors → content. */
export function eventVectors(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [place, kind] of kindNames.entries()) {
    // Each kind's sample is of that kind; an index by a union of kinds loses it.
    const sample = samples[kind] as Sample<typeof kind>;
    const event: unknown = sampleEvent(kind, place, sample);
    const add = (name: string, vector: EventVector) => files.set(`event/${kind}/${name}.json`, format(vector));
    const found = checkEvent(event);
    assert(found.length === 0, `${kind}: ${JSON.stringify(found)}`);
    const entry = canonicalText(event);
    add("valid", { desc: sample.desc, entry, leaf: hex(leafHash(utf8(entry))), faults: [] });
    for (const mutation of pick(mutationsOf(shapeOf(kinds[kind].schema), event))) {
      const { name, pointer, make } = mutation;
      add(name, { desc: describe(mutation), event: make(), faults: [{ code: "entry-shape", pointer }] });
    }
    if (kind !== "run.suspended") continue;
    const unknown: EventVector["faults"] = [{ code: "kind-not-understood" }];
    const members = event as object;
    add("unknown-version", { desc: "A version that is not known yet.", event: { ...members, v: 2 }, faults: unknown });
    add("unknown-kind", {
      desc: "A kind that is not known yet.",
      event: { ...members, type: "run.paused" },
      faults: unknown,
    });
  }
  return files;
}

/** One mutation of each name, in the part that makes the kind what it is: the last member with members of its own. */
function pick(mutations: readonly Mutation[]): readonly Mutation[] {
  const common = /^\/(?:integrity|initiator|actor|action|labels|refs|commit|reason)(?:\/|$)/;
  const tops = mutations.flatMap(({ name, pointer }) => (name === "unknown-member" ? [pointer.split("/")[1]!] : []));
  const own = tops.filter((top) => top !== "no~1such~0member" && !common.test(`/${top}`)).at(-1) ?? "reason";
  const inside = mutations.filter(({ pointer }) => pointer.startsWith(`/${own}`));
  const names = new Set(inside.map(({ name }) => name));
  return [...names].map((name) => inside.findLast((mutation) => mutation.name === name)!);
}

function describe({ name, pointer }: Mutation): string {
  switch (name) {
    case "missing-member":
      return `A required member is missing: ${pointer}.`;
    case "unknown-member":
      return `A member that this kind does not have: ${pointer}.`;
    case "wrong-type":
      return `A value of another type than its member takes: ${pointer}.`;
    case "too-long":
      return `A value that is longer than its member takes: ${pointer}.`;
  }
}

/** One line for each member, so that two vectors of a kind can be compared by eye. */
function format({ desc, entry, leaf, event, faults }: EventVector): string {
  const lines = Object.entries({ desc, entry, leaf, event, faults })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return `{\n${lines.join(",\n")}\n}\n`;
}
