/**
 * What a generated shape check finds, and the few functions its code calls. The checks themselves are made from the
 * schemas by tools/gen.ts into generated/, as plain source, because a page under a strict CSP may compile nothing.
 */

/** One place where a value is not of its shape. Nothing is coerced, and every place is reported, not only the first. */
export type ShapeFault = {
  /** JSON pointer (RFC 6901) of the place; "" is the whole value. */
  readonly pointer: string;
  /** What should be there, in words. */
  readonly expected: string;
  /** A required member is absent, a member is not known here, or a value is of the wrong shape. */
  readonly wrong: "missing" | "unknown" | "value";
};

/** An object whose members nobody has looked at yet. */
export type Unchecked = { readonly [name: string]: unknown };

export function isObject(value: unknown): value is Unchecked {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Records that `value`, found at `at + step`, is not what was expected. An undefined member is an absent one, as in JSON.
 *
 * @returns how many members of its object it counts for: 0 when absent, 1 when wrong
 */
export function refuse(value: unknown, at: string, step: string, expected: string, faults: ShapeFault[]): 0 | 1 {
  faults.push({ pointer: at + step, expected, wrong: value === undefined ? "missing" : "value" });
  return value === undefined ? 0 : 1;
}

/** Records every member of `object` that is not in `known`. */
export function refuseStrangers(
  object: Unchecked,
  known: ReadonlySet<string>,
  at: string,
  expected: string,
  faults: ShapeFault[],
): void {
  for (const [name, value] of Object.entries(object))
    if (value !== undefined && !known.has(name))
      faults.push({ pointer: at + pointerStep(name), expected, wrong: "unknown" });
}

/** `/name`, escaped as RFC 6901 §3 says. */
export function pointerStep(name: string): string {
  return `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** UTF-8 bytes of a string; a lone surrogate counts 3, as the replacement character it would become. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      bytes += 2;
      i++;
    } else bytes += 2;
  }
  return bytes;
}

/** The same members with their names in UTF-16 code unit order: the order of RFC 8785. */
export function inKeyOrder(record: Unchecked): Unchecked {
  const names = Object.keys(record);
  if (names.length < 2) return record;
  names.sort();
  const ordered: Record<string, unknown> = {};
  for (const name of names) ordered[name] = record[name];
  return ordered;
}
