/** What a handler of the pages for people looks like: as base/routes.ts has it, for the table in people-schema.ts. */
import type {
  PeopleAnswerOf,
  PeopleBodyOf,
  PeopleOperationName,
  PeopleParamsOf,
  PeopleQueryOf,
} from "@countersign/evidence/people-schema";
import type { BrowserRequest, SignedIn } from "./session-caller.ts";

/** One request, checked: its parts have the shapes of people-schema.ts. */
export type PeopleCall<N extends PeopleOperationName> = {
  readonly params: PeopleParamsOf<N>;
  readonly query: PeopleQueryOf<N>;
  readonly body: PeopleBodyOf<N>;
  /** The query as it came. */
  readonly queryText: string;
  readonly request: BrowserRequest;
  /** Undefined at run time for operations whose roles include `public`. */
  readonly signed: SignedIn;
};

/** `cookies` are Set-Cookie values. Only operations that redirect name a `location`, and only a path of this server. */
export type PeopleReply<N extends PeopleOperationName> = {
  readonly body: PeopleAnswerOf<N>;
  readonly status?: number;
  readonly location?: string;
  readonly cookies?: readonly string[];
};

export type PeopleHandlers = {
  readonly [N in PeopleOperationName]: (call: PeopleCall<N>) => Promise<PeopleReply<N>>;
};
