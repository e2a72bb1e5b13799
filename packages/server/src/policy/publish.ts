/** Publishing a policy bundle: checked, stored, then put in force by one command that nobody can have overtaken. */
import { activePolicyOf, type ControlState } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import type { EventId } from "@countersign/evidence/ids";
import { type Bundle, MANIFEST_PATH } from "@countersign/evidence/policy";
import type { Command, Ledger, Submission, Transaction } from "../ledger/command.ts";
import { type BundleReport, checkBundle, isPublishable, refusalOf } from "./check.ts";
import type { BundleFiles, EngineHostOptions } from "./engine-host.ts";
import type { PolicyGate } from "./gate.ts";
import { policyFiles } from "./tables.ts";

/** What this module needs of the payload module. `P` is what that knows of a stored payload. */
export type PolicyPayloads<P> = {
  putPublic(tenant: string, bytes: Uint8Array, mediaType: string): Promise<P>;
  /** Records a payload that an event cites. */
  cite(tx: Transaction, payload: P, eventId: EventId): void;
  /** Records a payload that something else keeps. */
  record(tx: Transaction, payload: P): void;
};

/** What this module needs of tenancy: how an act one person did alone is marked. @throws second-person-required */
export type LoneActMark = (control: ControlState, what: string) => { readonly bootstrap?: true };

export type Published = {
  readonly revision: string;
  readonly digest: string;
  readonly previous: string | null;
  /** False when this very bundle was in force already. */
  readonly changed: boolean;
  readonly rules: number;
  readonly tests: number;
};

type Stored = { readonly digest: string };

type Order<P> = {
  readonly bundle: Bundle;
  readonly report: BundleReport;
  readonly stored: ReadonlyMap<string, P>;
  /** Digest in force when publishing began; undefined for none. */
  readonly expected: string | undefined;
  readonly node: string;
};

export type Publisher = {
  /**
   * Publishes an author's files in a tenant.
   * @throws CountersignError policy-invalid with every finding, policy-revision-taken, second-person-required, not-found
   */
  publish(files: BundleFiles, by: Submission): Promise<Published>;
};

export function openPublisher<P extends Stored>(parts: {
  readonly ledger: Pick<Ledger, "submit" | "reader">;
  readonly payloads: PolicyPayloads<P>;
  readonly gate: Pick<PolicyGate, "hold" | "refresh">;
  readonly engine: EngineHostOptions;
  readonly loneActMark: LoneActMark;
  /** The name of this node, for policy.activated. */
  readonly node: string;
}): Publisher {
  const { ledger, payloads, gate, engine, node } = parts;
  const command = publishCommand(payloads, parts.loneActMark);

  return {
    async publish(files, by) {
      const reader = ledger.reader(by.tenant);
      if (reader === undefined) throw new CountersignError("not-found", { detail: `There is no tenant ${by.tenant}.` });
      const expected = activePolicyOf(reader.control)?.digest;
      const report = await checkBundle(files, engine);
      if (!isPublishable(report)) throw refusalOf(report);
      const { bundle } = report;
      const put = async (path: string, bytes: Uint8Array) =>
        [path, await payloads.putPublic(by.tenant, bytes, mediaTypeOf(path))] as const;
      const stored = new Map(await Promise.all([...bundle.files].map(([path, bytes]) => put(path, bytes))));
      gate.hold(bundle);
      const { answer } = await ledger.submit(command, { bundle, report, stored, expected, node }, by);
      await gate.refresh(by.tenant);
      return answer;
    },
  };
}

function publishCommand<P extends Stored>(
  payloads: PolicyPayloads<P>,
  loneActMark: LoneActMark,
): Command<Order<P>, Published> {
  return {
    name: "policy.publish",
    needs: () => ({}),
    run(tx, { bundle, report, stored, expected, node }) {
      const { control } = tx;
      const active = activePolicyOf(control);
      const { digest, manifest, files } = bundle;
      const counts = { rules: report.rules, tests: report.tests.length };
      if (active?.digest === digest) {
        return { revision: active.revision, digest, previous: null, changed: false, ...counts };
      }
      if (active?.digest !== expected) {
        throw new CountersignError("policy-revision-taken", {
          detail: `${active?.revision ?? "None"} is in force now.`,
        });
      }
      const { name, version } = manifest;
      const sizeBytes = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
      const uploaded = tx.append("policy.uploaded", {
        bundle: { digest, name, version, files: files.size, size_bytes: sizeBytes },
      });
      const warnings = report.findings.length;
      const validated = tx.append("policy.validated", {
        cause: uploaded.event.event_id,
        bundle: { digest, ...counts, warnings },
      });
      const revision = nextRevision(control, tx.ts);
      const published = tx.append("policy.published", {
        cause: validated.event.event_id,
        publish: {
          revision,
          digest,
          ...(active === undefined ? {} : { previous: { revision: active.revision, digest: active.digest } }),
          author: tx.actor.id,
          approved_by: [],
          separation: "waived",
          engine: `${manifest.engine.name}/${manifest.engine.crate}`,
        },
        ...loneActMark(control, "Publishing a policy"),
      });
      for (const [path, payload] of stored) {
        // The event names the manifest, and the manifest the files: they are kept as long as it is.
        if (path === MANIFEST_PATH)
          payloads.cite(tx, payload, published.event.event_id as EventId); // made by the ledger
        else payloads.record(tx, payload);
        tx.put(policyFiles, { bundle: digest, path, file: payload.digest });
      }
      tx.append("policy.activated", {
        source: "derived",
        cause: published.event.event_id,
        activation: { revision, digest, node },
      });
      return { revision, digest, previous: active?.revision ?? null, changed: true, ...counts };
    },
  };
}

/** `pol_2026_04_01`, then `pol_2026_04_01_2` and so on: named by the day, never used twice. */
function nextRevision(control: ControlState, ts: string): string {
  const day = `pol_${ts.slice(0, 10).replaceAll("-", "_")}`;
  for (let n = 1; ; n++) {
    const revision = n === 1 ? day : `${day}_${n}`;
    if (!Object.hasOwn(control.revisions, revision)) return revision;
  }
}

function mediaTypeOf(path: string): string {
  if (path === MANIFEST_PATH || path.endsWith(".json")) return "application/json";
  return path.endsWith(".md") ? "text/markdown" : "text/plain";
}
