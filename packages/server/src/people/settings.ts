/** Sign-in as the command line and the environment set it. */
import { CountersignError } from "@countersign/evidence/errors";
import type { RoleName } from "@countersign/evidence/event";
import type { OidcSettings } from "./oidc.ts";
import { localUrl, type PublicUrl, parsePublicUrl } from "./public-url.ts";
import { personRoles } from "./set-up-links.ts";

export type SignInConfig = {
  readonly publicUrl?: string | undefined;
  readonly oidcIssuer?: string | undefined;
  readonly oidcClientId?: string | undefined;
  readonly oidcClientSecret?: string | undefined;
  /** `groups: sre=approver, audit=auditor`: a claim, and the role each of its values gives. */
  readonly oidcRoles?: string | undefined;
};

/**
 * Where people come to: the public URL, or this machine's port.
 *
 * @param port asked late: 0 becomes a number only when the server listens
 * @throws CountersignError usage
 */
export function publicUrlOf({ publicUrl }: SignInConfig, port: () => number): () => PublicUrl {
  if (publicUrl === undefined) return () => localUrl(port());
  const url = parsePublicUrl(publicUrl);
  return () => url;
}

/** The identity provider, or undefined where none is named. @throws CountersignError usage */
export function oidcOf(config: SignInConfig): OidcSettings | undefined {
  const { oidcIssuer: issuer, oidcClientId: clientId, oidcClientSecret: clientSecret, oidcRoles } = config;
  if (issuer === undefined) {
    if (clientId !== undefined || clientSecret !== undefined || oidcRoles !== undefined) {
      return refuse("without an issuer the other settings of the identity provider mean nothing");
    }
    return undefined;
  }
  if (clientId === undefined) return refuse("an issuer needs the client id it knows this server by");
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  const isLocal = url?.protocol === "http:" && url.hostname === "localhost";
  if (url === undefined || (url.protocol !== "https:" && !isLocal)) return refuse("the issuer is an https:// address");
  return {
    issuer,
    clientId,
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...(oidcRoles === undefined ? {} : { roles: parseRoles(oidcRoles) }),
  };
}

function parseRoles(text: string): NonNullable<OidcSettings["roles"]> {
  const at = text.indexOf(":");
  const claim = text.slice(0, at).trim();
  if (at < 0 || claim === "") return refuse("roles are written as claim: value=role, value=role");
  const map: Record<string, RoleName> = {};
  for (const pair of text.slice(at + 1).split(",")) {
    const [value = "", name = "", ...more] = pair.split("=").map((part) => part.trim());
    const role = personRoles.find((one) => one === name);
    if (value === "" || more.length > 0 || Object.hasOwn(map, value))
      return refuse(`"${pair.trim()}" is no value=role`);
    if (role === undefined) return refuse(`people hold ${personRoles.join(", ")}; not ${name}`);
    map[value] = role;
  }
  return { claim, map };
}

function refuse(why: string): never {
  throw new CountersignError("usage", { detail: `Signing in: ${why}.` });
}
