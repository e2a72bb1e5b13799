/** Opening a session for a browser: secrets made, what it had before ended, cookies handed over. */
import type { Reader, Submission } from "../ledger/command.ts";
import { makeSecrets, openCookies, parseCookies } from "./cookies.ts";
import type { PeopleParts } from "./faces.ts";
import type { BrowserRequest, SessionDoor } from "./session-caller.ts";
import { closeSessions, endingFor, idOf, type SessionMethod, type SessionOrder } from "./sessions.ts";

export type Opening = {
  readonly order: SessionOrder;
  readonly by: Submission;
  /** Set-Cookie values, once the session is open. */
  cookies(sessionId: string): readonly string[];
};

/**
 * Prepares to open a session. The session this browser had, a person's own or another's, ends with it, so nobody goes on
 * in a session that was there before they came (session fixation).
 */
export async function prepareOpening(
  parts: Pick<PeopleParts, "ledger" | "publicUrl" | "random" | "session">,
  door: SessionDoor,
  request: BrowserRequest,
  who: { readonly reader: Reader; readonly person: string; readonly method: SessionMethod },
): Promise<Opening> {
  const { reader, person, method } = who;
  const { tenant } = reader;
  const before = door.holder(request);
  if (before !== undefined && before.tenant !== tenant) {
    const actor = { type: "person" as const, id: before.session.person };
    const ids = [idOf(before.session)];
    await parts.ledger.submit(closeSessions, { ids, reason: "REPLACED" }, { tenant: before.tenant, actor });
  }
  const replaces = before?.tenant === tenant ? idOf(before.session) : undefined;
  const secrets = makeSecrets(parts.random);
  const { secretHash, writeHash } = secrets;
  const life = parts.session;
  const ending = endingFor(reader, person, replaces);
  return {
    order: { person, method, secretHash, writeHash, life, ending },
    by: { tenant, actor: { type: "person", id: person } },
    cookies: (id) => openCookies(parts.publicUrl(), { tenant, id, lifeMs: life.lifeMs }, secrets),
  };
}

/** The flow cookie a browser sent. */
export function flowOf({ publicUrl }: Pick<PeopleParts, "publicUrl">, request: BrowserRequest): string | undefined {
  return parseCookies(publicUrl(), request.headers.cookie).flow;
}
