/**
 * Whether a request that rides on cookies comes from this server's own pages (OWASP ASVS 5.0, 3.5.1 to 3.5.3). Three
 * things that a foreign page cannot have together: what the browser says of the request's origin, a header no form and
 * no script of another site can send without asking first, and the Strict cookie (cookies.ts).
 */
import type { IncomingHttpHeaders } from "node:http";

/** What our pages send with every request. No page of another origin can: it is not safelisted, and we answer no preflight. */
export const PAGE_HEADER = "countersign-page";

/**
 * Why a write may not be from our own page, or undefined when it is.
 *
 * @param origin the public origin, as a browser writes it
 */
export function crossSiteReason(headers: IncomingHttpHeaders, origin: string): string | undefined {
  const { "sec-fetch-site": site, origin: from } = headers;
  if (headers[PAGE_HEADER] !== "1") return `It lacks the header ${PAGE_HEADER}.`;
  if (site !== undefined && site !== "same-origin") return `The browser says it is ${one(site)}.`;
  if (from !== undefined && from !== origin) return "It comes from a page of another origin.";
  if (site === undefined && from === undefined) return "It does not say which page it comes from.";
  return undefined;
}

/** Why a read may not be one of our own page's or a person's at the address bar, or undefined. */
export function strangeReadReason(headers: IncomingHttpHeaders): string | undefined {
  const site = headers["sec-fetch-site"];
  if (site === undefined || site === "same-origin" || site === "none") return undefined;
  return `The browser says it is ${one(site)}.`;
}

function one(header: string | readonly string[]): string {
  return typeof header === "string" ? header.slice(0, 32).replace(/[^a-z-]/g, "?") : "several things";
}
