/**
 * The one table of refusals. Every refusal that leaves a process (HTTP problem, CLI message, SDK error) has a row here:
 * a stable code, the HTTP status it travels with, one sentence of what happened and one of what to do next.
 * `docs/reference/errors.md` is generated from it and a test holds both equal. Bad evidence is not here: see faults.ts.
 */
export const errors = {
  // What was sent
  "malformed-json": [
    400,
    "The body is not well-formed JSON.",
    "Send UTF-8 JSON with no byte-order mark, one value and nothing after it.",
  ],
  "json-not-allowed": [
    400,
    "The JSON uses something its profile forbids.",
    "Look at the pointer: duplicate keys, lone surrogates and, in entries, non-integers or integer-like keys are refused.",
  ],
  "validation-failed": [
    400,
    "A member is missing, unknown or of the wrong shape.",
    "Look at the pointer and the expected shape in the API description.",
  ],
  "unknown-member": [
    400,
    "A member is not part of this operation.",
    "Remove it; what the server decides (tenant, actor, decision, sequence, integrity) cannot be sent.",
  ],
  "body-too-large": [
    413,
    "The body is larger than this operation takes.",
    "Put large bytes in a payload and cite its digest.",
  ],
  "secret-in-clear": [
    400,
    "Something in the form of a secret stands where it would be kept in the clear.",
    "Name the secret by a reference and let the executor look it up; upload bytes that hold one as secret.",
  ],
  "unsupported-media-type": [
    415,
    "The body's media type is not one this operation takes.",
    "Send application/json, or application/x-ndjson for batches.",
  ],
  "malformed-http": [
    400,
    "The request is not well-formed HTTP.",
    "Use an HTTP/1.1 client; paths and queries are percent-encoded UTF-8.",
  ],
  "headers-too-large": [431, "The request's headers exceed the limit.", "Send headers of at most 16 KiB together."],
  "request-timeout": [408, "The request did not arrive in time.", "Send it again, without pauses."],
  "method-not-allowed": [
    405,
    "This path does not take that method.",
    "Use one of the methods in the Allow header; see the API description at /v1/openapi.json.",
  ],
  "entry-too-large": [413, "The event would exceed 65,535 bytes.", "Move long lists into a manifest payload."],
  "idempotency-key-missing": [
    400,
    "A write carries no Idempotency-Key.",
    "Send a fresh Idempotency-Key of 1 to 128 visible characters; repeat it when you retry.",
  ],
  "idempotency-conflict": [
    409,
    "This Idempotency-Key was used with other bytes.",
    "Use a new key for a new request; repeat a request byte for byte.",
  ],
  "precondition-failed": [412, "What you saw has changed.", "Read it again and decide on the current state."],
  // Who asked
  unauthenticated: [
    401,
    "No valid credential came with the request.",
    "Send Authorization: Bearer with a live key of this server.",
  ],
  "credential-expired": [
    401,
    "The credential has expired or was revoked.",
    "Ask an admin for a new one: countersign credential create.",
  ],
  forbidden: [
    403,
    "This credential's role may not do this.",
    "Use a credential whose role allows it; see the route table in the API description.",
  ],
  "sign-in-refused": [
    401,
    "The sign-in was refused.",
    "Use a passkey enrolled in this tenant, or ask an admin for a set-up link.",
  ],
  "session-ended": [401, "The session has ended.", "Sign in again."],
  "step-up-required": [
    403,
    "This needs a fresh confirmation with your passkey.",
    "Confirm with your passkey; that holds for five minutes.",
  ],
  "cross-site-request": [
    403,
    "The request did not come from this server's own pages.",
    "Open the console at the server's public URL and do it there.",
  ],
  "link-not-valid": [
    403,
    "The link was used, has expired or never was.",
    "Ask an admin for a new one: countersign person link.",
  ],
  "passkey-not-acceptable": [
    400,
    "This passkey cannot be enrolled.",
    "Use one that verifies you (fingerprint, face or PIN) and signs with ES256.",
  ],
  "rp-id-pinned": [
    409,
    "This tenant's passkeys belong to another address.",
    "Serve under the --public-url whose host the log pins; a passkey cannot move.",
  ],
  "not-found": [404, "There is no such thing in this tenant.", "Check the id and the credential's tenant."],
  // The gate
  "action-denied": [
    403,
    "The action was denied.",
    "Read reason and remedy in the decision; change the action or ask for a policy change.",
  ],
  "core:above-ceiling": [
    403,
    "The run declares a capability above the agent's ceiling.",
    "Declare less, or have the agent's registration changed by an admin.",
  ],
  "scope-exceeds-parent": [
    403,
    "The run declares more than its parent run holds.",
    "Declare a subset of the parent's scope; every limit the parent has, the child must have too.",
  ],
  "run-id-missing": [
    400,
    "The report does not say which run and action it is about.",
    "Hand run and action ids on to whatever executes: MCP _meta, job data, HTTP headers, environment.",
  ],
  "extension-needs-approval": [
    403,
    "A run's scope is widened by people only, and the policy asks none.",
    "Have a rule require an approval for countersign.run.extend.",
  ],
  "delegation-too-deep": [
    409,
    "Eight runs stand above this one already.",
    "Delegate from a run nearer to the first one.",
  ],
  "core:no-active-policy": [409, "The tenant has no published policy.", "Publish one: countersign policy publish DIR."],
  "core:policy-changed": [
    503,
    "The policy or facts kept changing while deciding.",
    "Retry after the number of seconds in Retry-After.",
  ],
  "core:engine-unavailable": [
    503,
    "The policy engine gave no answer, so nothing starts.",
    "Retry after the number of seconds in Retry-After; see /v1/health.",
  ],
  "core:ledger-unavailable": [
    503,
    "The ledger cannot append, so nothing is decided.",
    "Retry after the number of seconds in Retry-After; see /v1/health.",
  ],
  "core:signer-unavailable": [
    503,
    "The signer is away, so nothing is released.",
    "Retry after the number of seconds in Retry-After; the operator restarts the signer.",
  ],
  "core:overloaded": [
    503,
    "The server has as much work as it takes at once.",
    "Retry after the number of seconds in Retry-After.",
  ],
  "core:payloads-unavailable": [
    503,
    "The payload store cannot keep bytes durably, so nothing is decided.",
    "Retry after the number of seconds in Retry-After; the operator looks at the disk: countersign doctor.",
  ],
  "core:stopping": [503, "The server is stopping.", "Retry after the number of seconds in Retry-After."],
  "agent-not-registered": [
    409,
    "The agent is not registered in this tenant.",
    "Register it: countersign agent register.",
  ],
  "run-not-open": [409, "The run takes no new actions: it is closed, settled or abandoned.", "Start a new run."],
  "too-many-open-actions": [409, "The run has 64 open actions.", "Finish or cancel some first."],
  "step-not-allowed": [
    409,
    "The lifecycle does not allow this step now.",
    "Read the action's state; the fault named here says what is missing.",
  ],
  "args-changed": [
    409,
    "The arguments are not the ones this action was decided on.",
    "Ask for a new decision with the new arguments.",
  ],
  "approval-not-found": [
    404,
    "There is no such approval in this tenant.",
    "List open ones: countersign approvals list.",
  ],
  "approval-not-open": [
    409,
    "The approval takes no votes: it is decided, expired, used, cancelled or void.",
    "Look at its state; a new action opens a new approval.",
  ],
  "approval-pending": [409, "The approval has not been granted yet.", "Wait for it: GET /v1/actions/{id}?wait=30s."],
  "approval-expired": [409, "The approval expired before it was used.", "Request the action again."],
  "approval-consumed": [
    409,
    "The approval has been used; it works once.",
    "Request the action again for another execution.",
  ],
  "approval-rejected": [
    403,
    "An approver rejected the request.",
    "Read the reason; do not retry the same action unchanged.",
  ],
  "approval-voided": [
    409,
    "The approval no longer binds: the policy or the request changed.",
    "Request the action again under the current policy.",
  ],
  "approval-superseded": [
    409,
    "A new request has replaced the approval: the policy or the facts changed, and votes never carry.",
    "Wait for the new request to be answered: GET /v1/actions/{id} names it.",
  ],
  "break-glass-not-allowed": [
    403,
    "A rule that asks for this approval does not allow break-glass.",
    "Ask the people the request names; a policy allows it with @breakglass.",
  ],
  "break-glass-review-overdue": [
    409,
    "An earlier use of break-glass was not reviewed in time.",
    "Have somebody else review it: countersign breakglass review APPROVAL.",
  ],
  "approver-not-eligible": [
    403,
    "This person may not vote on this request.",
    "See who may in the approval's requirements.",
  ],
  "separation-of-duties": [
    403,
    "Whoever asked for it, brought it, owns its agent or has it run for them may not approve it.",
    "Have another eligible person do it.",
  ],
  "duplicate-vote": [409, "This person has voted on this request.", "One person fills one place in a quorum."],
  "vote-mismatch": [
    409,
    "The signed vote is not the text the server would record.",
    "Fetch the vote text again and sign exactly those bytes.",
  ],
  "signature-invalid": [
    403,
    "The signature does not verify under an enrolled key of this person.",
    "Sign the vote digest with the key that was enrolled.",
  ],
  "key-not-acceptable": [
    400,
    "The public key is not an acceptable Ed25519 key.",
    "Send a canonical, torsion-free Ed25519 public key (SPKI PEM, OpenSSH or raw base64url).",
  ],
  "decision-expired": [
    409,
    "The decision was not used in time.",
    "Request the action again; an ALLOW is good for one use within its valid_until.",
  ],
  "obligation-unsupported": [
    409,
    "The executor does not support an obligation of the decision.",
    "Run the action with an executor that supports all of the decision's obligations.",
  ],
  "permit-expired": [409, "The permit's time window has passed.", "Request the action again."],
  "permit-spent": [409, "All attempts of the permit are used, or it has ended.", "Request the action again."],
  "permit-invalid": [
    403,
    "The permit token does not verify or does not fit what is to run.",
    "Run only what the permit names; fetch the permit key from /v1/permit-keys.",
  ],
  "attempt-running": [
    409,
    "The attempt before has neither ended nor been declared unconfirmed.",
    "Report its outcome first.",
  ],
  frozen: [409, "A freeze covers this tenant, agent, capability or target.", "Wait until two people have lifted it."],
  // Payloads and policy bundles
  "payload-too-large": [
    413,
    "The payload exceeds the limit.",
    "The default limit is 64 MiB; split the bytes or store a pointer of your own.",
  ],
  "payload-not-found": [
    404,
    "There is no payload with this digest in this tenant.",
    "PUT it first, then cite the digest the server returned.",
  ],
  "payload-damaged": [
    500,
    "Stored bytes do not match their digest.",
    "Run countersign fsck; restore the payload from a backup.",
  ],
  "payload-erased": [
    410,
    "The payload's key was destroyed; it cannot be opened.",
    "Its commitment still verifies; nothing else can be had.",
  ],
  "policy-invalid": [
    422,
    "The policy bundle does not validate.",
    "Each finding names file and line; run countersign policy lint DIR.",
  ],
  "policy-not-acknowledged": [
    409,
    "What the policy would newly let through was not acknowledged.",
    "Simulate it against the policy in force, read the changes, then acknowledge them: countersign policy simulate, acknowledge.",
  ],
  "publication-not-open": [
    409,
    "The request to publish takes no answer: it was carried out, ended or replaced.",
    "Look at the newest one: countersign policy history.",
  ],
  "policy-revision-taken": [409, "Another publish came first.", "Read the active revision and publish again."],
  "second-person-required": [
    409,
    "This needs two people in a production tenant.",
    "Have another enrolled person do or confirm it.",
  ],
  "tenant-exists": [409, "A tenant of this id exists.", "Choose another id."],
  "already-exists": [
    409,
    "One of this id exists with other content.",
    "Choose another id, or change the existing one.",
  ],
  // Operation
  "data-locked": [
    409,
    "Another process serves this data directory.",
    "Commands talk to it by themselves; stop it before starting a second server.",
  ],
  "cannot-listen": [
    500,
    "The server cannot listen at this address.",
    "Choose another --port (0 takes a free one) or --host.",
  ],
  "data-unsafe": [
    500,
    "The data or signer directory is not safe to use.",
    "The message names the path and the mode it must have.",
  ],
  "schema-newer": [
    500,
    "The data directory was written by a newer version.",
    "Use that version or a newer one; downgrade is refused.",
  ],
  "folder-not-empty": [
    409,
    "The folder to write into is there and not empty.",
    "Name a new folder, or empty this one.",
  ],
  "signer-refused": [
    500,
    "The signer refuses to sign this tree: it does not extend what it signed before.",
    "Check that --signer-dir is this data directory's own; else the database was rolled back or edited: run countersign fsck and read docs/operating/trust.md.",
  ],
  "signer-forgot": [
    500,
    "The signer remembers less of a log than the database's checkpoint covers: its memory was deleted or put back.",
    "Without it an older copy of the database cannot be told from the newest. Make sure by a checkpoint or pack from elsewhere that this is the newest, then start once with --accept-signer-reset; the log will say so.",
  ],
  "gate-unavailable": [
    503,
    "The gate cannot be reached, so the action does not run.",
    "Check the server's address and health; there is no fail-open mode.",
  ],
  "outbox-unsafe": [
    500,
    "The outbox cannot keep outcomes durably.",
    "Check the outbox directory's permissions and free space.",
  ],
  usage: [400, "The command line is not understood.", "See --help for the words and an example."],
  "cannot-read": [
    400,
    "A file or folder cannot be read as what it should be.",
    "The message names it; check the path.",
  ],
  internal: [500, "Something went wrong inside the server.", "Nothing was released; report the request id."],
} as const satisfies Record<string, readonly [status: number, title: string, remedy: string]>;

