/**
 * Canonical JSON (RFC 8785, JCS): the one spelling of a value. Entry bytes, request texts and disclosures are made with
 * it; nothing is re-canonicalised to verify, only to lint. Spec: spec/json.md.
 *
 * The ledger writes entries with a serializer generated from the event schemas, which must give these bytes.
 */
import { assert } from "./errors.ts";
import { equalBytes, utf8 } from "./hash.ts";
import { type JsonProfile, type JsonValue, parseStrict } from "./strict-json.ts";

/**
 * RFC 8785 text of a JSON value: members sorted by UTF-16 code units, numbers as ECMAScript writes them, no white space.
 * What JSON cannot say (undefined, NaN, infinities, lone surrogates, bigint, class instances) is our mistake: asserted.
 */
export function canonicalText(value: unknown): string {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "number":
      assert(Number.isFinite(value), "canonical JSON has no NaN and no infinity");
      return String(Object.is(value, -0) ? 0 : value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (value === null) return "null";
      return Array.isArray(value) ? arrayText(value) : objectText(value);
    default:
      throw new Error(`assertion failed: canonical JSON has no ${typeof value}`);
  }
}

/** {@link canonicalText} in UTF-8. */
export function canonicalBytes(value: unknown): Uint8Array {
  return utf8(canonicalText(value));
}

/**
 * Whether these bytes are the canonical form of what they say. False, never an exception, for bytes that the profile
 * refuses.
 */
export function isCanonical(bytes: Uint8Array, profile: JsonProfile = "entry"): boolean {
  let value: JsonValue;
  try {
    value = parseStrict(bytes, profile).value;
  } catch {
    return false;
  }
  return equalBytes(canonicalBytes(value), bytes);
}

/** What stands for itself between quotes. Nearly every string does, and this test is much cheaper than a call of JSON.stringify. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** JSON.stringify escapes a string exactly as RFC 8785 §3.2.2.2 asks, once lone surrogates are out of the way. */
function quote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  assert(text.isWellFormed(), "canonical JSON has no lone surrogates");
  return JSON.stringify(text);
}

function arrayText(items: readonly unknown[]): string {
  let text = "[";
  for (let i = 0; i < items.length; i++) text += (i === 0 ? "" : ",") + canonicalText(items[i]);
  return `${text}]`;
}

function objectText(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  assert(prototype === Object.prototype || prototype === null, "canonical JSON has plain objects only");
  const names = Object.keys(value);
  for (let i = 1; i < names.length; i++) {
    if (names[i - 1]! > names[i]!) {
      names.sort(); // without a comparator: by UTF-16 code units, which is RFC 8785's order
      break;
    }
  }
  let text = "{";
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    // Own enumerable names of a plain object; the cast only says that they may be looked up.
    text += `${i === 0 ? "" : ","}${quote(name)}:${canonicalText((value as Record<string, unknown>)[name])}`;
  }
  return `${text}}`;
}
