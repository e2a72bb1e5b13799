/**
 * The value a record holds under `key` itself. Keys come from outside, so `constructor` and `__proto__` must be as
 * absent as any other unknown name; never read such a record with `[]`.
 */
export function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