/** A stable code of {@link errors}. */
export type ErrorCode = keyof typeof errors;

/** A refusal: the world said no. `pointer` is the JSON pointer of what was refused; `detail` adds to the row's title. */
export class CountersignError extends Error {
  readonly code: ErrorCode;
  readonly pointer: string | undefined;
  readonly detail: string | undefined;
  /** Extra members of the problem document, e.g. the decision behind a denial. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    options: { detail?: string; pointer?: string; members?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    const { detail, pointer, members, cause } = options;
    super(`${errors[code][1]}${detail === undefined ? "" : ` ${detail}`}`, cause === undefined ? {} : { cause });
    this.name = "CountersignError";
    this.code = code;
    this.pointer = pointer;
    this.detail = detail;
    this.members = members ?? {};
  }

  get status(): number {
    return errors[this.code][0];
  }

  get remedy(): string {
    return errors[this.code][2];
  }
}

/** An RFC 9457 problem document. */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail?: string;
  readonly pointer?: string;
  readonly remedy: string;
  readonly [member: string]: unknown;
};

/** The problem document of a refusal. `type` is a relative reference into the error reference (RFC 9457 §3.1.1). */
export function formatProblem(error: CountersignError): Problem {
  return {
    ...error.members,
    type: `/docs/errors#${error.code.replace(":", "-")}`,
    title: errors[error.code][1],
    status: error.status,
    code: error.code,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    ...(error.pointer === undefined ? {} : { pointer: error.pointer }),
    remedy: error.remedy,
  };
}

/** Our own mistake, not the world's: stops the request with the reason. */
export function assert(condition: unknown, because: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${because}`);
}

/** Ends a switch over a union; compiles only when every case was handled. */
export function assertNever(value: never): never {
  throw new Error(`unhandled case: ${JSON.stringify(value)}`);
}
