/**
 * What a module's HTTP handlers look like. The operations stand in wire.ts; a table of handlers that leaves one out, or
 * answers in another shape, does not compile.
 */
import type { RoleName } from "@countersign/evidence/event";
import type { AnswerOf, BodyOf, OperationName, ParamsOf, QueryOf } from "@countersign/evidence/wire";
import type { Submission } from "./submission.ts";

/** Who called: everything in it comes from the credential, nothing from the request. */
export type Caller = {
  readonly tenant: string;
  readonly role: RoleName;
  readonly credentialId: string;
  readonly holder: { readonly kind: "agent" | "executor" | "person" | "service"; readonly id: string };
};

/** One request, checked: its parts have the shapes of wire.ts. */
export type Call<N extends OperationName> = {
  readonly params: ParamsOf<N>;
  readonly query: QueryOf<N>;
  readonly body: BodyOf<N>;
  /** The body as received; empty for operations without one. */
  readonly bytes: Uint8Array;
  /** Exact bytes of a raw JSON member, e.g. "/args"; undefined when the body does not have it. */
  raw(pointer: string): Uint8Array | undefined;
  /** For operations whose roles include `public`, the caller is undefined at run time unless a credential came. */
  readonly caller: Caller;
  /** Tenant, actor and idempotency of this request, for ledger.submit. */
  readonly submission: Submission;
  /** Aborted when the client goes away or the server stops; a long poll then answers with what it has. */
  readonly signal: AbortSignal;
};

export type Reply<N extends OperationName> = {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: AnswerOf<N>;
};

export type Handler<N extends OperationName> = (request: Call<N>) => Promise<Reply<N>>;

/** A handler for every operation. */
export type Handlers = { readonly [N in OperationName]: Handler<N> };
