/**
 * The policy gate: which bundle is in force, and what it says about an action. The log alone says which bundle that is;
 * this module holds bundles by digest and never by "current", so no restart, cache or second node can serve another
 * version than the log names.
 */
import { activePolicyOf } from "@countersign/evidence/control";
import { assert, CountersignError } from "@countersign/evidence/errors";
import type { Digest } from "@countersign/evidence/hash";
import { type BoundContract, type Bundle, MANIFEST_PATH, readBundle } from "@countersign/evidence/policy";
import type { GateFacts } from "@countersign/evidence/project";
import { parseStrict } from "@countersign/evidence/strict-json";
import type { ToolContract } from "@countersign/evidence/tool-contract";
import type { Log } from "../base/log.ts";
import type { Ledger } from "../ledger/command.ts";
import { type EngineHost, undecided } from "./engine-host.ts";
import type { Decided } from "./engine-thread.ts";

export type { Decided } from "./engine-thread.ts";

/** The policy in force in a tenant. */
export type ActivePolicy = {
  readonly revision: string;
  readonly digest: Digest;
  /** Undefined when its files are missing or damaged: every decision is then DENY `core:bundle-invalid`. */
  readonly bundle: Bundle | undefined;
  /** A tool's contract and the digest of its file. */
  contract(tool: string): BoundContract | undefined;
};

export type PolicyGate = {
  /** What the log says is in force now; undefined before the first publish. */
  active(tenant: string): ActivePolicy | undefined;
  /** The bundle of any digest this tenant ever published, e.g. the one an approval cites. */
  bundleOf(tenant: string, digest: string): Promise<Bundle | undefined>;
  /** The files of such a bundle by path, the manifest included. */
  filesOf(tenant: string, digest: string): Promise<ReadonlyMap<string, Uint8Array> | undefined>;
  /**
   * Decides on an action. Whatever is wrong with the bundle, the engine or the arguments is a DENY.
   *
   * @param args the exact argument bytes
   * @throws CountersignError core:overloaded
   */
  decide(
    tenant: string,
    digest: string,
    on: { readonly contract: ToolContract; readonly args: Uint8Array; readonly facts: GateFacts },
  ): Promise<Decided>;
  /** Loads the bundle in force, from the payload store when it is not held; at start and when the log names a new one. */
  refresh(tenant: string): Promise<void>;
  /** Takes in a bundle about to be published, so that it is there when the log names it. */
  hold(bundle: Bundle): void;
};

export type PolicyGateParts = {
  readonly ledger: Pick<Ledger, "reader">;
  readonly host: Pick<EngineHost, "decide" | "load">;
  /** Plain bytes of a payload. @throws CountersignError payload-not-found, payload-damaged */
  readonly openPayload: (tenant: string, digest: string) => Promise<Uint8Array>;
  readonly log: Log;
};

/** Bundles in memory, over all tenants; the one used longest ago goes first. */
const MAX_BUNDLES = 512;

export function openPolicyGate({ ledger, host, openPayload, log }: PolicyGateParts): PolicyGate {
  const bundles = new Map<string, Bundle>();

  function held(digest: string): Bundle | undefined {
    const bundle = bundles.get(digest);
    if (bundle !== undefined) keep(bundle);
    return bundle;
  }

  function keep(bundle: Bundle): void {
    bundles.delete(bundle.digest);
    bundles.set(bundle.digest, bundle);
    const [oldest] = bundles.keys();
    if (bundles.size > MAX_BUNDLES) bundles.delete(oldest!); // not empty
  }

  async function fetchBundle(tenant: string, digest: string): Promise<Bundle | undefined> {
    const known = held(digest);
    if (known !== undefined) return known;
    try {
      const files = await readBundleFiles((one) => openPayload(tenant, one), digest);
      const read = readBundle(files);
      if (!read.ok) throw new CountersignError("policy-invalid", { detail: read.findings[0]?.detail ?? "" });
      assert(read.bundle.digest === digest, "files named by a manifest make the bundle of its digest");
      keep(read.bundle);
      return read.bundle;
    } catch (cause) {
      if (!(cause instanceof CountersignError)) throw cause;
      log.error({ tenant, digest, err: cause }, "a published policy cannot be read");
      return undefined;
    }
  }

  return {
    active(tenant) {
      const control = ledger.reader(tenant)?.control;
      const policy = control && activePolicyOf(control);
      if (policy === undefined) return undefined;
      const bundle = held(policy.digest);
      // The next one who asks finds it; this one is denied rather than answered by another version.
      if (bundle === undefined) void fetchBundle(tenant, policy.digest).catch((err) => log.error({ err }, "policy"));
      return {
        revision: policy.revision,
        digest: policy.digest as Digest, // policy.published carries one, by its schema
        bundle,
        contract: (tool) => bundle?.contracts.get(tool),
      };
    },

    bundleOf: fetchBundle,
    filesOf: async (tenant, digest) => (await fetchBundle(tenant, digest))?.files,

    async decide(tenant, digest, { contract, args, facts }) {
      const bundle = await fetchBundle(tenant, digest);
      if (bundle === undefined) return undecided("core:bundle-invalid");
      return host.decide(bundle.files, { digest, tool: contract.tool, args, facts });
    },

    async refresh(tenant) {
      const control = ledger.reader(tenant)?.control;
      const policy = control && activePolicyOf(control);
      if (policy === undefined) return;
      const bundle = await fetchBundle(tenant, policy.digest);
      if (bundle === undefined) return;
      const loaded = await host.load(bundle.digest, bundle.files);
      if (!loaded.ok) log.error({ tenant, digest: bundle.digest }, "the published policy does not load");
    },

    hold: keep,
  };
}

/** A published bundle's files by path: its manifest is a payload of the bundle's digest, and names the others. */
export async function readBundleFiles(
  open: (digest: string) => Promise<Uint8Array>,
  digest: string,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const manifest = await open(digest);
  // Read for its list only; readBundle checks every member of it, and every file against it.
  const { files = [] } = parseStrict(manifest, "payload").value as {
    files?: readonly { path: string; sha256: string }[];
  };
  const contents = await Promise.all(files.map(({ sha256 }) => open(`sha256:${sha256}`)));
  return new Map([[MANIFEST_PATH, manifest], ...files.map(({ path }, i) => [path, contents[i]!] as const)]);
}
