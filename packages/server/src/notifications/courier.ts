/**
 * Delivers what waits in the outbox. A message is sent at least once: after a crash between sending and noting it, it goes
 * out again under the same id. Retries are spaced out; what cannot be delivered raises an alarm and stays listed.
 */
import type { Log } from "../base/log.ts";
import type { Metrics } from "../base/metrics.ts";
import type { Ledger, Reader } from "../ledger/command.ts";
import { type MailTarget, sendMail } from "./mail.ts";
import { type Channel, dueNotices, notifications, type Settled, settleNotice } from "./outbox.ts";
import { sendWebhook, type WebhookTarget } from "./webhook.ts";

export type CourierParts = {
  readonly ledger: Pick<Ledger, "submit" | "reader" | "tenants">;
  readonly targets: { readonly webhook?: WebhookTarget; readonly smtp?: MailTarget };
  /** The page of an approval. */
  readonly linkOf: (approvalId: string) => string;
  /** Whether somebody still has to answer it. */
  readonly isWaiting: (reader: Reader, approvalId: string) => boolean;
  readonly nowMs: () => number;
  readonly after: (ms: number, call: () => void) => () => void;
  readonly everyMs: number;
  readonly log: Pick<Log, "error">;
  readonly metrics: Pick<Metrics, "gauge">;
};

export type Courier = {
  /** One round over all tenants; resolves with the number of messages that were tried. */
  round(): Promise<number>;
  close(): Promise<void>;
};

const BATCH = 16;
const COUNTED = 500;
const SUBJECTS: Readonly<Record<string, string>> = {
  "approval.expiring": "Still waiting",
  "approval.escalated": "Escalated",
  "breakglass.used": "ALARM, the glass was broken",
};

/** The channels a server has. */
export function channelsOf(targets: CourierParts["targets"]): readonly Channel[] {
  return [
    ...(targets.webhook === undefined ? [] : ["webhook" as const]),
    ...(targets.smtp === undefined ? [] : ["smtp" as const]),
  ];
}

export function openCourier(parts: CourierParts): Courier {
  const { ledger, targets, linkOf, isWaiting, nowMs, after, everyMs, log, metrics } = parts;
  let closed = false;
  let cancel = () => {};
  let under: Promise<number> = Promise.resolve(0);

  metrics.gauge(
    "notifications_undeliverable",
    "Messages to approvers nobody could be given, at most 500 a tenant.",
    () => {
      const readers = ledger.tenants().map((tenant) => ledger.reader(tenant));
      const counts = readers.map((reader) =>
        reader === undefined ? 0 : reader.list(notifications, "by_state", ["undeliverable"], { limit: COUNTED }).length,
      );
      return counts.reduce((sum, count) => sum + count, 0);
    },
  );

  async function deliver(row: ReturnType<typeof dueNotices>[number]): Promise<void> {
    const { approval_id: approvalId, kind } = row;
    const link = linkOf(approvalId);
    if (row.channel === "smtp") {
      if (targets.smtp === undefined) throw new Error("no mail server is set");
      const subject = `${SUBJECTS[kind] ?? "To approve"}: ${approvalId}`;
      return sendMail(targets.smtp, { id: row.notification_id, subject, text: `${approvalId}\n${link}\n` });
    }
    if (targets.webhook === undefined) throw new Error("no webhook is set");
    const timestamp = new Date(nowMs()).toISOString();
    const body = JSON.stringify({ type: kind, timestamp, data: { approval_id: approvalId, link } });
    return sendWebhook(targets.webhook, { id: row.notification_id, atMs: nowMs(), body });
  }

  async function attempt(reader: Reader, row: ReturnType<typeof dueNotices>[number]): Promise<void> {
    let settled: Settled = { id: row.notification_id, outcome: "delivered", trouble: null };
    // An alarm is told whatever has become of the request since.
    if (row.kind !== "breakglass.used" && !isWaiting(reader, row.approval_id))
      settled = { ...settled, outcome: "moot" };
    else {
      try {
        await deliver(row);
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : "it failed";
        settled = { ...settled, outcome: "failed", trouble: why.replace(/\s+/g, " ").slice(0, 200) };
      }
    }
    const by = { tenant: reader.tenant, actor: { type: "system" as const, id: "courier" } };
    const { answer } = await ledger.submit(settleNotice, settled, by);
    if (answer.state === "undeliverable") {
      log.error({ tenant: reader.tenant, notification: row.notification_id }, "approvers could not be told");
    }
  }

  async function once(): Promise<number> {
    let tried = 0;
    for (const tenant of ledger.tenants()) {
      const reader = ledger.reader(tenant);
      if (reader === undefined) continue;
      for (const row of dueNotices(reader, nowMs(), BATCH)) {
        if (closed) return tried;
        await attempt(reader, row);
        tried++;
      }
    }
    return tried;
  }

  function round(): Promise<number> {
    under = under.then(once, once);
    return under;
  }

  function wait(): void {
    if (closed) return;
    cancel = after(everyMs, () => {
      // A ledger that takes nothing now is told of by its own alarms; the row simply stays.
      round()
        .catch((cause: unknown) => log.error({ err: cause }, "messages could not be sent"))
        .finally(wait);
    });
  }
  wait();

  return {
    round,
    async close() {
      closed = true;
      cancel();
      await under.catch(() => 0);
    },
  };
}
