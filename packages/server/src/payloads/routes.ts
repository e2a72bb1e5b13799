/** Payloads over HTTP: put bytes and cite them, read them back. A read is evidence, committed before a byte leaves. */
import { CountersignError } from "@countersign/evidence/errors";
import type { Handlers } from "../base/routes.ts";
import { holdsSecret } from "../base/secret-forms.ts";
import type { Command, Ledger } from "../ledger/command.ts";
import { knowsPayload, recordPayload } from "./cite.ts";
import type { Classification, PayloadVault, StoredPayload } from "./store.ts";
import { payloads } from "./tables.ts";

export type PayloadHandlers = Pick<Handlers, "putPayload" | "getPayload">;

type Upload = { readonly stored: StoredPayload; readonly credentialId: string };
type Uploaded = { readonly digest: string; readonly artifact_id: string; readonly size_bytes: number };

/** Records an upload. Nothing is appended: the payload becomes evidence when an event cites it. */
const recordUpload: Command<Upload, Uploaded> = {
  name: "payloads.record-upload",
  needs: () => ({}),
  run(tx, { stored, credentialId }) {
    recordPayload(tx, stored, credentialId);
    return { digest: stored.digest, artifact_id: stored.artifactId, size_bytes: stored.sizeBytes };
  },
};

/** Appends that a payload was read. */
export const recordRead: Command<{ readonly digest: string }, null> = {
  name: "payloads.record-read",
  needs: () => ({}),
  run(tx, { digest }) {
    tx.append("evidence.accessed", { access: { reads: [{ kind: "payload", id: digest }], count: 1 } });
    return null;
  },
};

export function payloadHandlers(parts: {
  readonly ledger: Pick<Ledger, "submit" | "reader">;
  readonly vault: PayloadVault;
}): PayloadHandlers {
  const { ledger, vault } = parts;
  return {
    async putPayload({ body, query, caller, submission }) {
      const classification: Classification = query?.classification ?? "internal";
      // Nothing else is kept in the clear; what is sealed keeps its exact bytes.
      if (classification === "public" && holdsSecret(body)) throw new CountersignError("secret-in-clear");
      const stored = await vault.put(caller.tenant, body, { mediaType: "application/octet-stream", classification });
      const { answer } = await ledger.submit(recordUpload, { stored, credentialId: caller.credentialId }, submission);
      return { status: 201, body: answer };
    },

    async getPayload({ params, query, submission, caller }) {
      const { tenant } = caller;
      const { digest } = params;
      const reader = ledger.reader(tenant);
      if (reader === undefined || !knowsPayload(reader, digest)) throw new CountersignError("payload-not-found");
      const row = reader.row(payloads, { digest });
      // Read and checked first, so that what cannot be had is not recorded as read; released after the record.
      const opened = query?.open === "true";
      const bytes = await (opened ? vault.open(tenant, digest) : vault.stored(tenant, digest));
      await ledger.submit(recordRead, { digest }, { tenant, actor: submission.actor });
      const isPlain = opened || row?.classification === "public";
      return {
        headers: {
          // Never as something a browser would run: bytes come from agents.
          "content-type": "application/octet-stream",
          "content-disposition": "attachment",
          ...(isPlain && row !== undefined ? { "countersign-media-type": row.media_type } : {}),
        },
        body: bytes,
      };
    },
  };
}
