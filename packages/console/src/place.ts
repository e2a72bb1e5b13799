/** Addresses of the pages. Everything a page shows that can be linked to stands in its address. */

export const inboxStates = [
  "REQUESTED",
  "GRANTED",
  "CONSUMED",
  "REJECTED",
  "EXPIRED",
  "REVOKED",
  "SUPERSEDED",
  "VOIDED",
  "CANCELLED",
] as const;
export type InboxState = (typeof inboxStates)[number];

export type ConsolePlace =
  | { readonly page: "inbox"; readonly state: InboxState | "ALL" }
  | { readonly page: "approval"; readonly id: string }
  | { readonly page: "people" }
  | { readonly page: "account" }
  | { readonly page: "sign-in"; readonly tenant?: string; readonly refused?: string; readonly returnTo: string }
  | { readonly page: "set-up"; readonly token: string | undefined }
  | { readonly page: "missing" };

const APPROVAL = /^\/approvals\/(apr_[0-7][0-9a-hjkmnp-tv-z]{25})$/;

/** The page at an address. */
export function parsePlace(url: Pick<URL, "pathname" | "search" | "hash">): ConsolePlace {
  const query = new URLSearchParams(url.search);
  const approval = APPROVAL.exec(url.pathname)?.[1];
  if (approval !== undefined) return { page: "approval", id: approval };
  switch (url.pathname) {
    case "/":
    case "/inbox": {
      const wanted = query.get("state");
      const state = wanted === "ALL" ? "ALL" : (inboxStates.find((one) => one === wanted) ?? "REQUESTED");
      return { page: "inbox", state };
    }
    case "/people":
      return { page: "people" };
    case "/account":
      return { page: "account" };
    case "/sign-in": {
      const tenant = query.get("tenant");
      const refused = query.get("refused");
      return {
        page: "sign-in",
        returnTo: localPath(query.get("return_to")),
        ...(tenant === null ? {} : { tenant }),
        ...(refused === null ? {} : { refused }),
      };
    }
    case "/setup":
      return { page: "set-up", token: url.hash.length > 1 ? url.hash.slice(1) : undefined };
    default:
      return { page: "missing" };
  }
}

/** The address of a page. A set-up link's token is never written into one. */
export function pathOf(place: ConsolePlace): string {
  switch (place.page) {
    case "inbox":
      return place.state === "REQUESTED" ? "/inbox" : `/inbox?state=${place.state}`;
    case "approval":
      return `/approvals/${place.id}`;
    case "people":
      return "/people";
    case "account":
      return "/account";
    case "sign-in": {
      const query = new URLSearchParams();
      if (place.tenant !== undefined) query.set("tenant", place.tenant);
      if (place.refused !== undefined) query.set("refused", place.refused);
      if (place.returnTo !== "/") query.set("return_to", place.returnTo);
      return query.size === 0 ? "/sign-in" : `/sign-in?${query}`;
    }
    case "set-up":
      return "/setup";
    case "missing":
      return "/";
  }
}

/** A path of ours to go on to, or the start page: no address of another site comes from an address. */
export function localPath(text: string | null): string {
  if (text === null || !/^\/(?![/\\])[!-~]*$/.test(text)) return "/";
  const place = parsePlace(new URL(text, "http://localhost"));
  const isPage = place.page !== "missing" && place.page !== "sign-in" && place.page !== "set-up";
  return isPage ? pathOf(place) : "/";
}
