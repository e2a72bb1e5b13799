/** The module from the settings: where messages go, who carries them, and how the command line looks at them. */
import { CountersignError } from "@countersign/evidence/errors";
import { type AdminOperations, adminFields } from "../base/admin.ts";
import { formatTimestamp } from "../base/clock.ts";
import type { Config } from "../base/config.ts";
import type { Ledger } from "../ledger/command.ts";
import type { CourierParts } from "./courier.ts";
import { notifications } from "./outbox.ts";

export type NotifyConfig = Partial<
  Pick<
    Config,
    "notifyWebhookUrl" | "notifyWebhookSecret" | "notifyLoopback" | "notifySmtpUrl" | "notifyFrom" | "notifyTo"
  >
>;

/** @throws CountersignError usage when a setting is missing beside another, or is not an address */
export function targetsOf(config: NotifyConfig): CourierParts["targets"] {
  const { notifyWebhookUrl: url, notifyWebhookSecret: secret, notifySmtpUrl: smtp, notifyFrom, notifyTo } = config;
  if ((url === undefined) !== (secret === undefined)) {
    throw new CountersignError("usage", {
      detail: "A webhook needs --notify-webhook-url and --notify-webhook-secret.",
    });
  }
  if (secret !== undefined && !/^whsec_[A-Za-z0-9+/]{32,128}={0,2}$/.test(secret)) {
    throw new CountersignError("usage", {
      detail: "--notify-webhook-secret is whsec_ and base64 of 24 bytes or more.",
    });
  }
  if (smtp !== undefined && (notifyFrom === undefined || notifyTo === undefined)) {
    throw new CountersignError("usage", { detail: "Mail needs --notify-from and --notify-to." });
  }
  for (const [address, protocols] of [
    [url, ["http:", "https:"]],
    [smtp, ["smtp:", "smtps:"]],
  ] as const) {
    const protocol = address === undefined ? undefined : URL.parse(address)?.protocol;
    if (address !== undefined && !protocols.some((one) => one === protocol)) {
      throw new CountersignError("usage", { detail: `A notify address is none of ${protocols.join("// ")}//.` });
    }
  }
  const { username = "", password = "" } = (url === undefined ? undefined : URL.parse(url)) ?? {};
  if (username !== "" || password !== "") {
    throw new CountersignError("usage", { detail: "The webhook's address holds no user or password; it is signed." });
  }
  return {
    ...(url === undefined || secret === undefined
      ? {}
      : { webhook: { url, secret, allowLoopback: config.notifyLoopback === "yes" } }),
    ...(smtp === undefined || notifyFrom === undefined || notifyTo === undefined
      ? {}
      : { smtp: { url: smtp, from: notifyFrom, to: notifyTo } }),
  };
}

const LISTED = 500;

export function notificationOperations({ ledger }: { readonly ledger: Pick<Ledger, "reader"> }): AdminOperations {
  return {
    /** Messages in one `state`, or in all; soonest first. */
    async "notifications.list"(input) {
      const { text, optionalText } = adminFields(input);
      const reader = ledger.reader(text("tenant"));
      if (reader === undefined) throw new CountersignError("not-found", { detail: "There is no such tenant." });
      const state = optionalText("state");
      return reader
        .list(notifications, "by_state", state === undefined ? [] : [state], { limit: LISTED })
        .map((row) => ({
          id: row.notification_id,
          approval: row.approval_id,
          kind: row.kind,
          channel: row.channel,
          state: row.state,
          attempts: row.attempts,
          next: row.state === "waiting" ? formatTimestamp(row.next_ms) : null,
          trouble: row.trouble,
        }));
    },
  };
}
