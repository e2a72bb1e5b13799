/** Approval texts, signed votes and permit tokens: bytes that other parties make or check. */
import { parseApprovalRequest, parseVote } from "@countersign/evidence/approval";
import { formatBase64Url } from "@countersign/evidence/base64";
import { canonicalText } from "@countersign/evidence/canonical";
import type { ApproverKey } from "@countersign/evidence/control";
import { verifyEd25519 } from "@countersign/evidence/ed25519";
import { assert } from "@countersign/evidence/errors";
import type { EventOf } from "@countersign/evidence/event";
import type { FaultCode } from "@countersign/evidence/fault";
import { hex, parseHex, sha256, utf8 } from "@countersign/evidence/hash";
import {
  formatPermit,
  formatPermitSigningInput,
  type PermitClaims,
  type PermitExpectation,
  permitClaims,
  permitFault,
} from "@countersign/evidence/permit";
import {
  type Verifiers,
  voteSignatureFault,
  voteSigningBytes,
  voteSshSigningBytes,
} from "@countersign/evidence/vote-signature";
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { Story } from "../story.ts";

const verifiers: Verifiers = {
  ed25519: verifyEd25519,
  es256: (publicKey, message, signature) => p256.verify(signature, message, publicKey, { format: "der", lowS: false }),
};

/** A story with one approved action, and the events the vectors are about. */
function approved(): { request: EventOf<"approval.requested">; vote: EventOf<"approval.voted">; story: Story } {
  const story = new Story().found({ people: ["sam"] });
  story.run().play("gate approve use succeeded safety");
  const of = <K extends EventOf<"approval.requested">["type"] | "approval.voted">(type: K) =>
    story.events.find((event) => event.type === type) as EventOf<K>; // found by its type
  return { request: of("approval.requested"), vote: of("approval.voted"), story };
}

/** `approval/request/*.json` and `approval/vote/*.json`: texts, and whether they are what they claim to be. */
export function textVectors(): Map<string, string> {
  const { request, vote } = approved();
  const files = new Map<string, string>();
  const add = (kind: "request" | "vote", name: string, desc: string, text: string, accepted: boolean) => {
    const parsed = kind === "request" ? parseApprovalRequest(text) : parseVote(text);
    assert((parsed !== undefined) === accepted, `${kind}/${name}`);
    files.set(
      `approval/${kind}/${name}.json`,
      format({ desc, text, digest: `sha256:${hex(sha256(utf8(text)))}`, accepted }),
    );
  };
  for (const [kind, text] of [
    ["request", request.approval_request.text],
    ["vote", vote.vote.text],
  ] as const) {
    const members = JSON.parse(text) as Record<string, unknown>;
    const changed = (change: Record<string, unknown>) => canonicalText({ ...members, ...change });
    const { tenant: _, ...without } = members;
    add(kind, "valid", `A canonical ${kind}.`, text, true);
    add(kind, "white-space", "The same members with a space.", text.replace("{", "{ "), false);
    add(
      kind,
      "other-order",
      "The same members in another order.",
      `{"v":1,${text.slice(1, text.lastIndexOf(',"v":1'))}}`,
      false,
    );
    add(kind, "duplicate", "A member twice.", `{"tenant":"prod-b",${text.slice(1)}`, false);
    add(kind, "unknown-member", "A member that is not part of it.", changed({ zeal: 1 }), false);
    add(kind, "missing-member", "The tenant is missing.", canonicalText(without), false);
    add(kind, "other-context", "The text of another kind.", changed({ ctx: "countersign/v1/action" }), false);
    add(kind, "newer", "A later version.", changed({ v: 2 }), false);
    add(kind, "trailing", "Something after the value.", `${text} `, false);
  }
  const asked = JSON.parse(request.approval_request.text) as Record<string, unknown>;
  add("request", "short-nonce", "A nonce of less than 16 bytes.", canonicalText({ ...asked, nonce: "AAAA" }), false);
  add("request", "no-attempts", "A permit for no attempt.", canonicalText({ ...asked, max_attempts: 0 }), false);
  return files;
}

type VoteEvent = EventOf<"approval.voted">;

