/** Every vector of spec/vectors/policy, by path. */
import { canonicalText } from "@countersign/evidence/canonical";
import { loadCedar } from "@countersign/evidence/cedar";
import { engineOver, type LoadedPolicy, type PolicyEngine } from "@countersign/evidence/decide";
import { assert } from "@countersign/evidence/errors";
import { utf8 } from "@countersign/evidence/hash";
import { type Bundle, readBundle, sealBundle } from "@countersign/evidence/policy";
import type { PolicyFinding } from "@countersign/evidence/policy-finding";
import { type GateFacts, projectAction } from "@countersign/evidence/project";
import { type JsonValue, parseStrict } from "@countersign/evidence/strict-json";
import { seedFacts, seedTexts } from "../seed-bundle.ts";
import { testedTexts } from "../tested-bundle.ts";
import { type BundleVector, bundleRows, type Content, manifestEdits } from "./bundles.ts";
import { type LintVector, lintVectors } from "./lints.ts";

export type ProjectVector = {
  readonly desc: string;
  /** A tool of the good bundle. */
  readonly tool: string;
  /** The raw arguments. */
  readonly args: string;
  readonly facts: GateFacts;
  /** Canonical text, or the rule that denies and the pointer of what it met. */
  readonly projection?: string;
  readonly denied?: { readonly rule: string; readonly pointer: string };
};

export type DecideVector = {
  readonly desc: string;
  /** Digest of the good bundle. */
  readonly bundle: string;
  /** The text of the projection, as it is. */
  readonly projection: string;
  /** Canonical text of the result. */
  readonly result: string;
};

export const GOOD = "policy/bundle/valid";
export const GOOD_LINT = "policy/lint/valid";

/** The good bundle's files with a vector's change, sealed as it says. */
export function filesOf(
  good: Readonly<Record<string, string>>,
  { change = {}, after_sealing: after }: BundleVector,
): ReadonlyMap<string, Uint8Array> {
  const { "MANIFEST.json": _, ...authored } = good; // made anew
  const files = new Map(Object.entries(after === true ? good : authored).map(([path, text]) => [path, utf8(text)]));
  for (const [path, content] of Object.entries(change)) {
    if (content === null) files.delete(path);
    else files.set(path, bytesOf(content));
  }
  if (after === true) return files;
  const sealed = sealBundle(files);
  return sealed.ok ? sealed.files : files;
}

/** All findings of some files, sealed: of reading, or else of loading. */
export function findingsOf(engine: PolicyEngine, files: ReadonlyMap<string, Uint8Array>): readonly PolicyFinding[] {
  const read = readBundle(files);
  if (!read.ok) return read.findings;
  const loaded = engine.load(read.bundle);
  assert(!engine.broken, "no vector kills the engine");
  return loaded.ok ? loaded.policy.warnings : loaded.findings;
}

export async function policyVectors(): Promise<ReadonlyMap<string, string>> {
  const engine = engineOver(await loadCedar());
  const { bundle, policy, texts } = goodBundle(engine, seedTexts);
  const tested = goodBundle(engine, testedTexts);
  const lints = Object.entries(lintVectors(tested.bundle.digest, tested.texts));
  const vectors: Record<string, LintVector | ProjectVector | DecideVector> = {
    ...Object.fromEntries(lints.map(([name, vector]) => [`policy/lint/${name}`, vector])),
    [GOOD]: {
      desc: "A bundle with two tools, a rule that allows, two gates and a rule that denies.",
      files: texts,
      digest: bundle.digest,
      rule_digests: Object.fromEntries(policy.rules.map(({ id, digest }) => [id, digest])),
      findings: [],
    },
  };
  for (const [name, [code, desc, change, after]] of Object.entries(bundleRows)) {
    const edit = manifestEdits[name];
    const edited = edit === undefined ? change : { "MANIFEST.json": edit(texts["MANIFEST.json"]!) };
    vectors[`policy/bundle/${name}`] = {
      desc: `${desc[0]!.toUpperCase()}${desc.slice(1)}.`,
      change: edited,
      ...(after === undefined ? {} : { after_sealing: true }),
      findings: [code],
    };
  }
  for (const [name, vector] of projectRows(bundle)) vectors[`policy/project/${name}`] = vector;
  for (const [name, desc, projection] of decideRows(bundle)) {
    const result = canonicalText(engine.decide(policy, utf8(projection)));
    vectors[`policy/decide/${name}`] = { desc, bundle: bundle.digest, projection, result };
  }
  return new Map(
    Object.entries(vectors).map(([path, vector]) => [`${path}.json`, `${JSON.stringify(vector, null, 2)}\n`]),
  );
}

function goodBundle(
  engine: PolicyEngine,
  authored: Readonly<Record<string, string>>,
): {
  readonly bundle: Bundle;
  readonly policy: LoadedPolicy;
  readonly texts: Readonly<Record<string, string>>;
} {
  const sealed = sealBundle(new Map(Object.entries(authored).map(([path, text]) => [path, utf8(text)])));
  const read = sealed.ok ? readBundle(sealed.files) : sealed;
  assert(read.ok, "the seed is a bundle");
  const loaded = engine.load(read.bundle);
  assert(loaded.ok, "the seed loads");
  const decoder = new TextDecoder();
  const texts = Object.fromEntries([...read.bundle.files].map(([path, bytes]) => [path, decoder.decode(bytes)]));
  return { bundle: read.bundle, policy: loaded.policy, texts };
}

function bytesOf(content: Exclude<Content, null>): Uint8Array {
  if (typeof content === "string") return utf8(content);
  if ("base64" in content) return Uint8Array.from(Buffer.from(content.base64, "base64"));
  return utf8(content.repeat.repeat(content.times));
}

