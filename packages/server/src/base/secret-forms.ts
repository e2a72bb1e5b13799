/**
 * Secrets known by their form: keys that say what they are by their beginning, private keys in PEM, signed tokens,
 * passwords in URLs. Where a text is kept that binds nothing, they are replaced before it is hashed or stored, so the log,
 * its commitments and the payload store never hold them. A secret without such a form, or one that is encoded, passes
 * unseen. Every character is looked at a bounded number of times, whatever the text holds.
 */
import { CountersignError } from "@countersign/evidence/errors";

/** Names these forms in what is kept: another set of forms gets another number. */
export const SECRET_DETECTOR = "countersign-secrets/1";

const digits = "0123456789";
const upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const lower = upper.toLowerCase();
const word = `${upper}${lower}${digits}`;
const of = (characters: string): ReadonlySet<string> => new Set(characters);

/** A beginning, the characters that must follow it, and how many at least; all that follow belong to it. */
type Form = {
  readonly kind: string;
  readonly prefix: string;
  readonly follow: ReadonlySet<string>;
  readonly count: number;
};

const form = (kind: string, follow: string, count: number, ...prefixes: string[]): Form[] =>
  prefixes.map((prefix) => ({ kind, prefix, follow: of(follow), count }));

const FORMS: readonly Form[] = [
  ...form("countersign-key", `${lower}${digits}_-`, 64, "csk_"),
  ...form("aws-key", upper + digits, 16, "AKIA", "ASIA"),
  ...form("google-key", `${word}_-`, 35, "AIza"),
  ...form("github-token", word, 36, "ghp_", "gho_", "ghs_", "ghu_", "ghr_"),
  ...form("github-token", `${word}_`, 22, "github_pat_"),
  ...form("gitlab-token", `${word}_-`, 20, "glpat-"),
  ...form("slack-token", `${word}-`, 20, "xoxb-", "xoxp-"),
  ...form("stripe-key", word, 16, "sk_live_", "rk_live_"),
  ...form("npm-token", word, 36, "npm_"),
  ...form("model-key", `${word}_-`, 40, "sk-ant-", "sk-proj-"),
  ...form("webhook-secret", `${word}+/=`, 24, "whsec_"),
];

/** PEM labels are written apart, so that no scanner of repositories takes this file for a leak. */
const PEM_BEGIN = "-----BEGIN ";
const PEM_LABELS = ["", "RSA ", "EC ", "DSA ", "ENCRYPTED ", "OPENSSH "].map((kind) => `${kind}PRIVATE KEY-----`);
/** Base64, spaces and line ends, and the header lines of old PEM; JSON escapes its line ends. */
const PEM_BODY = of(`${word}+/= \r\n:,-`);
const PEM_END = "-----END ";
const TOKEN = of(`${word}_-`);
const TOKEN_PART = 10;
/** Characters that end the part of a URL before its host. */
const AUTHORITY_ENDS = of("/?#@\"'<> \t\r\n\\");
const AUTHORITY_LENGTH = 256;

type Span = { readonly from: number; readonly to: number; readonly kind: string };

/** Whether the bytes hold something that has the form of a secret. */
export function holdsSecret(bytes: Uint8Array): boolean {
  return secretsIn(latin1(bytes)).length > 0;
}

/**
 * The text with every secret replaced by what it was and who found it, `[redacted:github-token countersign-secrets/1]`.
 *
 * @param limit the most characters the text may have; a mark may be longer than what it stands for, so the end is cut
 */
export function redactText(text: string, limit: number): string {
  const out = replaced(text);
  if (out.length <= limit || out === text) return out;
  return out.slice(0, limit).replace(/[\ud800-\udbff]$/, ""); // half of a character the cut went through
}

/** The same for bytes; JSON stays JSON, and every byte that belongs to no secret is kept as it is. */
export function redactBytes(bytes: Uint8Array): Uint8Array {
  const text = latin1(bytes);
  const out = replaced(text);
  return out === text ? bytes : Buffer.from(out, "latin1");
}

/**
 * The body with these members redacted: texts, lists of texts, and records of texts. Others are left as they are.
 *
 * @param limits per member the most characters of one text
 */
export function redactMembers<B extends object>(body: B, limits: { readonly [N in keyof B]?: number }): B {
  const changed = Object.entries<number | undefined>(limits).flatMap(([name, limit]) => {
    const value: unknown = body[name as keyof B]; // limits has members of B only
    const now = redactValue(value, limit ?? 0);
    return now === value ? [] : [[name, now] as const];
  });
  // The values are of the kinds the members had.
  return changed.length === 0 ? body : ({ ...body, ...Object.fromEntries(changed) } as B);
}

/** @throws CountersignError secret-in-clear for a value that binds, so that it can be neither replaced nor kept */
export function refuseSecrets(values: Readonly<Record<string, string | undefined>>, pointer: string): void {
  for (const [name, value] of Object.entries(values)) {
    const [first] = value === undefined ? [] : secretsIn(value);
    if (first === undefined) continue;
    throw new CountersignError("secret-in-clear", {
      pointer: `${pointer}/${name}`,
      detail: `It looks like a ${first.kind}.`,
    });
  }
}

