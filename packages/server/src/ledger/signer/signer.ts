/**
 * The signer's process: a child of the ledger's, spoken to over the IPC channel, with its own directory. It ends when
 * its parent does. Run by the same user it separates duties, not privileges: docs/operating/trust.md.
 */
import "@countersign/evidence/hash.node";
import { CountersignError } from "@countersign/evidence/errors";
import type { SignerMessage, SignerRequest } from "./protocol.ts";
import { Signing } from "./signing.ts";

/** For what a process manager sends to the whole group: the ledger still needs signatures while it stops. */
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
process.on("disconnect", () => process.exit(0));

const send = (message: SignerMessage, then: () => void = () => {}) => process.send?.(message, then);

try {
  serve(new Signing(process.argv[2] ?? ""));
} catch (error) {
  const code = error instanceof CountersignError ? error.code : "internal";
  const detail = error instanceof CountersignError ? (error.detail ?? error.message) : String(error);
  send({ op: "failed", code, detail }, () => process.exit(1));
}

function serve(signing: Signing): void {
  process.on("message", (request: SignerRequest) => {
    const { id, op } = request;
    try {
      if (op === "open") send({ op: "answer", id, origins: request.origins.map((origin) => signing.open(origin)) });
      else send({ op: "answer", id, signed: signing.sign(request.requests) });
    } catch (error) {
      // What is durable is unknown then: the process ends, and the next one reads the file again.
      if (signing.unsure) throw error;
      send({ op: "answer", id, mistake: String(error) });
    }
  });
  send({ op: "ready" });
}