const outsider: GateFacts = { ...seedFacts, agent: { id: "web-agent", team: "web" } };
const suspected: GateFacts = { ...seedFacts, risk: { tags: ["exfil"], score: 80 } };

/** Name, desc, raw arguments of terraform (or another tool) and facts. */
const requests: readonly (readonly [name: string, desc: string, args: string, facts?: GateFacts, tool?: string])[] = [
  ["valid-allow", "A change outside prod.", '{"vpc":"vpc-1","environment":"dev","cost":12.5}'],
  ["valid-prod", "A change in prod.", '{"environment":"prod","vpc":"vpc-1"}'],
  ["valid-two-gates", "A dear change in prod.", '{"vpc":"vpc-1","environment":"prod","cost":6000}'],
  ["valid-dry-run", "A dry run in prod.", '{"vpc":"vpc-1","environment":"prod","dry_run":true}'],
  [
    "valid-limit",
    "A change of exactly the amount a gate lets through.",
    '{"vpc":"vpc-1","environment":"dev","cost":"5000.00"}',
  ],
  ["valid-over-limit", "A cent more than that.", '{"vpc":"vpc-1","environment":"dev","cost":"5000.01"}'],
  ["valid-other-team", "The same by an agent of another team.", '{"vpc":"vpc-1","environment":"dev"}', outsider],
  ["valid-other-team-prod", "A gate matches, and nothing permits.", '{"vpc":"vpc-1","environment":"prod"}', outsider],
  ["valid-exfiltration", "Scanners suspect exfiltration in prod.", '{"vpc":"vpc-1","environment":"prod"}', suspected],
  ["valid-float-spelling", "An amount written 1.25e1 is 12.50.", '{"vpc":"vpc-1","environment":"dev","cost":1.25e1}'],
  [
    "valid-status",
    "Another tool, another capability.",
    '{"vpc":"vpc-1"}',
    { ...seedFacts, capability: "infra.read" },
    "status",
  ],
  ["unknown-argument", "An argument the contract does not know.", '{"vpc":"vpc-1","environment":"dev","force":true}'],
  ["wrong-type", "An amount in words.", '{"vpc":"vpc-1","environment":"dev","cost":"lots"}'],
  ["three-decimals", "An amount in tenths of cents.", '{"vpc":"vpc-1","environment":"dev","cost":1.005}'],
  ["missing-argument", "No target.", '{"environment":"dev"}'],
  ["null-argument", "Null where a target must be.", '{"vpc":null,"environment":"dev"}'],
  ["value-not-listed", "An environment the contract does not list.", '{"vpc":"vpc-1","environment":"production"}'],
  ["not-an-object", "A list of arguments.", '["vpc-1","dev"]'],
  [
    "entity-in-disguise",
    "An entity reference where a boolean belongs.",
    '{"vpc":"vpc-1","environment":"dev","dry_run":{"__entity":{"type":"Agent","id":"root"}}}',
  ],
  [
    "capability-differs",
    "Requested under another capability.",
    '{"vpc":"vpc-1","environment":"dev"}',
    { ...seedFacts, capability: "infra.read" },
  ],
];

function projectRows(bundle: Bundle): readonly (readonly [string, ProjectVector])[] {
  return requests.map(([name, desc, args, facts = seedFacts, tool = "terraform"]) => {
    const { contract } = bundle.contracts.get(tool)!;
    const outcome = projectAction(contract, parseStrict(utf8(args), "payload").value, facts);
    assert(outcome.ok === name.startsWith("valid"), `${name} projects, or not, as its name says`);
    const request = { desc, tool, args, facts };
    if (outcome.ok) return [name, { ...request, projection: canonicalText(outcome.projection) }];
    return [name, { ...request, denied: { rule: outcome.rule, pointer: outcome.pointer } }];
  });
}

/** What is decided on: every projection above, and texts that are none. */
function decideRows(bundle: Bundle): readonly (readonly [name: string, desc: string, projection: string])[] {
  const projected = projectRows(bundle).flatMap(([name, { desc, projection }]) =>
    projection === undefined ? [] : [[name, desc, projection] as const],
  );
  const text = projected[0]![2];
  const edited = (change: (projection: { [member: string]: JsonValue }) => unknown) =>
    canonicalText(change(JSON.parse(text) as { [member: string]: JsonValue })); // canonical JSON of an object
  const context = (projection: { [member: string]: JsonValue }) =>
    projection.context as { [member: string]: JsonValue }; // as projections have it
  return [
    ...projected,
    ["white-space", "A projection with a space in front.", ` ${text}`],
    ["unknown-tool", "A tool no contract is for.", edited((one) => ({ ...one, tool: "pulumi" }))],
    ["other-action", "The action of another tool.", edited((one) => ({ ...one, action: "infra.status" }))],
    [
      "argument-of-text",
      "Text where the schema has a number.",
      edited((one) => ({ ...one, context: { ...context(one), args: { cost_cents: "0", dry_run: false } } })),
    ],
    [
      "argument-missing",
      "An attribute the schema needs is not there.",
      edited((one) => ({ ...one, context: { ...context(one), args: { dry_run: false } } })),
    ],
    [
      "argument-more",
      "An attribute the schema does not have.",
      edited((one) => ({ ...one, context: { ...context(one), args: { cost_cents: 0, dry_run: false, more: 1 } } })),
    ],
    [
      "member-missing",
      "A projection without history.",
      edited((one) => ({ ...one, context: { ...context(one), history: null } })),
    ],
    ["not-json", "No JSON.", "{"],
  ];
}
