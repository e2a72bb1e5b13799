/** The JSON documents of a policy bundle: header, manifest, catalogues, tests. Spec: spec/policy.md. */
import type { Digest } from "./hash.ts";
import {
  anyObject,
  boolean,
  integer,
  list,
  nullable,
  object,
  oneOf,
  optional,
  pattern,
  record,
  type Shape,
  type TypeOf,
  text,
} from "./json-shape.ts";
import { PROJECTION_FORMAT } from "./projection.ts";

export const MAX_BUNDLE_FILES = 256;
export const MAX_FILE_BYTES = 256 * 1024;
/** How matched rules become a decision; named in every decision. */
export const COMBINING = "countersign-combine/1";
/** The policy engine a bundle is written for: `lang` is Cedar's language, `crate` the build that evaluates it. */
export const ENGINE = { name: "cedar", lang: "4.5", crate: "4.13.0" } as const;
/** The gate that reads this format; a bundle's `min_gate` may not be above it. */
export const GATE_VERSION = "0.1.0";

const Version = pattern(/^(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})$/, "a version a.b.c");
const DigestShape: Shape<Digest> = pattern(/^sha256:[0-9a-f]{64}$/, "sha256: and 64 hex digits") as Shape<Digest>; // the pattern is Digest's
const HashShape = pattern(/^[0-9a-f]{64}$/, "64 hex digits");
const ReasonName = /^[A-Z][A-Z0-9_]{0,63}$/;
const RoleName = /^[a-z][a-z0-9_.-]{0,63}$/;
const LabelName = /^[a-z][a-z0-9_.-]{0,63}$/;
const CapabilityName = /^(?=.{1,128}$)[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$/;

/**
 * `strict`: any other policy in force has people asked anew. `gate`: an approval also holds under another policy that
 * says so too and asks the same people for the same thing by the same rules, schema and contract (policy-drift.ts).
 */
const DriftShape = oneOf("strict", "gate");

const headerMembers = {
  name: pattern(/^[a-z0-9][a-z0-9._-]{0,127}$/, "a lower-case name of up to 128 characters"),
  version: Version,
  /** Digest of the bundle this one was made from. */
  parent: optional(nullable(DigestShape)),
  min_gate: optional(Version),
  /** Default: strict. */
  approval_drift: optional(DriftShape),
};
export const HeaderShape = object(headerMembers);

export const ManifestShape = object({
  ctx: oneOf("countersign/v1/policy-bundle"),
  format: integer(1, 1),
  name: headerMembers.name,
  version: Version,
  engine: object({ name: text(64), lang: text(32), crate: text(32) }),
  combining: oneOf(COMBINING),
  projection: oneOf(PROJECTION_FORMAT),
  /** What adds risk tags; `none` until a bundle can name scanners. */
  scanners: oneOf("none"),
  approval_drift: DriftShape,
  min_gate: Version,
  parent: nullable(DigestShape),
  files: list(object({ path: text(255), size: integer(0, MAX_FILE_BYTES), sha256: HashShape }), MAX_BUNDLE_FILES, 1),
});

export const ReasonsShape = record(
  ReasonName,
  object({
    /** Whose word it is: a rule's that allows, denies or asks for approval, or an approver's who approves or rejects. */
    class: oneOf("allow", "deny", "require_approval", "approve", "reject"),
    title: text(128),
    text: optional(text(1024)),
    /** What the agent is told to do; never rule text or thresholds. */
    remediation: optional(text(512)),
  }),
  256,
);

export const RolesShape = record(RoleName, object({ title: text(128), text: optional(text(1024)) }), 64);

export const LabelsShape = object({
  labels: record(
    LabelName,
    object({
      in: oneOf("labels", "refs"),
      values: optional(list(text(256), 64, 1)),
      max: optional(integer(1, 256)),
      /** Kept as a commitment instead of in the clear. */
      sensitive: optional(boolean),
      title: optional(text(128)),
    }),
    128,
  ),
  /** Names every action of a capability must carry. */
  required: optional(record(CapabilityName, list(pattern(LabelName, "a label's name"), 32), 128)),
});

export const TestsShape = list(
  object({
    name: text(256),
    request: object({
      tool: text(128),
      args: anyObject,
      capability: optional(text(128)),
      agent: optional(object({ id: optional(text(128)), owner: optional(text(64)), team: optional(text(64)) })),
      run: optional(object({ capabilities: optional(list(text(128), 64)), on_behalf_of: optional(text(64)) })),
      history: optional(
        object({
          actions: optional(integer(0, Number.MAX_SAFE_INTEGER)),
          cents: optional(integer(0, Number.MAX_SAFE_INTEGER)),
          bytes: optional(integer(0, Number.MAX_SAFE_INTEGER)),
          in_flight: optional(integer(0, Number.MAX_SAFE_INTEGER)),
        }),
      ),
      risk: optional(object({ tags: optional(list(text(64), 64)), score: optional(integer(0, 100)) })),
      /** Decision time, RFC 3339 UTC. */
      at: optional(
        pattern(/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/, "a time like 2026-04-01T14:07:53Z"),
      ),
    }),
    expect: object({
      decision: oneOf("ALLOW", "DENY", "REQUIRE_APPROVAL"),
      matched_rules: optional(list(text(128), 32)),
      reason_codes: optional(list(text(64), 32)),
      obligations: optional(list(text(128), 32)),
      requirements: optional(list(anyObject, 16)),
    }),
  }),
  512,
  1,
);

/** MANIFEST.sigs.json. `sig`: base64url of 64 bytes. */
export const SignaturesShape = list(
  object({
    key_id: pattern(/^[A-Za-z0-9_.:@/+=-]{1,255}$/, "a key's name"),
    alg: oneOf("ed25519"),
    role: oneOf("author", "reviewer", "release"),
    sig: pattern(/^[A-Za-z0-9_-]{86}$/, "64 bytes in base64url"),
  }),
  8,
);

export type BundleSignature = TypeOf<typeof SignaturesShape>[number];
export type BundleHeader = TypeOf<typeof HeaderShape>;
export type BundleManifest = TypeOf<typeof ManifestShape>;
export type ReasonCatalogue = TypeOf<typeof ReasonsShape>;
export type ReasonClass = ReasonCatalogue[string]["class"];
export type RoleCatalogue = TypeOf<typeof RolesShape>;
export type LabelCatalogue = TypeOf<typeof LabelsShape>;
export type BundleTest = TypeOf<typeof TestsShape>[number];

/** Why an action's labels and refs do not fit the catalogue, one sentence each; empty when they do. */
export function labelProblems(
  catalogue: LabelCatalogue,
  capability: string,
  given: { readonly labels?: Readonly<Record<string, string>>; readonly refs?: Readonly<Record<string, string>> },
): readonly string[] {
  const problems: string[] = [];
  for (const where of ["labels", "refs"] as const) {
    for (const [name, value] of Object.entries(given[where] ?? {})) {
      const declared = Object.hasOwn(catalogue.labels, name) ? catalogue.labels[name] : undefined;
      if (declared === undefined) continue; // labels nobody declared are free text to search by
      if (declared.in !== where) problems.push(`${name} belongs in ${declared.in}`);
      if (declared.values !== undefined && !declared.values.includes(value))
        problems.push(`${name} is not one of its values`);
      if (declared.max !== undefined && value.length > declared.max)
        problems.push(`${name} is longer than ${declared.max}`);
    }
  }
  const required = catalogue.required ?? {};
  for (const name of Object.hasOwn(required, capability) ? required[capability]! : []) {
    if (!Object.hasOwn(given.labels ?? {}, name) && !Object.hasOwn(given.refs ?? {}, name))
      problems.push(`${name} is required`);
  }
  return problems;
}
