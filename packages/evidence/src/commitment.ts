/**
 * Commitments: an entry holds the salted hash of a sensitive value instead of the value, so that the value can be shown
 * later to whom it may be shown, or its key destroyed, while the entry's bytes stay. Spec: spec/commitment.md.
 */
import { formatBase64Url, parseBase64Url } from "./base64.ts";
import { canonicalText } from "./canonical.ts";
import { assert, CountersignError } from "./errors.ts";
import { type Fault, fault, type Parsed } from "./fault.ts";
import { digestOf, sha256, utf8 } from "./hash.ts";
import { type JsonValue, parseStrict } from "./strict-json.ts";

/** What opens a commitment: salt (base64url of 16 bytes), JSON pointer of the place it stands for, value. */
export type Disclosure = readonly [salt: string, pointer: string, value: JsonValue];

export const SALT_BYTES = 16;
const CONTEXT = "countersign/v1/disclosure\n";

/**
 * base64url(SHA-256("countersign/v1/disclosure\n" ‖ JCS([salt, pointer, value]))): 43 characters.
 *
 * @param salt 16 fresh random bytes, used for this one value: without it a short value could be guessed
 * @param pointer the place in the event the value stands for, `/action/args`
 * @param value of the entry profile
 */
export function commit(salt: Uint8Array, pointer: string, value: JsonValue): string {
  return commitmentOf(disclosureOf(salt, pointer, value));
}

/**
 * The disclosure of payload bytes: its value is `sha256:<hex>` of the plain bytes. So a commitment binds the exact
 * bytes, while the leaf holds no unsalted digest of them.
 */
export function payloadDisclosure(salt: Uint8Array, pointer: string, plain: Uint8Array): Disclosure {
  return disclosureOf(salt, pointer, digestOf(plain));
}

export function disclosureOf(salt: Uint8Array, pointer: string, value: JsonValue): Disclosure {
  assert(salt.length === SALT_BYTES, "a salt has 16 bytes");
  assert(isPointer(pointer), "a commitment stands for a JSON pointer");
  return [formatBase64Url(salt), pointer, value];
}

/** The commitment a disclosure opens. */
export function commitmentOf(disclosure: Disclosure): string {
  return formatBase64Url(sha256(utf8(CONTEXT + formatDisclosure(disclosure))));
}

/** Canonical text: one line of a pack's disclosures.jsonl, and what is sealed. */
export function formatDisclosure(disclosure: Disclosure): string {
  return canonicalText(disclosure);
}

/** Reads a disclosure's canonical bytes. */
export function parseDisclosure(bytes: Uint8Array): Parsed<Disclosure> {
  const malformed = (detail: string) => ({ ok: false, fault: fault("disclosure-malformed", detail) }) as const;
  let disclosure: JsonValue;
  try {
    disclosure = parseStrict(bytes, "entry").value;
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    return malformed(error.message);
  }
  if (!isDisclosure(disclosure)) return malformed("It is not an array of salt, JSON pointer and value.");
  if (formatDisclosure(disclosure) !== new TextDecoder().decode(bytes)) return malformed("It is not canonical.");
  return { ok: true, value: disclosure };
}

/** Why a disclosure does not open this commitment, or undefined when it does. spec/commitment.md step 3. */
export function disclosureFault(disclosure: Disclosure, commitment: string): Fault | undefined {
  if (!isDisclosure(disclosure)) {
    return fault("disclosure-malformed", "It is not an array of salt, JSON pointer and value.");
  }
  const opened = commitmentOf(disclosure);
  if (opened === commitment) return undefined;
  return fault("commitment-mismatch", `The disclosure of ${disclosure[1]} opens ${opened}, not ${commitment}.`);
}

/** Why plain payload bytes are not those a disclosure speaks of, or undefined when they are. */
export function payloadFault(disclosure: Disclosure, plain: Uint8Array): Fault | undefined {
  const digest = digestOf(plain);
  if (disclosure[2] === digest) return undefined;
  return fault(
    "payload-mismatch",
    `The bytes of ${disclosure[1]} have the digest ${digest}; another was committed to.`,
  );
}

function isDisclosure(value: JsonValue): value is Disclosure {
  if (!Array.isArray(value) || value.length !== 3) return false;
  // Array.isArray forgets what a readonly array holds; its elements are still JSON values.
  const [salt, pointer] = value as readonly JsonValue[];
  if (typeof salt !== "string" || typeof pointer !== "string") return false;
  return parseBase64Url(salt)?.length === SALT_BYTES && isPointer(pointer);
}

/** RFC 6901, not the whole document. */
function isPointer(pointer: string): boolean {
  return /^(\/([^~/]|~[01])*)+$/.test(pointer);
}
