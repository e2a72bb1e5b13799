/**
 * Recorded decisions on their way to the thread that makes them again: all bytes in one buffer. Copying thousands of
 * small arrays from thread to thread costs more than reading them did.
 */

/** A recorded decision, as its entry says it, with the bytes it was made on. */
export type ReplayItem = { readonly entry: Uint8Array; readonly projection: Uint8Array };

export type ReplayBatch = {
  readonly bytes: Uint8Array;
  /** Of each item's entry and projection, one after the other. */
  readonly lengths: Uint32Array;
};

export function packBatch(items: readonly ReplayItem[]): ReplayBatch {
  const parts = items.flatMap(({ entry, projection }) => [entry, projection]);
  const lengths = Uint32Array.from(parts, (part) => part.length);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return { bytes, lengths };
}

/** The items, as views of the batch's bytes. */
export function unpackBatch({ bytes, lengths }: ReplayBatch): readonly ReplayItem[] {
  const items: ReplayItem[] = [];
  let at = 0;
  for (let i = 0; i < lengths.length; i += 2) {
    const middle = at + lengths[i]!; // an even number of them
    const end = middle + lengths[i + 1]!;
    items.push({ entry: bytes.subarray(at, middle), projection: bytes.subarray(middle, end) });
    at = end;
  }
  return items;
}
