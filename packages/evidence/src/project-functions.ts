/**
 * The closed list of functions a tool contract projects arguments with (`countersign-project/1`). Each is pure and total:
 * it gives a value of its one type or says what it could not take; it never guesses, trims or truncates, because what it
 * lets through is what policy sees of the arguments. Spec: spec/policy.md, "Projection functions".
 */
import { canonicalBytes } from "./canonical.ts";
import { assertNever } from "./errors.ts";
import { digestOf, utf8 } from "./hash.ts";
import {
  either,
  integer,
  isObject,
  list,
  type Members,
  type ObjectOf,
  oneOf,
  optional,
  pattern,
  type Shape,
  text,
} from "./json-shape.ts";
import type { JsonValue } from "./strict-json.ts";

/** What a projected attribute may be: the Cedar types String, Long, Boolean and Set<String>. */
export type Projected = string | number | boolean | readonly string[];
export type ProjectedType = "String" | "Long" | "Boolean" | "Set<String>";

/** RFC 6901, up to eight tokens. */
const Pointer = pattern(/^(\/[^/]{1,64}){1,8}$/, "a JSON pointer of up to eight tokens");
const each = optional(Pointer);
const of = optional(oneOf("int", "cents"));
const MAX_TEXT = 1024;
const MAX_SET = 64;

/** Parameters of each function besides `from` and `fn`. */
const parameters = {
  /** A string of at most `max` UTF-16 code units (default 256). */
  string: { max: optional(integer(1, MAX_TEXT)) },
  /** An integer within ±(2^53−1). */
  int: {},
  bool: {},
  /** An amount of money in major units, as a number or a decimal string with at most two decimals, in cents. */
  cents: {},
  /** One of the strings listed. */
  enum: { values: list(text(128), 64, 1) },
  /** How many items an array or members an object has. */
  count: {},
  /** The largest of an array's integers or amounts; `each` points into every item. */
  max: { each, of },
  sum: { each, of },
  /** An array's distinct strings, sorted; at most `max` (default 64). */
  set: { max: optional(integer(1, MAX_SET)), each },
  /** The mail or host domains of a string or an array of strings, sorted, lower case. */
  domains: { each },
  /** The host of an absolute URL, lower case. */
  host: {},
  /** An absolute path without `.`, `..` and doubled slashes; with `root`, also relative ones, and none outside it. */
  path_norm: { root: optional(pattern(/^\/[^\0]{0,511}$/, "an absolute path")) },
  /** UTF-8 length of a string, or of any other value's canonical JSON. */
  bytes: {},
  /** `sha256:<hex>` of a string's UTF-8 bytes, or of any other value's canonical JSON. */
  sha256: {},
  /** Whether there is a value and it is not null. */
  has: {},
  /** Seconds since 1970 of an RFC 3339 time, or an integer of seconds. */
  epoch: {},
} as const satisfies Record<string, Readonly<Record<string, Shape<unknown>>>>;

export type FunctionName = keyof typeof parameters;
type ArgumentSourceOf<F extends FunctionName> = {
  readonly from: string;
  readonly fn: F;
} & ((typeof parameters)[F] extends infer P extends Members ? ObjectOf<P> : never);
/** A function with its parameters and the pointer into the arguments it reads. */
export type ArgumentSource = { [F in FunctionName]: ArgumentSourceOf<F> }[FunctionName];

/** The type each function gives. */
export const functionTypes = {
  string: "String",
  int: "Long",
  bool: "Boolean",
  cents: "Long",
  enum: "String",
  count: "Long",
  max: "Long",
  sum: "Long",
  set: "Set<String>",
  domains: "Set<String>",
  host: "String",
  path_norm: "String",
  bytes: "Long",
  sha256: "String",
  has: "Boolean",
  epoch: "Long",
} as const satisfies Record<FunctionName, ProjectedType>;

/** The names of {@link functionTypes}, in the order of the spec. */
export const functionNames = Object.keys(functionTypes) as readonly FunctionName[]; // the keys are the names, as typed above

/** The shape of a source, with further members beside it. */
export function sourceShape<const M extends Readonly<Record<string, Shape<unknown>>>>(
  more: M,
  objectShape: (members: Readonly<Record<string, Shape<unknown>>>) => Shape<unknown>,
): Shape<ArgumentSource & ObjectOf<M>> {
  // Each case is the object of exactly the members that the mapped type ArgumentSource lists for its function.
  return either(
    `a projection whose fn is one of ${functionNames.join(", ")}`,
    ...functionNames.map((fn) => ({
      is: (value: JsonValue) => isObject(value) && value.fn === fn,
      shape: objectShape({ from: Pointer, fn: oneOf(fn), ...parameters[fn], ...more }),
    })),
  ) as Shape<ArgumentSource & ObjectOf<M>>;
}

