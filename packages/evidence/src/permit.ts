/**
 * The permit token: a compact EdDSA JWS (RFC 7515, RFC 8037) that says what one job may do, made by the signer once the
 * `dispatch.permitted` event is under a signed checkpoint. `jose` and `openssl` verify it unchanged. Spec: spec/permit.md.
 */
import { formatBase64Url, parseBase64Url } from "./base64.ts";
import { canonicalText } from "./canonical.ts";
import type { ActionBlock, EventOf } from "./event.ts";
import { type Fault, fault } from "./fault.ts";
import { utf8 } from "./hash.ts";
import type { VerifySignature } from "./vote-signature.ts";

export const PERMIT_TYPE = "countersign-permit+jwt";

/** Registered JWT claims (RFC 7519) for the tools that know only those, and ours, which are exact. */
export type PermitClaims = {
  /** The log's origin. */
  readonly iss: string;
  /** The action. */
  readonly sub: string;
  /** The executor. */
  readonly aud: string;
  /** The permit. */
  readonly jti: string;
  /** `not_before` and `not_after` in whole seconds, rounded outwards. */
  readonly nbf: number;
  readonly exp: number;
  readonly tenant: string;
  readonly run_id: string;
  readonly capability: string;
  readonly tool: string;
  readonly tool_version: string | null;
  readonly target: ActionBlock["target"];
  readonly args_commit: string;
  readonly action_digest: string;
  readonly policy_digest: string;
  readonly policy_snapshot: string;
  readonly approval_id: string | null;
  readonly obligations: readonly string[];
  readonly not_before: string;
  readonly not_after: string;
  readonly job_id: string;
  readonly max_attempts: number;
  /** Where the dispatch.permitted event lies, and its leaf hash in hex: what a receipt is asked for. */
  readonly leaf_index: number;
  readonly leaf_hash: string;
};

export type PermitToken = {
  readonly kid: string;
  readonly claims: PermitClaims;
  /** What was signed: header and payload as they stand in the token. */
  readonly signingInput: Uint8Array;
  readonly signature: Uint8Array;
};

/** The claims of a placed `dispatch.permitted` event. `leafHash` is its leaf hash in hex. */
export function permitClaims(event: EventOf<"dispatch.permitted">, leafHash: string): PermitClaims {
  const { action, permit, policy, approval, dispatch, integrity } = event;
  return {
    iss: integrity.log,
    sub: event.action_id,
    aud: permit.executor,
    jti: permit.permit_id,
    nbf: Math.floor(Date.parse(event.ts) / 1000),
    exp: Math.ceil(Date.parse(permit.not_after) / 1000),
    tenant: event.tenant,
    run_id: event.run_id,
    capability: action.capability,
    tool: action.tool,
    tool_version: action.tool_version ?? null,
    target: action.target,
    args_commit: permit.args_commit,
    action_digest: permit.action_digest,
    policy_digest: policy.policy_digest,
    policy_snapshot: policy.policy_snapshot,
    approval_id: approval.approval_id ?? null,
    obligations: permit.obligations,
    not_before: event.ts,
    not_after: permit.not_after,
    job_id: dispatch.job_id,
    max_attempts: dispatch.max_attempts,
    leaf_index: integrity.index,
    leaf_hash: leafHash,
  };
}

/** The ASCII text the permit key signs (RFC 7515 §5.1): protected header and claims, both canonical JSON. */
export function formatPermitSigningInput(claims: PermitClaims, kid: string): string {
  const header = canonicalText({ alg: "EdDSA", kid, typ: PERMIT_TYPE });
  return `${encode(header)}.${encode(canonicalText(claims))}`;
}

/** The token: the signing input and the 64-byte signature over it. */
export function formatPermit(signingInput: string, signature: Uint8Array): string {
  return `${signingInput}.${formatBase64Url(signature)}`;
}

/** A token's parts, unverified; undefined unless it is a canonical permit token of ours. At most 8,192 characters. */
export function parsePermit(token: string): PermitToken | undefined {
  if (token.length > 8192) return undefined;
  const [first, second, third, ...more] = token.split(".");
  if (first === undefined || second === undefined || third === undefined || more.length > 0) return undefined;
  const header = decode(first);
  const claims = decode(second);
  const signature = parseBase64Url(third);
  if (header === undefined || claims === undefined || signature?.length !== 64) return undefined;
  const { alg, kid, typ } = header;
  if (Object.keys(header).length !== 3 || alg !== "EdDSA" || typ !== PERMIT_TYPE || typeof kid !== "string") {
    return undefined;
  }
  if (!isClaims(claims)) return undefined;
  return { kid, claims, signingInput: utf8(`${first}.${second}`), signature };
}

