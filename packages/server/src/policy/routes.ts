/** The life of a policy over HTTP: bundles, simulations, publications, revisions. */
import { textDigest } from "@countersign/evidence/approval";
import { CountersignError } from "@countersign/evidence/errors";
import { digestOf, utf8 } from "@countersign/evidence/hash";
import type { EventId, RunId } from "@countersign/evidence/ids";
import { own } from "@countersign/evidence/own";
import { type Impact, unacknowledged } from "@countersign/evidence/policy-impact";
import { parseStrict } from "@countersign/evidence/strict-json";
import type { BodyOf } from "@countersign/evidence/wire";
import { formatTimestamp } from "../base/clock.ts";
import type { Caller, Handlers } from "../base/routes.ts";
import type { Ledger, Reader, Submission } from "../ledger/command.ts";
import type { PolicyGate } from "./gate.ts";
import { bundleStatus, eventOfKind, listBundles, listRevisions, publicationStatus } from "./history.ts";
import type { Publisher } from "./publish.ts";
import type { Replays } from "./replays.ts";
import { acknowledgeImpact, groupsOf, type SimulateParts, simulate } from "./simulate.ts";
import { readerOf, type Stored, type Uploader } from "./upload.ts";

type Names =
  | "uploadPolicy"
  | "listPolicies"
  | "getPolicy"
  | "getPolicyFiles"
  | "diffPolicies"
  | "simulatePolicy"
  | "getSimulation"
  | "acknowledgeSimulation"
  | "requestPublication"
  | "getPublication"
  | "answerPublication"
  | "listRevisions";

export type PolicyRouteParts<P> = SimulateParts<P> & {
  readonly ledger: Pick<Ledger, "submit" | "reader">;
  readonly gate: Pick<PolicyGate, "bundleOf" | "filesOf">;
  readonly replays: Pick<Replays, "use">;
  readonly uploader: Uploader;
  readonly publisher: Publisher;
  /** Records that somebody reads a payload. */
  readonly recordRead: (digest: string, by: Submission) => Promise<void>;
  readonly nowMs: () => number;
};

const PAGE = 50;
const LARGEST_PAGE = 500;
const DAY_MS = 24 * 60 * 60_000;

