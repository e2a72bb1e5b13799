/**
 * Where entries get their bytes: one buffer for many, each entry behind the 0x00 byte that its leaf hash begins with
 * (RFC 6962 §2.1), so that making an entry allocates nothing of its own and hashing it copies nothing.
 */
import { assert } from "@countersign/evidence/errors";
import { type Hash, sha256 } from "@countersign/evidence/hash";

const ARENA_BYTES = 1024 * 1024;

const encoder = new TextEncoder();

export class EntryArena {
  #arena = new Uint8Array(0);
  #used = 0;

  /** The UTF-8 bytes of an entry's text and its leaf hash: SHA-256(0x00 ‖ entry). Both stay as they are. */
  place(text: string): { readonly bytes: Uint8Array; readonly leaf: Hash } {
    // A UTF-16 code unit takes at most three bytes of UTF-8.
    const most = 1 + 3 * text.length;
    if (this.#used + most > this.#arena.length) {
      this.#arena = new Uint8Array(Math.max(ARENA_BYTES, most));
      this.#used = 0;
    }
    const start = this.#used;
    const { read, written } = encoder.encodeInto(text, this.#arena.subarray(start + 1));
    assert(read === text.length, "an entry's text is encoded whole");
    this.#arena[start] = 0; // what a leaf's preimage begins with
    const end = start + 1 + written;
    this.#used = end;
    return { bytes: this.#arena.subarray(start + 1, end), leaf: sha256(this.#arena.subarray(start, end)) };
  }
}