/** What the tool that is about to run knows by itself. Absent members are not compared. */
export type PermitExpectation = Partial<
  Pick<
    PermitClaims,
    | "iss"
    | "tenant"
    | "run_id"
    | "capability"
    | "tool"
    | "args_commit"
    | "action_digest"
    | "leaf_hash"
    | "policy_digest"
    | "job_id"
  >
> & {
  readonly actionId?: string;
  readonly permitId?: string;
  readonly executor?: string;
  readonly target?: ActionBlock["target"];
  /** RFC 3339 UTC with milliseconds. */
  readonly now?: string;
  /** 1-based. */
  readonly attempt?: number;
};

/**
 * Why this token does not allow what is about to run, or undefined when it does.
 *
 * @param key the permit key the token names: its id and 32 raw bytes, from the log or the server's JWKS
 */
export function permitFault(
  token: string,
  key: { readonly kid: string; readonly publicKey: Uint8Array },
  expected: PermitExpectation,
  verify: VerifySignature,
): Fault | undefined {
  const permit = parsePermit(token);
  if (permit === undefined) return fault("permit-signature-invalid", "the token is not a permit");
  const { claims } = permit;
  if (permit.kid !== key.kid) return fault("permit-signature-invalid", `the token names key ${permit.kid}`);
  if (!verify(key.publicKey, permit.signingInput, permit.signature)) {
    return fault("permit-signature-invalid", `the token does not verify under key ${key.kid}`);
  }
  const { actionId, permitId, executor, target, now, attempt, ...same } = expected;
  const wanted: Readonly<Record<string, unknown>> = { ...same, sub: actionId, jti: permitId, aud: executor, target };
  // Both are plain JSON; the cast only says that claims may be looked up by name.
  const said = claims as unknown as Readonly<Record<string, unknown>>;
  for (const [name, value] of Object.entries(wanted)) {
    if (value !== undefined && canonicalText(said[name]) !== canonicalText(value)) {
      return fault("permit-args-differ", `the permit is for another ${name}`);
    }
  }
  if (now !== undefined && (now < claims.not_before || now > claims.not_after)) {
    return fault("permit-used-late", `the permit is good from ${claims.not_before} to ${claims.not_after}, not ${now}`);
  }
  if (attempt !== undefined && attempt > claims.max_attempts) {
    return fault("retries-beyond-limit", `attempt ${attempt} of ${claims.max_attempts}`);
  }
  return undefined;
}

const TEXTS = [
  ...["iss", "sub", "aud", "jti", "tenant", "run_id", "capability", "tool", "args_commit", "action_digest"],
  ...["policy_digest", "policy_snapshot", "not_before", "not_after", "job_id", "leaf_hash"],
] as const;
const COUNTS = ["nbf", "exp", "max_attempts", "leaf_index"] as const;
const TEXTS_OR_NULL = ["tool_version", "approval_id"] as const;
const MEMBERS = TEXTS.length + COUNTS.length + TEXTS_OR_NULL.length + 2;

/** The cast after it is safe: every member of PermitClaims is checked here by name. */
function isClaims(value: Record<string, unknown>): value is PermitClaims {
  const { target, obligations } = value;
  return (
    Object.keys(value).length === MEMBERS &&
    TEXTS.every((name) => typeof value[name] === "string") &&
    COUNTS.every((name) => Number.isSafeInteger(value[name]) && Number(value[name]) >= 0) &&
    TEXTS_OR_NULL.every((name) => value[name] === null || typeof value[name] === "string") &&
    Array.isArray(obligations) &&
    obligations.every((one) => typeof one === "string") &&
    typeof target === "object" &&
    target !== null &&
    Object.values(target).every((one) => typeof one === "string")
  );
}

function encode(text: string): string {
  return formatBase64Url(utf8(text));
}

/** A JSON object from its canonical text in base64url; undefined for anything else. */
function decode(part: string): Record<string, unknown> | undefined {
  const bytes = parseBase64Url(part);
  if (bytes === undefined) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    // Checked above to be an object that is no array.
    return canonicalText(value) === text ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
