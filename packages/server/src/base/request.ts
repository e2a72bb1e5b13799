/**
 * From what arrived to a checked {@link Call}: strict parsing and the generated shape checks of wire.ts, part by part.
 * Fastify's own parsers and validators are not used: they drop unknown members, turn "7" into 7 and keep the last of two
 * duplicate keys, all without a word.
 */
import { CountersignError } from "@countersign/evidence/errors";
import {
  checkBody,
  checkParams,
  checkQuery,
  type JsonBodyOperation,
  routes,
} from "@countersign/evidence/generated/wire-shapes";
import type { ShapeFault } from "@countersign/evidence/shape-fault";
import { parseStrict } from "@countersign/evidence/strict-json";
import { type OperationName, operations } from "@countersign/evidence/wire";

/** What an operation takes as its body. `raw` are JSON pointers of members kept as the exact bytes received. */
export type BodyKind =
  | { readonly kind: "none" | "bytes" | "ndjson" }
  | { readonly kind: "json"; readonly operation: JsonBodyOperation; readonly raw: readonly string[] };

/** The body an operation takes, read off the table. */
export function bodyKindOf(name: OperationName): BodyKind {
  const { body } = routes[name];
  if (body !== "json") return { kind: body };
  // Both tables are made from wire.ts: where one says "json" the other has a schema.
  return { kind: "json", operation: name as JsonBodyOperation, raw: rawMembers(tableOf(name).body) };
}

/** A parsed body: `value` is undefined where there is none, the bytes for `bytes` and `ndjson`. */
export type ParsedBody = { readonly value: unknown; raw(pointer: string): Uint8Array | undefined };

/**
 * Parses and checks a body.
 *
 * @throws CountersignError malformed-json, json-not-allowed, validation-failed, unknown-member; all with a pointer
 */
export function parseBody(kind: BodyKind, bytes: Uint8Array): ParsedBody {
  if (kind.kind === "none") return { value: undefined, raw: () => undefined };
  if (kind.kind !== "json") return { value: bytes, raw: () => undefined };
  // Raw members may be any JSON two readers agree on; the shape check narrows everything beside them.
  const document = parseStrict(bytes, kind.raw.length === 0 ? "entry" : "payload");
  refuseFaults(checkBody(kind.operation, document.value), "the body");
  return {
    value: document.value,
    raw: (pointer) => (kind.raw.includes(pointer) ? document.slice(pointer) : undefined),
  };
}

/** Checks path parameters. @throws CountersignError not-found: what no id can be names nothing */
export function parseParams(name: OperationName, params: unknown): unknown {
  if (tableOf(name).params === undefined) return undefined;
  const value = { ...(params as object) }; // find-my-way's parameters: strings by name, without a prototype
  const [fault] = checkParams(name, value);
  if (fault !== undefined) {
    throw new CountersignError("not-found", {
      detail: `In the path, ${fault.pointer.slice(1)} must be ${fault.expected}.`,
    });
  }
  return value;
}

/**
 * Parses and checks a query string.
 *
 * @param text the part after `?`, undecoded
 * @throws CountersignError malformed-http for bad percent-encoding, validation-failed, unknown-member
 */
export function parseQuery(name: OperationName, text: string): unknown {
  const value: Record<string, string> = Object.create(null); // names come from outside
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const at = pair.indexOf("=");
    const key = decode(at < 0 ? pair : pair.slice(0, at));
    if (key in value) {
      throw new CountersignError("validation-failed", {
        pointer: pointerOf(key),
        detail: "It stands twice in the query.",
      });
    }
    value[key] = at < 0 ? "" : decode(pair.slice(at + 1));
  }
  if (tableOf(name).query === undefined) {
    const [stranger] = Object.keys(value);
    if (stranger === undefined) return undefined;
    throw new CountersignError("unknown-member", { pointer: pointerOf(stranger), detail: "It takes no query." });
  }
  refuseFaults(checkQuery(name, { ...value }), "the query");
  return value;
}

/**
 * Turns shape faults into the refusal of the first, with all of them as the member `faults`.
 *
 * @throws CountersignError validation-failed, unknown-member
 */
export function refuseFaults(faults: readonly ShapeFault[], where: string): void {
  const [first] = faults;
  if (first === undefined) return;
  const place = first.pointer === "" ? "the whole" : first.pointer;
  const detail =
    first.wrong === "unknown"
      ? `In ${where}; it takes ${first.expected}.`
      : `In ${where}, ${place} ${first.wrong === "missing" ? "is missing; it must" : "must"} be ${first.expected}.`;
  throw new CountersignError(first.wrong === "unknown" ? "unknown-member" : "validation-failed", {
    pointer: first.pointer,
    detail,
    ...(faults.length === 1 ? {} : { members: { faults: faults.slice(0, 32) } }),
  });
}

type Row = { readonly path: string; readonly params?: unknown; readonly query?: unknown; readonly body?: unknown };

function tableOf(name: OperationName): Row {
  return operations[name];
}

/** Members whose schema says nothing: any JSON. */
function rawMembers(schema: unknown): readonly string[] {
  // The table's schemas are TypeBox objects; JSON leaves exactly JSON Schema.
  const { properties = {} } = JSON.parse(JSON.stringify(schema)) as { properties?: Record<string, object> };
  return Object.entries(properties)
    .filter(([, member]) => Object.keys(member).length === 0)
    .map(([name]) => pointerOf(name));
}

function pointerOf(name: string): string {
  return `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (cause) {
    throw new CountersignError("malformed-http", { cause, detail: "The query is not percent-encoded UTF-8." });
  }
}
