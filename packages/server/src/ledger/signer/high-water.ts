/**
 * The newest checkpoint the signer made for each log, in one append-only file. A signature leaves the signer only after
 * its line is durable, so a line that a crash cut off belongs to a signature nobody has. Losing this file is losing the
 * memory that keeps a log from having two histories: it is in no backup, and nothing but the signer writes it.
 *
 * Line: `<origin> <size> <base64 root> <base64 signature> <first 16 hex digits of SHA-256 of what is before>`.
 */
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { formatBase64, parseBase64 } from "@countersign/evidence/base64";
import { CountersignError } from "@countersign/evidence/errors";
import { hex, sha256, utf8 } from "@countersign/evidence/hash";
import { isSize } from "@countersign/evidence/merkle";
import { syncDirectory } from "../sync-directory.ts";
import { refuseOpenMode } from "./key-file.ts";

export type SignedRoot = {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  readonly signature: Uint8Array;
};

/** The file is written anew when it has grown this much. */
const LARGEST_GROWTH_BYTES = 16 * 1024 * 1024;

export class HighWater {
  readonly #path: string;
  readonly #newest = new Map<string, SignedRoot>();
  #file: number;
  #grownBytes = 0;
  #unsure = false;

  /** @throws CountersignError data-unsafe when the file is open to others or damaged */
  constructor(path: string) {
    this.#path = path;
    for (const signed of readLines(path)) this.#newest.set(signed.origin, signed);
    // Written anew, so that everything built on from here was synced by this process.
    this.#file = this.#rewrite();
  }

  /** True from a write that failed: whether it is durable is unknown. */
  get unsure(): boolean {
    return this.#unsure;
  }

  get(origin: string): SignedRoot | undefined {
    return this.#newest.get(origin);
  }

  /** Durable when it returns. An error leaves it unknown whether it is: the process must end, and read the file again. */
  record(signed: readonly SignedRoot[]): void {
    if (signed.length === 0) return;
    const lines = Buffer.from(signed.map(formatLine).join(""));
    this.#unsure = true;
    let written = 0;
    while (written < lines.length) written += writeSync(this.#file, lines, written);
    fdatasyncSync(this.#file);
    this.#unsure = false;
    for (const one of signed) this.#newest.set(one.origin, one);
    this.#grownBytes += lines.length;
    if (this.#grownBytes > LARGEST_GROWTH_BYTES) this.#file = this.#rewrite();
  }

  #rewrite(): number {
    const temporary = `${this.#path}.new`;
    const flags = constants.O_CREAT | constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW;
    const file = openSync(temporary, flags, 0o600);
    const lines = Buffer.from([...this.#newest.values()].map(formatLine).join(""));
    let written = 0;
    while (written < lines.length) written += writeSync(file, lines, written);
    fsyncSync(file);
    renameSync(temporary, this.#path);
    syncDirectory(dirname(this.#path));
    if (this.#file !== undefined) closeSync(this.#file);
    this.#grownBytes = 0;
    return file;
  }
}

function formatLine({ origin, size, root, signature }: SignedRoot): string {
  const text = `${origin} ${size} ${formatBase64(root)} ${formatBase64(signature)}`;
  return `${text} ${checkOf(text)}\n`;
}

function parseLine(line: string): SignedRoot | undefined {
  const split = line.lastIndexOf(" ");
  if (split === -1 || checkOf(line.slice(0, split)) !== line.slice(split + 1)) return undefined;
  const [origin, size, rootText, signatureText, ...more] = line.slice(0, split).split(" ");
  const root = parseBase64(rootText ?? "");
  const signature = parseBase64(signatureText ?? "");
  if (origin === undefined || more.length > 0 || !isSize(Number(size))) return undefined;
  if (root?.length !== 32 || signature?.length !== 64) return undefined;
  return { origin, size: Number(size), root, signature };
}

function checkOf(text: string): string {
  return hex(sha256(utf8(text))).slice(0, 16);
}

/** @throws CountersignError data-unsafe */
function readLines(path: string): SignedRoot[] {
  let text: string;
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      refuseOpenMode(path, fstatSync(file), "0600");
      text = readFileSync(file, "latin1");
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
  const lines = text.split("\n");
  const parsed = lines.map(parseLine);
  // A crash can only have cut the end: bad lines with a good one behind them are damage, and what they said is unknown.
  const end = parsed.findLastIndex((line) => line !== undefined) + 1;
  const good = parsed.slice(0, end).filter((line) => line !== undefined);
  if (good.length !== end) {
    throw new CountersignError("data-unsafe", {
      detail: `${path} is damaged: line ${parsed.indexOf(undefined) + 1} cannot be read. What the signer signed is not known any more.`,
    });
  }
  return good;
}
