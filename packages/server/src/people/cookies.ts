/**
 * The cookies of a session. Two of them: one that comes along when somebody follows a link here (Lax), and shows them
 * pages; and one that a browser sends from our own pages alone (Strict), without which nothing is written. Both are
 * opaque, HttpOnly, and over TLS bound to the host (`__Host-`: Secure, Path=/, no Domain; RFC 6265bis §4.1.3).
 */
import { hash } from "node:crypto";
import { formatBase64Url } from "@countersign/evidence/base64";
import { type Id, idPattern } from "@countersign/evidence/ids";
import type { PublicUrl } from "./public-url.ts";

/** What a request's cookies say. Hashes are hex SHA-256 of what was sent. */
export type SessionCookies = {
  readonly session?: { readonly tenant: string; readonly id: Id<"ses">; readonly secretHash: string };
  readonly writeHash?: string;
  /** The sealed state of a sign-in under way at the identity provider. */
  readonly flow?: string;
};

/** Secrets of a session being opened, and what the ledger may know of them. */
export type SessionSecrets = {
  readonly secret: string;
  readonly write: string;
  readonly secretHash: string;
  readonly writeHash: string;
};

const SECRET_BYTES = 32;
const SESSION = new RegExp(`^([a-z0-9][a-z0-9-]{0,62})\\.(${idPattern("ses").slice(5, -1)})\\.([A-Za-z0-9_-]{43})$`);
const VALUE = /^[A-Za-z0-9_.-]{1,4000}$/;

export function makeSecrets(random: (length: number) => Uint8Array): SessionSecrets {
  const [secret, write] = [formatBase64Url(random(SECRET_BYTES)), formatBase64Url(random(SECRET_BYTES))];
  return { secret, write, secretHash: hash("sha256", secret), writeHash: hash("sha256", write) };
}

/** Set-Cookie values that hand a session to a browser. */
export function openCookies(
  url: PublicUrl,
  session: { readonly tenant: string; readonly id: string; readonly lifeMs: number },
  secrets: Pick<SessionSecrets, "secret" | "write">,
): readonly string[] {
  const names = namesOf(url);
  const seconds = Math.floor(session.lifeMs / 1000);
  const text = `${session.tenant}.${session.id.slice("ses_".length)}.${secrets.secret}`;
  return [format(url, names.session, text, "Lax", seconds), format(url, names.write, secrets.write, "Strict", seconds)];
}

/** Set-Cookie values that take a session from a browser. */
export function closeCookies(url: PublicUrl): readonly string[] {
  const names = namesOf(url);
  return [format(url, names.session, "", "Lax", 0), format(url, names.write, "", "Strict", 0)];
}

/** The cookie of a sign-in under way: Lax, because the identity provider sends the browser back from its own site. */
export function flowCookie(url: PublicUrl, sealed: string, lifeMs: number): string {
  return format(url, namesOf(url).flow, sealed, "Lax", Math.floor(lifeMs / 1000));
}

/**
 * Reads a Cookie header. A name that comes twice counts as absent: somebody on a neighbouring host put one of them.
 *
 * @param header undefined when the request has none
 */
export function parseCookies(url: PublicUrl, header: string | undefined): SessionCookies {
  if (header === undefined) return {};
  const values = new Map<string, string | undefined>();
  for (const pair of header.split(";")) {
    const at = pair.indexOf("=");
    if (at < 0) continue;
    const name = pair.slice(0, at).trim();
    const value = pair.slice(at + 1).trim();
    values.set(name, values.has(name) || !VALUE.test(value) ? undefined : value);
  }
  const names = namesOf(url);
  const session = SESSION.exec(values.get(names.session) ?? "");
  const write = values.get(names.write);
  const flow = values.get(names.flow);
  return {
    ...(session === null
      ? {}
      : { session: { tenant: session[1]!, id: `ses_${session[2]}`, secretHash: hash("sha256", session[3]!) } }),
    ...(write === undefined ? {} : { writeHash: hash("sha256", write) }),
    ...(flow === undefined ? {} : { flow }),
  };
}

/** Cookies know no ports, so on localhost the port is part of the name: two servers do not sign each other's people out. */
function namesOf({ secure, port }: PublicUrl) {
  const base = secure ? "__Host-countersign" : `countersign-${port || "80"}`;
  return { session: base, write: `${base}-write`, flow: `${base}-oidc` };
}

function format(url: PublicUrl, name: string, value: string, sameSite: "Lax" | "Strict", seconds: number): string {
  const secure = url.secure ? "; Secure" : "";
  return `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=${sameSite}${secure}`;
}
