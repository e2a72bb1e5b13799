/** The module put together for the composition root: sign-in, sessions, the console's pages, and what the command line asks. */
import type { ActorBlock } from "@countersign/evidence/event";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { AdminOperations } from "../base/admin.ts";
import type { Caller } from "../base/routes.ts";
import { openSite } from "../base/site.ts";
import type { Chore } from "../ledger/due.ts";
import { signInOperations } from "./admin.ts";
import { DEFAULT_SESSION_LIFE, type PeopleParts } from "./faces.ts";
import { firstRunLink } from "./first-run.ts";
import { consoleDirectory, consolePages } from "./pages.ts";
import { openPeoplePages } from "./routes.ts";
import type { SetUpLink } from "./set-up-links.ts";
import { oidcOf, publicUrlOf, type SignInConfig } from "./settings.ts";

export type Door = {
  readonly chores: readonly Chore[];
  readonly admin: AdminOperations;
  /** For HttpOptions.identifyBrowser. */
  identifyBrowser(request: FastifyRequest, roles: readonly string[]): Caller | undefined;
  /** For HttpOptions.mount: the operations of people-schema.ts, and the pages where they were built. */
  mount(app: FastifyInstance): void;
  /** The address people come to. */
  origin(): string;
  /** See first-run.ts. */
  firstRunLink(by: ActorBlock, approverRoles?: readonly string[]): Promise<SetUpLink | undefined>;
};

/**
 * @param parts what app.ts has at hand; `port` is asked late, 0 becomes a number only when the server listens
 * @throws CountersignError usage for settings that are none
 */
export function openDoor(
  parts: Omit<PeopleParts, "publicUrl" | "session" | "oidc"> & {
    readonly config: SignInConfig;
    readonly port: () => number;
    /** The folder of the built console; that of the installed package unless told, null for no pages. */
    readonly console?: string | null;
  },
): Door {
  const { config, port, console: directory = consoleDirectory(), ...rest } = parts;
  const oidc = oidcOf(config);
  const publicUrl = publicUrlOf(config, port);
  const all: PeopleParts = {
    ...rest,
    publicUrl,
    session: DEFAULT_SESSION_LIFE,
    ...(oidc === undefined ? {} : { oidc }),
  };
  const pages = openPeoplePages(all);
  const origin = () => publicUrl().origin;
  const site = directory == null ? undefined : openSite({ directory, pages: consolePages, origin });
  return {
    chores: pages.chores,
    admin: signInOperations(all),
    identifyBrowser: pages.identify,
    mount(app) {
      pages.mount(app);
      site?.mount(app);
    },
    origin,
    firstRunLink: (by, approverRoles) => firstRunLink(all, by, approverRoles),
  };
}
