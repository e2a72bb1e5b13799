/**
 * Bringing a policy bundle: checked as a stranger's, then kept for good under its digest. Nothing about it changes what is
 * in force. Whoever brought it first is remembered, because they may not be the one who approves it.
 */

import { CountersignError } from "@countersign/evidence/errors";
import type { EventId } from "@countersign/evidence/ids";
import { own } from "@countersign/evidence/own";
import { type Bundle, MANIFEST_PATH } from "@countersign/evidence/policy";
import type { PolicyFinding } from "@countersign/evidence/policy-finding";
import { checkSignatures, signatureKeysOf } from "@countersign/evidence/policy-signatures";
import type { Command, Ledger, Need, Reader, Submission, Transaction } from "../ledger/command.ts";
import { approverFindings, type BundleReport, isPublishable, refusalOf } from "./check.ts";
import type { BundleFiles } from "./engine-host.ts";
import type { PolicyGate } from "./gate.ts";
import { policyFiles } from "./tables.ts";

/** What this module needs of the payload module. `P` is what that knows of a stored payload. */
export type PolicyPayloads<P> = {
  putPublic(tenant: string, bytes: Uint8Array, mediaType: string): Promise<P>;
  /** Keeps what names resources: sealed. */
  putSealed(tenant: string, bytes: Uint8Array, mediaType: string): Promise<P>;
  /** What a command that cites a payload by its digest asks for. */
  need(digest: string): Need;
  /** Records a payload that an event cites. */
  cite(tx: Transaction, payload: P | string, eventId: EventId): void;
  /** Records a payload that something else keeps. */
  record(tx: Transaction, payload: P): void;
};

/** A payload that was just stored. */
export type Stored = { readonly digest: string };

export type UploadedBundle = {
  readonly digest: string;
  readonly name: string;
  readonly version: string;
  /** False when these very bytes were here already. */
  readonly uploaded: boolean;
  readonly rules: number;
  readonly tests: number;
  /** Warnings: what is wrong refuses the bundle. */
  readonly findings: readonly PolicyFinding[];
};

type Order<P> = { readonly bundle: Bundle; readonly report: BundleReport; readonly stored: ReadonlyMap<string, P> };

export type UploadParts<P> = {
  readonly ledger: Pick<Ledger, "submit" | "reader">;
  readonly payloads: PolicyPayloads<P>;
  readonly gate: Pick<PolicyGate, "hold">;
  readonly check: (files: BundleFiles) => Promise<BundleReport>;
};

export type Uploader = {
  /**
   * Keeps an author's files as a bundle.
   * @throws CountersignError policy-invalid with every finding, core:overloaded, not-found
   */
  upload(files: BundleFiles, by: Submission): Promise<UploadedBundle>;
};

export function openUploader<P extends Stored>({ ledger, payloads, gate, check }: UploadParts<P>): Uploader {
  const command = uploadCommand(payloads);
  return {
    async upload(files, by) {
      const checked = await checkFor(ledger, check, files, by.tenant);
      if (!isPublishable(checked)) throw refusalOf(checked);
      const { bundle, findings, rules, tests } = checked;
      const put = async (path: string, bytes: Uint8Array) =>
        [path, await payloads.putPublic(by.tenant, bytes, mediaTypeOf(path))] as const;
      const stored = new Map(await Promise.all([...bundle.files].map(([path, bytes]) => put(path, bytes))));
      gate.hold(bundle);
      const { answer: uploaded } = await ledger.submit(command, { bundle, report: checked, stored }, by);
      const { name, version } = bundle.manifest;
      return { digest: bundle.digest, name, version, uploaded, rules, tests: tests.length, findings };
    },
  };
}

/** A bundle's report with what only this tenant can say of it: its signatures, and who could approve. */
export async function checkFor(
  ledger: Pick<Ledger, "reader">,
  check: (files: BundleFiles) => Promise<BundleReport>,
  files: BundleFiles,
  tenant: string,
): Promise<BundleReport> {
  readerOf(ledger, tenant);
  const report = await check(files);
  const { control } = readerOf(ledger, tenant);
  const signed = report.bundle === undefined ? [] : checkSignatures(report.bundle, signatureKeysOf(control)).findings;
  return { ...report, findings: [...report.findings, ...signed, ...approverFindings(report.gates, control)] };
}

export function readerOf(ledger: Pick<Ledger, "reader">, tenant: string): Reader {
  const reader = ledger.reader(tenant);
  if (reader === undefined) throw new CountersignError("not-found", { detail: `There is no tenant ${tenant}.` });
  return reader;
}

function uploadCommand<P extends Stored>(payloads: PolicyPayloads<P>): Command<Order<P>, boolean> {
  return {
    name: "policy.upload",
    needs: () => ({}),
    run(tx, { bundle, report, stored }) {
      const { digest, manifest, files } = bundle;
      if (own(tx.control.uploads, digest) !== undefined) return false;
      const { name, version } = manifest;
      const sizeBytes = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
      // Keys may have been revoked since the check: what is recorded verifies under those known here.
      const { signatures } = checkSignatures(bundle, signatureKeysOf(tx.control));
      const uploaded = tx.append("policy.uploaded", {
        bundle: { digest, name, version, files: files.size, size_bytes: sizeBytes },
        ...(signatures.length === 0 ? {} : { signatures: [...signatures] }),
      });
      tx.append("policy.validated", {
        cause: uploaded.event.event_id,
        bundle: { digest, rules: report.rules, tests: report.tests.length, warnings: report.findings.length },
      });
      for (const [path, payload] of stored) {
        // The event names the manifest, and the manifest the files: they are kept as long as it is.
        if (path === MANIFEST_PATH)
          payloads.cite(tx, payload, uploaded.event.event_id as EventId); // made by the ledger
        else payloads.record(tx, payload);
        tx.put(policyFiles, { bundle: digest, path, file: payload.digest });
      }
      return true;
    },
  };
}

function mediaTypeOf(path: string): string {
  if (path === MANIFEST_PATH || path.endsWith(".json")) return "application/json";
  return path.endsWith(".md") ? "text/markdown" : "text/plain";
}