/** `approval/signature/*.json`: a vote event, the key enrolled for its person, and the fault of its signature. */
export function signatureVectors(): Map<string, string> {
  const { vote, story } = approved();
  const { secret, alias, x } = story.person("sam");
  const files = new Map<string, string>();
  const key: ApproverKey = {
    kid: "sam-1",
    person: alias,
    method: "ed25519",
    alg: "ed25519",
    x,
    enrolledAt: "2026-04-01T14:00:00.000Z",
    event: story.events[0]!.event_id,
  };
  const add = (name: string, desc: string, event: VoteEvent, enrolled: ApproverKey | null, good: boolean) => {
    const found = voteSignatureFault(event, enrolled ?? undefined, verifiers)?.code;
    assert(found === (good ? undefined : "vote-signature-invalid"), `${name}: ${found}`);
    files.set(`approval/signature/${name}.json`, format({ desc, event, key: enrolled, faults: good ? [] : [found] }));
  };
  const changed = (change: Partial<VoteEvent["vote"]>): VoteEvent => ({ ...vote, vote: { ...vote.vote, ...change } });
  const { digest } = vote.vote;
  const sign = (bytes: Uint8Array) => formatBase64Url(ed25519.sign(bytes, secret));

  add("ed25519", "An Ed25519 key over the context line and the digest's text.", vote, key, true);
  add(
    "ed25519-no-context",
    "The digest's text is signed without the context line.",
    changed({ signature: sign(utf8(digest)) }),
    key,
    false,
  );
  add(
    "ed25519-raw-digest",
    "The 32 bytes of the digest are signed.",
    changed({ signature: sign(parseHex(digest.slice(7))) }),
    key,
    false,
  );
  add(
    "ed25519-other-vote",
    "The signature is over another vote.",
    changed({ signature: sign(voteSigningBytes(`sha256:${"0".repeat(64)}`)) }),
    key,
    false,
  );
  add(
    "ed25519-text-changed",
    "The text was changed after it was signed.",
    changed({ text: vote.vote.text.replace("CHANGE_REVIEWED", "PLANNED_CHANGE") }),
    key,
    false,
  );
  add("ed25519-other-key", "The key enrolled is another.", vote, { ...key, x: story.person("sue").x }, false);
  add(
    "ed25519-other-person",
    "The key is enrolled for another person.",
    vote,
    { ...key, person: story.person("sue").alias },
    false,
  );
  add("not-enrolled", "No key of this name is enrolled.", vote, null, false);
  add(
    "ed25519-not-base64url",
    "The signature is not canonical base64url.",
    changed({ signature: `${vote.vote.signature}A` }),
    key,
    false,
  );

  add(
    "ed25519-with-client-data",
    "A good signature with a passkey's client data beside it, which nobody signed.",
    changed({ client_data: formatBase64Url(utf8("{}")) }),
    key,
    false,
  );
  add(
    "ed25519-with-authenticator-data",
    "A good signature with a passkey's authenticator data beside it.",
    changed({ authenticator_data: formatBase64Url(new Uint8Array(37)) }),
    key,
    false,
  );

  const ssh: ApproverKey = { ...key, method: "ssh" };
  const byShell = changed({ method: "ssh", signature: sign(voteSshSigningBytes(digest)) });
  add("ssh", "An SSH key over the blob of PROTOCOL.sshsig, namespace countersign/v1/vote.", byShell, ssh, true);
  add("ssh-other-namespace", "The blob is signed as `ed25519` signs.", changed({ method: "ssh" }), ssh, false);
  add("ssh-key-of-ed25519", "The key was enrolled for another method.", byShell, key, false);

  add(
    "ssh-with-client-data",
    "The same beside an SSH key's signature.",
    { ...byShell, vote: { ...byShell.vote, client_data: formatBase64Url(utf8("{}")) } },
    ssh,
    false,
  );

  const passkeySecret = sha256(utf8("story passkey"));
  const rpId = "console.example.com";
  const passkey: ApproverKey = {
    ...key,
    kid: "sam-passkey",
    method: "webauthn",
    alg: "es256",
    x: formatBase64Url(p256.getPublicKey(passkeySecret, false)),
    rpId,
  };
  const assertion = ({ flags = 0x05, rp = rpId, challenge = parseHex(digest.slice(7)), ...client }: Assertion = {}) => {
    const authenticator = new Uint8Array([...sha256(utf8(rp)), flags, 0, 0, 0, 1]);
    const said = {
      type: "webauthn.get",
      challenge: formatBase64Url(challenge),
      origin: `https://${rpId}`,
      crossOrigin: false,
      ...client,
    };
    const clientData = utf8(JSON.stringify(said));
    const message = new Uint8Array([...authenticator, ...sha256(clientData)]);
    const signature = p256.sign(message, passkeySecret, { format: "der", lowS: false });
    return changed({
      method: "webauthn",
      kid: passkey.kid,
      signature: formatBase64Url(signature),
      authenticator_data: formatBase64Url(authenticator),
      client_data: formatBase64Url(clientData),
    });
  };
  add("webauthn", "A passkey's assertion whose challenge is the vote's digest.", assertion(), passkey, true);
  add(
    "webauthn-subdomain",
    "The page is below the relying party's name.",
    assertion({ origin: `https://eu.${rpId}` }),
    passkey,
    true,
  );
  add(
    "webauthn-other-challenge",
    "The challenge is another vote's digest.",
    assertion({ challenge: sha256(utf8("other")) }),
    passkey,
    false,
  );
  add(
    "webauthn-user-not-verified",
    "The authenticator only saw that somebody was present.",
    assertion({ flags: 0x01 }),
    passkey,
    false,
  );
  add(
    "webauthn-other-party",
    "The assertion is for another relying party.",
    assertion({ rp: "evil.example.com" }),
    passkey,
    false,
  );
  add(
    "webauthn-other-origin",
    "The page's name only ends like the relying party's.",
    assertion({ origin: `https://evil-${rpId}` }),
    passkey,
    false,
  );
  add(
    "webauthn-plain-http",
    "The page was not served over TLS.",
    assertion({ origin: `http://${rpId}` }),
    passkey,
    false,
  );
  add(
    "webauthn-cross-origin",
    "The assertion was made inside another site's page.",
    assertion({ crossOrigin: true }),
    passkey,
    false,
  );
  add(
    "webauthn-registration",
    "The client data is of a registration.",
    assertion({ type: "webauthn.create" }),
    passkey,
    false,
  );
  const whole = assertion();
  const { authenticator_data: _, ...bare } = whole.vote;
  add(
    "webauthn-without-authenticator-data",
    "The authenticator data is missing.",
    { ...whole, vote: bare },
    passkey,
    false,
  );
  const { client_data: __, ...silent } = whole.vote;
  add("webauthn-without-client-data", "The client data is missing.", { ...whole, vote: silent }, passkey, false);
  add(
    "webauthn-bare-signature",
    "A passkey's key over the bytes that method `ed25519` signs.",
    changed({
      method: "webauthn",
      kid: passkey.kid,
      signature: formatBase64Url(p256.sign(voteSigningBytes(digest), passkeySecret, { format: "der", lowS: false })),
    }),
    passkey,
    false,
  );
  return files;
}