/** What a function gave, or what it could not take: `problem` completes "the value …". */
export type Applied =
  | { readonly ok: true; readonly value: Projected }
  | { readonly ok: false; readonly problem: string };

/** Applies a source's function to the value its pointer leads to; undefined when there is none. */
export function applyFunction(source: ArgumentSource, value: JsonValue | undefined): Applied {
  if (source.fn === "has") return given(value !== undefined && value !== null);
  if (value === undefined || value === null) return refused("is missing");
  switch (source.fn) {
    case "string":
      return boundedText(value, source.max ?? 256);
    case "int":
      return asInt(value);
    case "bool":
      return typeof value === "boolean" ? given(value) : refused("is not true or false");
    case "cents":
      return asCents(value);
    case "enum":
      return typeof value === "string" && source.values.includes(value)
        ? given(value)
        : refused("is not one of the values listed");
    case "count":
      if (Array.isArray(value)) return given(value.length);
      return isObject(value) ? given(Object.keys(value).length) : refused("is neither an array nor an object");
    case "max":
    case "sum":
      return total(source, value);
    case "set":
      return asSet(value, source.each, source.max ?? MAX_SET);
    case "domains":
      return asDomains(value, source.each);
    case "host":
      return asHost(value);
    case "path_norm":
      return asPath(value, source.root);
    case "bytes":
      return given(bytesOf(value).length);
    case "sha256":
      return given(digestOf(bytesOf(value)));
    case "epoch":
      return asEpoch(value);
    default:
      return assertNever(source);
  }
}

/** The value at a JSON pointer (RFC 6901), or undefined. Own members only. */
export function valueAt(value: JsonValue, pointer: string): JsonValue | undefined {
  let at: JsonValue = value;
  for (const token of pointer.split("/").slice(1)) {
    const name = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(at)) {
      if (!/^(0|[1-9][0-9]{0,8})$/.test(name) || Number(name) >= at.length) return undefined;
      at = at[Number(name)];
    } else if (isObject(at) && Object.hasOwn(at, name)) at = at[name]!;
    else return undefined;
  }
  return at;
}

const given = (value: Projected): Applied => ({ ok: true, value });
const refused = (problem: string): Applied => ({ ok: false, problem });

function boundedText(value: JsonValue, max: number): Applied {
  if (typeof value !== "string") return refused("is not a string");
  return value.length <= max ? given(value) : refused(`is longer than ${max} characters`);
}

function asInt(value: JsonValue): Applied {
  // Adding zero turns −0, which canonical JSON cannot say, into 0.
  return typeof value === "number" && Number.isSafeInteger(value) ? given(value + 0) : refused("is not an integer");
}

/** By its decimal digits, never by multiplying a float: 19.99 × 100 is not 1999. */
function asCents(value: JsonValue): Applied {
  const digits = typeof value === "number" ? String(value) : typeof value === "string" ? value : "";
  const parts = /^(0|[1-9][0-9]{0,12})(?:\.([0-9]{1,2}))?$/.exec(digits);
  if (parts === null) return refused("is not an amount of at least 0 with at most two decimals");
  return given(Number(parts[1]) * 100 + Number((parts[2] ?? "").padEnd(2, "0")));
}

function total(source: ArgumentSourceOf<"max"> | ArgumentSourceOf<"sum">, value: JsonValue): Applied {
  if (!Array.isArray(value)) return refused("is not an array");
  let result: number | undefined = source.fn === "sum" ? 0 : undefined;
  for (const item of value as readonly JsonValue[]) {
    const one = source.each === undefined ? item : valueAt(item, source.each);
    if (one === undefined) return refused("has an item without the member to look at");
    const amount = source.of === "cents" ? asCents(one) : asInt(one);
    if (!amount.ok) return refused(`has an item that ${amount.problem}`);
    const number = amount.value as number; // asInt and asCents give numbers
    result = source.fn === "sum" ? (result ?? 0) + number : Math.max(result ?? number, number);
    if (!Number.isSafeInteger(result)) return refused("adds up to more than 2^53");
  }
  return result === undefined ? refused("is empty") : given(result);
}

function stringsOf(value: JsonValue, inner: string | undefined): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const strings: string[] = [];
  for (const item of value as readonly JsonValue[]) {
    const one = inner === undefined ? item : valueAt(item, inner);
    if (typeof one !== "string") return undefined;
    strings.push(one);
  }
  return strings;
}

/** Sorted by UTF-16 code units, so that the projection of a set is one text. */
function distinct(strings: readonly string[]): readonly string[] {
  return [...new Set(strings)].sort();
}

function asSet(value: JsonValue, inner: string | undefined, max: number): Applied {
  const strings = stringsOf(value, inner);
  if (strings === undefined) return refused("is not an array of strings");
  if (strings.some((one) => one.length > 256)) return refused("has an item longer than 256 characters");
  const set = distinct(strings);
  return set.length <= max ? given(set) : refused(`has more than ${max} different items`);
}

