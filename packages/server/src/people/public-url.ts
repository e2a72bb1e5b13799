/**
 * The one address people come to. It fixes the origin every write of a page must come from and the relying party id of
 * passkeys (WebAuthn 3 §5.1.2), which the log pins with the first passkey enrolled: a passkey cannot move to another.
 */
import { CountersignError } from "@countersign/evidence/errors";

export type PublicUrl = {
  /** Scheme, host and port, as a browser writes an origin. */
  readonly origin: string;
  /** The host: what passkeys are bound to. */
  readonly rpId: string;
  readonly port: string;
  /** Whether browsers reach it over TLS: cookies are then `Secure` and `__Host-`. */
  readonly secure: boolean;
  /** False at an IP address: browsers make no passkeys there. */
  readonly passkeys: boolean;
};

/** The address when nobody said another: links for people say localhost, because passkeys refuse 127.0.0.1. */
export function localUrl(port: number): PublicUrl {
  return parsePublicUrl(`http://localhost:${port}`);
}

/**
 * Reads `--public-url`.
 *
 * @throws CountersignError usage when it is no origin, or plain http anywhere but on localhost
 */
export function parsePublicUrl(text: string): PublicUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:")) {
    return refuse("it begins with https:// and names a host");
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "") {
    return refuse("it is an origin: no path, query, fragment or user");
  }
  const secure = url.protocol === "https:";
  if (!secure && url.hostname !== "localhost") {
    return refuse("plain http is for localhost only; browsers keep passkeys and safe cookies from everything else");
  }
  const isAddress = /^[0-9.]+$/.test(url.hostname) || url.hostname.startsWith("[");
  return { origin: url.origin, rpId: url.hostname, port: url.port, secure, passkeys: !isAddress };
}

function refuse(why: string): never {
  throw new CountersignError("usage", { detail: `The public URL: ${why}.` });
}
