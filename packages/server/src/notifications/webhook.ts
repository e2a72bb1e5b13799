/**
 * One message as a Standard Webhook (standardwebhooks.com). The name is resolved once, addresses that are not public are
 * refused, and the connection goes to the very address that was looked at; redirects are not followed.
 */
import { lookup } from "node:dns/promises";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { BlockList, isIP } from "node:net";
import { Webhook } from "standardwebhooks";

export type WebhookTarget = {
  readonly url: string;
  /** `whsec_` and base64, as the receiver has it. */
  readonly secret: string;
  /** Takes http and addresses of this machine: for trying it out. */
  readonly allowLoopback: boolean;
  /** How a host's addresses are found; tests bring their own. */
  readonly resolve?: (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;
};

const TIMEOUT_MS = 10_000;
const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");
const internal = new BlockList();
for (const [net, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const) {
  internal.addSubnet(net, bits, "ipv4");
}
// Everything but global unicast; of that, what carries an IPv4 address or is not routed.
for (const [net, bits] of [
  ["::", 3],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
  ["4000::", 2],
  ["8000::", 1],
] as const) {
  internal.addSubnet(net, bits, "ipv6");
}

/** Sends it; throws an Error that says why it was not taken. */
export async function sendWebhook(
  target: WebhookTarget,
  message: { readonly id: string; readonly atMs: number; readonly body: string },
): Promise<void> {
  const url = new URL(target.url);
  // They would go along as a header, and stand in every place that shows the address.
  if (url.username !== "" || url.password !== "") throw new Error("its address holds a user or password");
  const { address, family } = await publicAddress(url, target);
  const at = new Date(message.atMs);
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(message.body),
    "webhook-id": message.id,
    "webhook-timestamp": String(Math.floor(message.atMs / 1000)),
    "webhook-signature": new Webhook(target.secret).sign(message.id, at, message.body),
  };
  const send = url.protocol === "https:" ? requestHttps : requestHttp;
  const status = await new Promise<number>((resolve, reject) => {
    const pinned = (
      _host: string,
      options: { all?: boolean },
      done: (error: null, found: unknown, family?: number) => void,
    ) => (options.all === true ? done(null, [{ address, family }]) : done(null, address, family));
    const request = send(
      url,
      // Node's type of lookup has one form for each value of `all`; this answers both.
      { method: "POST", headers, agent: false, timeout: TIMEOUT_MS, lookup: pinned as never },
      (response) => {
        // Its words are of no use to us, however many they are.
        response.destroy();
        resolve(response.statusCode ?? 0);
      },
    );
    request.on("timeout", () => request.destroy(new Error("it does not answer")));
    request.on("error", reject);
    request.end(message.body);
  });
  if (status < 200 || status > 299) throw new Error(`it answered ${status}`);
}

/** The one address to connect to. Throws when the URL or any address behind its name is not to be reached from here. */
async function publicAddress(
  url: URL,
  { allowLoopback, resolve = (host) => lookup(host, { all: true }) }: WebhookTarget,
): Promise<{ address: string; family: number }> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const family = isIP(host);
  const found = family === 0 ? await resolve(host) : [{ address: host, family }];
  const [first] = found;
  if (first === undefined) throw new Error("its name has no address");
  const isLocal = found.every(({ address }) => isIn(loopback, address));
  if (!(allowLoopback && isLocal)) {
    if (url.protocol !== "https:") throw new Error("only https is sent to");
    if (found.some(({ address }) => isIn(internal, address))) throw new Error("its address is not a public one");
  } else if (url.protocol !== "https:" && url.protocol !== "http:") throw new Error("only http and https are sent to");
  return { address: first.address, family: first.family };
}

function isIn(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}