export function policyHandlers<P extends Stored>(parts: PolicyRouteParts<P>): Pick<Handlers, Names> {
  const { ledger, gate, replays, vault, uploader, publisher, nowMs } = parts;
  const read = ({ tenant }: Caller) => readerOf(ledger, tenant);

  /** The report behind a policy.simulated event, checked against what that says of it. */
  async function impactOf(reader: Reader, report: string, impactDigest: string): Promise<Impact> {
    const bytes = await vault.open(reader.tenant, report);
    if (digestOf(bytes) !== impactDigest) {
      throw new CountersignError("payload-damaged", { detail: "The report is not the one the log names." });
    }
    return parseStrict(bytes, "payload").value as Impact; // the bytes this server made, by their digest
  }

  return {
    async uploadPolicy({ body, submission }) {
      const { findings, ...uploaded } = await uploader.upload(filesOf(body.files), submission);
      return {
        status: uploaded.uploaded ? 201 : 200,
        body: { ...uploaded, findings: findings.map((one) => ({ ...one })) },
      };
    },

    async listPolicies({ caller, query }) {
      return { body: listBundles(read(caller), pageOf(query)) };
    },

    async getPolicy({ caller, params }) {
      return { body: bundleStatus(read(caller), params.policy_digest) };
    },

    async getPolicyFiles({ caller, params, submission }) {
      const files = await filesOfStored(caller, params.policy_digest);
      await parts.recordRead(params.policy_digest, { tenant: caller.tenant, actor: submission.actor });
      const texts = [...files].map(([path, bytes]) => [path, Buffer.from(bytes).toString("base64")]);
      return { body: { files: Object.fromEntries(texts) } };
    },

    async diffPolicies({ caller, query }) {
      const { to, from = read(caller).control.policy?.digest } = query;
      const sides = await Promise.all(
        [from, to].map(async (digest) =>
          digest === undefined ? undefined : ([digest, await filesOfStored(caller, digest)] as const),
        ),
      );
      const diff = await replays.use(async (host) => {
        for (const side of sides) {
          if (side === undefined) continue;
          const { ok } = await host.load(...side);
          if (!ok) throw new CountersignError("policy-invalid", { detail: `${side[0]} cannot be loaded.` });
        }
        return host.ask({ op: "diff", from, to });
      });
      return { body: diff };
    },

    async simulatePolicy({ body, submission }) {
      const { digest, since_days: days, from, until, run_id: runId, limit } = body;
      if (runId !== undefined && (from ?? until ?? days) !== undefined) {
        throw new CountersignError("validation-failed", {
          pointer: "/run_id",
          detail: "Name a run, or a stretch of the log.",
        });
      }
      const scope = {
        ...(days === undefined ? {} : { sinceMs: nowMs() - days * DAY_MS }),
        ...(from === undefined ? {} : { from }),
        ...(until === undefined ? {} : { until }),
        ...(runId === undefined ? {} : { runId: runId as RunId }), // checked against its pattern
        ...(limit === undefined ? {} : { limit }),
      };
      const { eventId, impact, impactDigest } = await simulate(parts, digest, scope, submission);
      const waiting = unacknowledged(impact, []).map(({ group }) => group);
      return {
        status: 201,
        body: { simulation_id: eventId, impact_digest: impactDigest, to_acknowledge: waiting, impact },
      };
    },

    async getSimulation({ caller, params, submission }) {
      const reader = read(caller);
      const { event } = eventOfKind(reader, params.simulation_id, "policy.simulated");
      const { report, digest, impact_digest } = event.simulation;
      if (report === undefined) throw new CountersignError("not-found", { detail: "It kept no report." });
      const impact = await impactOf(reader, report, impact_digest);
      await parts.recordRead(report, { tenant: caller.tenant, actor: submission.actor });
      const newest = own(reader.control.simulations, digest);
      const open = newest?.event === params.simulation_id ? newest.open : [];
      return { body: { simulation_id: params.simulation_id, impact_digest, to_acknowledge: [...open], impact } };
    },

    async acknowledgeSimulation({ caller, params, body, submission }) {
      const reader = read(caller);
      const { event } = eventOfKind(reader, params.simulation_id, "policy.simulated");
      const { digest, report, impact_digest } = event.simulation;
      const names = body.acknowledged;
      const namesChanges = names.some((name) => name.startsWith("evt_"));
      const groups =
        namesChanges && report !== undefined ? groupsOf(await impactOf(reader, report, impact_digest), names) : names;
      const order = { digest, simulation: params.simulation_id, groups };
      const { answer } = await ledger.submit(acknowledgeImpact, order, submission);
      return { body: { event_id: answer.event_id, to_acknowledge: [...answer.open] } };
    },

    async requestPublication({ body, submission }) {
      const { digest, rollback = false, reason_code, incident, expected } = body;
      const order = {
        digest,
        rollback,
        reasonCode: reason_code ?? (rollback ? "POLICY_ROLLBACK" : "POLICY_CHANGE"),
        ...(incident === undefined ? {} : { incident }),
        ...(expected === undefined ? {} : { expected }),
      };
      const { request, revision, previous } = await publisher.request(order, submission);
      const status = request === null ? 200 : revision === null ? 202 : 201;
      return { status, body: { request_id: request, digest, revision, previous } };
    },

    async getPublication({ caller, params }) {
      return { body: publicationStatus(read(caller), params.request_id, formatTimestamp(nowMs())) };
    },

    async answerPublication({ caller, params, body, submission }) {
      eventOfKind(read(caller), params.request_id, "policy.publish.requested");
      const { answer, reason_code: reasonCode, signed } = body;
      const request = params.request_id as EventId; // checked against its pattern
      const spoken = wordOf(caller, signed);
      const { digest, revision, previous } = await publisher.answer(
        { request, answer, ...spoken, reasonCode },
        submission,
      );
      return { body: { request_id: request, digest, revision, previous } };
    },

    async listRevisions({ caller, query }) {
      const reader = read(caller);
      const { publishing } = reader.control;
      const now = formatTimestamp(nowMs());
      const waiting = publishing === null ? null : publicationStatus(reader, publishing.event, now);
      return { body: { ...listRevisions(reader, pageOf(query)), waiting } };
    },
  };

  async function filesOfStored(caller: Caller, digest: string): Promise<ReadonlyMap<string, Uint8Array>> {
    bundleStatus(read(caller), digest);
    const files = await gate.filesOf(caller.tenant, digest);
    if (files === undefined)
      throw new CountersignError("payload-damaged", { detail: "The stored bundle cannot be read." });
    return files;
  }
}

/** Whose word an answer is: the signer's, else the caller's when that is a person. */
function wordOf(caller: Caller, signed: BodyOf<"answerPublication">["signed"]) {
  const person = caller.holder.kind === "person" ? caller.holder.id : undefined;
  if (signed === undefined) return { person, signed };
  const { text } = signed;
  return { person: personIn(text), signed: { ...signed, digest: textDigest(text) } };
}

/** The person a signed text names. @throws CountersignError vote-mismatch */
function personIn(text: string): string {
  try {
    const { value } = parseStrict(utf8(text), "entry");
    const person = typeof value === "object" && value !== null && "person" in value ? value.person : undefined;
    if (typeof person === "string") return person;
  } catch (cause) {
    if (!(cause instanceof CountersignError)) throw cause;
  }
  throw new CountersignError("vote-mismatch", { pointer: "/signed/text", detail: "It is no answer's text." });
}

function filesOf(texts: Readonly<Record<string, string>>): Map<string, Uint8Array> {
  return new Map(Object.entries(texts).map(([path, text]) => [path, new Uint8Array(Buffer.from(text, "base64"))]));
}

function pageOf({ limit, before }: { readonly limit?: string; readonly before?: string }) {
  const asked = limit === undefined ? PAGE : Number(limit);
  return {
    limit: Math.max(1, Math.min(asked, LARGEST_PAGE)),
    ...(before === undefined ? {} : { before: Number(before) }),
  };
}