function redactValue(value: unknown, limit: number): unknown {
  if (typeof value === "string") return redactText(value, limit);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value);
  const now = members.map(([, one]) => redactValue(one, limit));
  if (now.every((one, at) => one === members[at]?.[1])) return value;
  return Array.isArray(value) ? now : Object.fromEntries(members.map(([name], at) => [name, now[at]]));
}

function replaced(text: string): string {
  let out = "";
  let kept = 0;
  for (const { from, to, kind } of secretsIn(text)) {
    out += `${text.slice(kept, from)}[redacted:${kind} ${SECRET_DETECTOR}]`;
    kept = to;
  }
  return out + text.slice(kept);
}

/** Every secret, in order; those that overlap are one. */
function secretsIn(text: string): readonly Span[] {
  const found = [...FORMS.flatMap((one) => ofForm(text, one)), ...pems(text), ...tokens(text), ...passwords(text)];
  const merged: Span[] = [];
  for (const span of found.sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last === undefined || span.from >= last.to) merged.push(span);
    else if (span.to > last.to) merged[merged.length - 1] = { ...last, to: span.to };
  }
  return merged;
}

function ofForm(text: string, { kind, prefix, follow, count }: Form): Span[] {
  const spans: Span[] = [];
  for (let from = text.indexOf(prefix); from >= 0; ) {
    const body = from + prefix.length;
    const to = endOf(text, body, follow, count);
    if (to - body < count) from = text.indexOf(prefix, from + 1);
    else {
      const end = endOf(text, to, follow);
      spans.push({ from, to: end, kind });
      from = text.indexOf(prefix, end);
    }
  }
  return spans;
}

function pems(text: string): Span[] {
  const spans: Span[] = [];
  for (let from = text.indexOf(PEM_BEGIN); from >= 0; ) {
    const label = PEM_LABELS.find((one) => text.startsWith(one, from + PEM_BEGIN.length));
    const body = from + PEM_BEGIN.length + (label?.length ?? 0);
    const end = label === undefined ? body : endOfPem(text, body);
    if (label !== undefined) spans.push({ from, to: end, kind: "private-key" });
    from = text.indexOf(PEM_BEGIN, end);
  }
  return spans;
}

/** After the end line; without one, where something stands that no PEM has, so a cut-off key is found too. */
function endOfPem(text: string, from: number): number {
  let at = from;
  for (;;) {
    if (text.startsWith(PEM_END, at)) {
      const dashes = text.indexOf("-----", at + PEM_END.length);
      if (dashes >= 0 && dashes - at < 64) return dashes + 5;
    }
    if (PEM_BODY.has(text[at] ?? "")) at++;
    else if (text[at] === "\\" && (text[at + 1] === "n" || text[at + 1] === "r")) at += 2;
    else return at;
  }
}

/** Compact JWS and JWE: `eyJ…` and at least two more parts. */
function tokens(text: string): Span[] {
  const spans: Span[] = [];
  for (let from = text.indexOf("eyJ"); from >= 0; ) {
    const first = endOf(text, from, TOKEN);
    const second = text[first] === "." ? endOf(text, first + 1, TOKEN) : first;
    const third = text[second] === "." && second > first ? endOf(text, second + 1, TOKEN) : second;
    const long = [first - from, second - first - 1, third - second - 1].every((length) => length >= TOKEN_PART);
    let end = third;
    if (long) {
      while (text[end] === ".") end = endOf(text, end + 1, TOKEN);
      spans.push({ from, to: end, kind: "signed-token" });
    }
    // What is no token up to its first dot is none from any later beginning before that dot.
    from = text.indexOf("eyJ", long ? end : Math.max(first, from + 1));
  }
  return spans;
}

/** `scheme://user:password@host`: the password. */
function passwords(text: string): Span[] {
  const spans: Span[] = [];
  for (let at = text.indexOf("://"); at >= 0; at = text.indexOf("://", at + 3)) {
    const start = at + 3;
    let end = start;
    let colon = -1;
    while (end < text.length && end - start < AUTHORITY_LENGTH && !AUTHORITY_ENDS.has(text[end] ?? "")) {
      if (text[end] === ":" && colon < 0) colon = end;
      end++;
    }
    if (text[end] === "@" && colon >= 0 && end > colon + 1) {
      spans.push({ from: colon + 1, to: end, kind: "url-password" });
    }
  }
  return spans;
}

/** Where the characters of the set end, from `from`; at most `most` of them. */
function endOf(text: string, from: number, set: ReadonlySet<string>, most = Number.POSITIVE_INFINITY): number {
  let at = from;
  while (at < text.length && at - from < most && set.has(text[at] ?? "")) at++;
  return at;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