const LABELS = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** ASCII host names only: which name a non-ASCII one stands for depends on tables that differ between platforms. */
function hostName(raw: string): string | undefined {
  const host = raw.toLowerCase();
  if (host.length > 253 || !LABELS.test(host)) return undefined;
  // A last label that could be read as a number makes it an IPv4 address (WHATWG URL §3.5): only the plain form.
  const last = host.slice(host.lastIndexOf(".") + 1);
  if (!/^(?:[0-9]+|0x[0-9a-f]*)$/.test(last)) return host;
  const octets = host.split(".");
  const plain =
    octets.length === 4 && octets.every((octet) => /^(0|[1-9][0-9]{0,2})$/.test(octet) && Number(octet) < 256);
  return plain ? host : undefined;
}

function asDomains(value: JsonValue, inner: string | undefined): Applied {
  const strings = typeof value === "string" ? [value] : stringsOf(value, inner);
  if (strings === undefined) return refused("is neither a string nor an array of strings");
  const domains: string[] = [];
  for (const one of strings) {
    const address = /^[^\s@<>(),;:"\\]{1,64}@([^@]+)$/.exec(one);
    const host = /^[a-z][a-z0-9+.-]*:/i.test(one) ? hostOfUrl(one) : hostName(address?.[1] ?? one);
    if (host === undefined) return refused("has an item that is not a mail address, a URL or a domain in ASCII");
    domains.push(host);
  }
  const set = distinct(domains);
  return set.length <= MAX_SET ? given(set) : refused(`has more than ${MAX_SET} different domains`);
}

/** Stricter than any URL parser: where parsers disagree about the host (user info, backslashes, white space), none. */
function hostOfUrl(url: string): string | undefined {
  const parts = /^[a-z][a-z0-9+.-]{0,31}:\/\/([^/?#]+)(?:[/?#]|$)/i.exec(url);
  if (parts === null || /[\\\s]|[^\x21-\x7e]/.test(url)) return undefined;
  const authority = /^([^:@[\]]+|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?$/i.exec(parts[1]!);
  if (authority === null) return undefined;
  const host = authority[1]!;
  return host.startsWith("[") ? host.toLowerCase() : hostName(host);
}

function asHost(value: JsonValue): Applied {
  const host = typeof value === "string" && value.length <= 4096 ? hostOfUrl(value) : undefined;
  return host === undefined ? refused("is not an absolute URL with a plain ASCII host") : given(host);
}

function asPath(value: JsonValue, root: string | undefined): Applied {
  if (typeof value !== "string" || value === "" || value.length > MAX_TEXT) {
    return refused(`is not a path of 1 to ${MAX_TEXT} characters`);
  }
  // What some reader of the path would see differently than we do is not let through: control and invisible characters,
  // compatibility forms (a full-width slash), the other system's separator, percent-encoded separators and dots.
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\\]|%(?:2e|2f|5c|00)/iu.test(value))
    return refused("has a character no path here may have");
  if (value.normalize("NFKC") !== value || value.trim() !== value) return refused("is not in its plainest spelling");
  const absolute = value.startsWith("/");
  if (!absolute && (root === undefined || value.startsWith("~"))) return refused("is not an absolute path");
  const rootParts = root === undefined ? [] : root.split("/").filter((part) => part !== "");
  const parts: string[] = absolute ? [] : [...rootParts];
  for (const part of value.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return refused("climbs above the root");
  }
  if (rootParts.some((part, i) => parts[i] !== part)) return refused("leads outside the root");
  return given(`/${parts.join("/")}`);
}

function bytesOf(value: JsonValue): Uint8Array {
  return typeof value === "string" ? utf8(value) : canonicalBytes(value);
}

function asEpoch(value: JsonValue): Applied {
  if (typeof value === "number") return asInt(value);
  const notTime = refused("is neither an RFC 3339 time nor an integer of seconds");
  if (typeof value !== "string") return notTime;
  const parts =
    /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]{1,9})?(?:Z|([+-])([0-9]{2}):([0-9]{2}))$/.exec(
      value,
    );
  if (parts === null) return notTime;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]; // six groups of digits
  const offsetHours = Number(parts[8] ?? 0);
  const offsetMinutes = Number(parts[9] ?? 0);
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  // Date.UTC carries over; a time that changes on the way (February 30) was none.
  const same = new Date(ms).toISOString().startsWith(value.slice(0, 19));
  if (!same || year < 1970 || offsetHours > 23 || offsetMinutes > 59) return notTime;
  const offset = (offsetHours * 60 + offsetMinutes) * 60 * (parts[7] === "-" ? -1 : 1);
  return given(ms / 1000 - offset);
}