type Assertion = {
  readonly flags?: number;
  readonly rp?: string;
  readonly challenge?: Uint8Array;
  readonly origin?: string;
  readonly crossOrigin?: boolean;
  readonly type?: string;
};

/** `permit/*.json`: a token, the permit key, what the tool knows, and the fault. */
export function permitVectors(): Map<string, string> {
  const { story } = approved();
  const at = story.events.findIndex(({ type }) => type === "dispatch.permitted");
  const event = story.events[at] as EventOf<"dispatch.permitted">; // found by its type
  const claims = permitClaims(event, story.leaves[at]!);
  const sign = (said: PermitClaims, kid = story.permitKid, secret = story.permitSecret) => {
    const input = formatPermitSigningInput(said, kid);
    return formatPermit(input, ed25519.sign(utf8(input), secret));
  };
  const token = sign(claims);
  const publicKey = ed25519.getPublicKey(story.permitSecret);
  const key = { kid: story.permitKid, x: formatBase64Url(publicKey) };
  const expected: PermitExpectation = {
    iss: claims.iss,
    tenant: claims.tenant,
    run_id: claims.run_id,
    actionId: claims.sub,
    permitId: claims.jti,
    executor: claims.aud,
    args_commit: claims.args_commit,
    target: claims.target,
    leaf_hash: claims.leaf_hash,
    now: claims.not_before,
    attempt: 1,
  };
  const files = new Map<string, string>();
  const add = (
    name: string,
    desc: string,
    { token: said = token, knows = {}, code }: { token?: string; knows?: PermitExpectation; code?: FaultCode },
  ) => {
    const whole = { ...expected, ...knows };
    const found = permitFault(said, { kid: key.kid, publicKey }, whole, verifyEd25519)?.code;
    assert(found === code, `${name}: ${found}`);
    files.set(
      `permit/${name}.json`,
      format({ desc, token: said, key, expected: whole, faults: code === undefined ? [] : [code] }),
    );
  };
  const forged = (header: object, payload: object = claims) => {
    const input = `${formatBase64Url(utf8(JSON.stringify(header)))}.${formatBase64Url(utf8(JSON.stringify(payload)))}`;
    return formatPermit(input, ed25519.sign(utf8(input), story.permitSecret));
  };
  const [head, body, signature] = token.split(".") as [string, string, string];
  const invalid = "permit-signature-invalid";
  add("valid", "A permit that fits what is to run.", {});
  add("other-arguments", "The arguments at hand open another commitment.", {
    knows: { args_commit: "A".repeat(43) },
    code: "permit-args-differ",
  });
  add("other-target", "The tool is about to touch another resource.", {
    knows: { target: { ...claims.target, resource: "prod/vpc-2" } },
    code: "permit-args-differ",
  });
  add("other-executor", "The permit is another executor's.", {
    knows: { executor: "worker-us-1" },
    code: "permit-args-differ",
  });
  add("other-tenant", "The permit is another tenant's.", { knows: { tenant: "prod-b" }, code: "permit-args-differ" });
  add("late", "The window is over.", { knows: { now: "2026-04-01T15:00:00.000Z" }, code: "permit-used-late" });
  add("early", "The window has not begun.", { knows: { now: "2026-04-01T13:00:00.000Z" }, code: "permit-used-late" });
  add("too-many-attempts", "A fourth attempt of three.", { knows: { attempt: 4 }, code: "retries-beyond-limit" });
  add("other-key", "Signed by another key under this key's name.", {
    token: sign(claims, key.kid, sha256(utf8("thief"))),
    code: invalid,
  });
  add("other-key-name", "Signed by this key under another name.", { token: sign(claims, "permit-2"), code: invalid });
  add("payload-swapped", "The claims were changed after signing.", {
    token: `${head}.${formatBase64Url(utf8(canonicalText({ ...claims, max_attempts: 99 })))}.${signature}`,
    code: invalid,
  });
  add("alg-none", "The header says that nothing is signed.", {
    token: `${formatBase64Url(utf8('{"alg":"none","kid":"permit-1","typ":"countersign-permit+jwt"}'))}.${body}.`,
    code: invalid,
  });
  add("alg-hmac", "The header says HMAC, with the public key as the secret.", {
    token: forged({ alg: "HS256", kid: key.kid, typ: "countersign-permit+jwt" }),
    code: invalid,
  });
  add("other-type", "The header says that the token is something else.", {
    token: forged({ alg: "EdDSA", kid: key.kid, typ: "JWT" }),
    code: invalid,
  });
  add("critical-header", "The header has a member nobody knows.", {
    token: forged({ alg: "EdDSA", crit: ["exp"], kid: key.kid, typ: "countersign-permit+jwt" }),
    code: invalid,
  });
  const { obligations: _, ...without } = claims;
  add("missing-claim", "A claim is missing.", {
    token: forged({ alg: "EdDSA", kid: key.kid, typ: "countersign-permit+jwt" }, without),
    code: invalid,
  });
  add("four-parts", "Something behind the signature.", { token: `${token}.AA`, code: invalid });
  return files;
}

function format(vector: object): string {
  return `${JSON.stringify(vector, null, 1)}\n`;
}
