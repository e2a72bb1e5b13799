/**
 * The Cedar build this gate evaluates with, loaded when first needed. `#cedar` (package.json) is the Node build on Node
 * and the web build in a browser; both are one wasm module with the same functions.
 */
import type * as Build from "#cedar";
import type { Projection } from "./projection.ts";

/** The functions used of it; the tests wrap them to see what the engine is asked. */
export type Cedar = Pick<
  typeof Build,
  | "getCedarLangVersion"
  | "getCedarVersion"
  | "isAuthorized"
  | "policySetTextToParts"
  | "policyToJson"
  | "preparsePolicySet"
  | "preparseSchema"
  | "schemaToJsonWithResolvedTypes"
  | "statefulIsAuthorized"
  | "validate"
>;

/** One rule in Cedar's JSON policy format. */
export type RuleJson = Extract<ReturnType<Cedar["policyToJson"]>, { readonly type: "success" }>["json"];

/**
 * @param wasm where a browser gets the module's bytes; Node needs none
 */
export async function loadCedar(wasm?: Uint8Array | URL): Promise<Cedar> {
  const build: typeof Build = await import("#cedar");
  // The web build's default export starts it. The Node build starts itself; what stands there is no function.
  const start = (build as { default?: unknown }).default;
  if (typeof start === "function") await start(wasm === undefined ? undefined : { module_or_path: wasm });
  return build;
}

/** The part of an engine call that is the projection: principal, action, resource, their attributes, and the context. */
export function requestOf(projection: Projection) {
  const { principal, action, resource, context } = projection;
  const agent = { type: "Agent", id: principal.agent };
  const target = { type: "Target", id: resource.id };
  return {
    principal: agent,
    action: { type: "Action", id: action },
    resource: target,
    // Lists are read-only here and mutable in the binding's types; it only reads them.
    context: context as unknown as Record<string, never>,
    entities: [
      { uid: agent, attrs: { ...principal }, parents: [] },
      { uid: target, attrs: { ...resource, touches: [...resource.touches] }, parents: [] },
    ],
    validateRequest: true,
  };
}

/**
 * A fixed pool of preparsed schemas and policy sets. The engine never frees one, but gives back what an id held when the
 * id is set again; so ids are reused, least recently used first, and its memory stays bounded however often policies
 * are published.
 */
export class SlotPool {
  readonly #cedar: Cedar;
  readonly #size: number;
  /** Key to slot number, in order of last use. */
  readonly #slots = new Map<string, number>();

  constructor(cedar: Cedar, size: number) {
    this.#cedar = cedar;
    this.#size = size;
  }

  /** The slot that holds what `fill` describes under `key`, filled first if it does not. Throws when the engine refuses. */
  use(key: string, fill: () => SlotContent): number {
    const held = this.#slots.get(key);
    if (held !== undefined) {
      this.#slots.delete(key);
      this.#slots.set(key, held);
      return held;
    }
    const slot = this.#slots.size < this.#size ? this.#slots.size : this.#evict();
    const { schema, rules } = fill();
    must(this.#cedar.preparseSchema(schemaName(slot), schema));
    must(this.#cedar.preparsePolicySet(rulesName(slot), { staticPolicies: rules }));
    this.#slots.set(key, slot);
    return slot;
  }

  #evict(): number {
    const [oldest] = this.#slots;
    if (oldest === undefined) throw new Error("assertion failed: a pool has at least one slot");
    this.#slots.delete(oldest[0]);
    return oldest[1];
  }
}

type SchemaJson = Extract<Parameters<Cedar["preparseSchema"]>[1], object>;

/** Rules by id, each with the effect it is asked with. */
export type SlotContent = { readonly schema: SchemaJson; readonly rules: Record<string, RuleJson> };

export const schemaName = (slot: number) => `s${slot}`;
export const rulesName = (slot: number) => `r${slot}`;

function must(
  answer:
    | { readonly type: "success" }
    | { readonly type: "failure"; readonly errors: readonly { readonly message: string }[] },
): void {
  if (answer.type === "failure")
    throw new Error(`the engine refused what it had accepted: ${answer.errors[0]?.message}`);
}
