/** Rows of the payload module: what is kept, which events cite it, and the sealed disclosures of commitments. */
import { table } from "../ledger/table.ts";

/** One stored payload of the tenant and what is known of it. Written when it is uploaded or first cited. */
export const payloads = table("payloads", {
  key: { digest: "hash" },
  columns: {
    size_bytes: "int",
    media_type: "text",
    classification: "text",
    artifact_id: "text",
    /** Credential that uploaded it; null for what the server put itself, such as arguments. */
    uploaded_by: "text?",
    put_ms: "int",
  },
});

/** Which events cite a payload. A payload is kept as long as it has one of these. */
export const payloadRefs = table("payload_refs", { key: { digest: "hash", event_id: "id:evt" }, columns: {} });

/** What opens a commitment of an event, sealed under its subject's key. */
export const disclosures = table("disclosures", {
  key: { event_id: "id:evt", pointer: "text" },
  columns: { sealed: "bytes" },
});
