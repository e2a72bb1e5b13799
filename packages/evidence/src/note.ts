/**
 * Signed notes and verifier keys: https://c2sp.org/signed-note. Spec: spec/checkpoint.md.
 * Signature lines of keys nobody gave us are ignored; a line of a known key that does not verify is a fault.
 */
import { formatBase64, parseBase64 } from "./base64.ts";
import { type Ed25519Verify, publicKeyFault, verifyEd25519 } from "./ed25519.ts";
import { assert } from "./errors.ts";
import { type Fault, type FaultCode, fault, type Parsed } from "./fault.ts";
import { sha256, utf8 } from "./hash.ts";

/** Limits of the reference implementation (Go, x/mod/sumdb/note); the specification asks for at least 16 signatures. */
export const MAX_NOTE_BYTES = 1_000_000;
export const MAX_NOTE_SIGNATURES = 100;

export type Note = {
  /** What is signed, its final newline included. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
};

/** One signature line. `signature` is what follows the four bytes of key id; its meaning depends on the key's type. */
export type NoteSignature = { readonly name: string; readonly keyId: number; readonly signature: Uint8Array };

/** Signature types of the specification that Countersign knows. */
export const KEY_TYPES = { ed25519: 0x01, cosignature: 0x04 } as const;
export type KeyType = keyof typeof KEY_TYPES;

export type VerifierKey = {
  readonly name: string;
  readonly keyId: number;
  readonly type: KeyType;
  /** 32 bytes, acceptable by {@link publicKeyFault}. */
  readonly publicKey: Uint8Array;
};

/** Decides about the signatures of one key. */
export type NoteVerifier = {
  readonly name: string;
  readonly keyId: number;
  verify(text: string, signature: Uint8Array): boolean;
};

/** Splits a note into its text and signatures; checks form only. */
export function parseNote(input: string | Uint8Array): Parsed<Note> {
  const read = readText(input, "note-malformed", MAX_NOTE_BYTES);
  if (!read.ok) return read;
  const whole = read.value;
  const split = whole.lastIndexOf("\n\n");
  if (split === -1) return malformed("No blank line stands before the signatures.");
  if (!whole.endsWith("\n") || split + 2 === whole.length) return malformed("The last line is not a signature line.");
  const lines = whole.slice(split + 2, -1).split("\n");
  if (lines.length > MAX_NOTE_SIGNATURES) return malformed(`There are more than ${MAX_NOTE_SIGNATURES} signatures.`);
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parseSignatureLine(line);
    if (signature === undefined) return malformed("A line after the blank line is not a signature line.");
    signatures.push(signature);
  }
  return { ok: true, value: { text: whole.slice(0, split + 1), signatures } };
}

/** The note's text, a blank line, its signature lines. */
export function formatNote({ text, signatures }: Note): string {
  assert(text.endsWith("\n") && signatures.length > 0, "a note's text ends with a newline and is signed");
  return `${text}\n${signatures.map(formatSignatureLine).join("")}`;
}

/** `— <name> <base64 of key id and signature>` and a newline. */
export function formatSignatureLine({ name, keyId, signature }: NoteSignature): string {
  const bytes = new Uint8Array(4 + signature.length);
  new DataView(bytes.buffer).setUint32(0, keyId);
  bytes.set(signature, 4);
  return `— ${name} ${formatBase64(bytes)}\n`;
}

/** Reads one signature line, without its newline; undefined when it is not one. */
export function parseSignatureLine(line: string): NoteSignature | undefined {
  const match = /^— ([^ ]+) ([^ ]+)$/.exec(line);
  const bytes = match === null ? undefined : parseBase64(match[2]!);
  if (match === null || bytes === undefined || bytes.length < 5 || !isKeyName(match[1]!)) return undefined;
  const keyId = new DataView(bytes.buffer).getUint32(0);
  return { name: match[1]!, keyId, signature: bytes.subarray(4) };
}

/**
 * Checks every signature by a key of `verifiers`, and ignores the others.
 * `signed` is what verified; `faults` has one for each known key's signature that did not, and one when none did.
 */
export function verifyNote(
  note: Note,
  verifiers: readonly NoteVerifier[],
): { readonly signed: readonly NoteSignature[]; readonly faults: readonly Fault[] } {
  const signed: NoteSignature[] = [];
  const faults: Fault[] = [];
  for (const signature of note.signatures) {
    const known = verifiers.filter(({ name, keyId }) => name === signature.name && keyId === signature.keyId);
    if (known.length === 0) continue;
    if (known.some((verifier) => verifier.verify(note.text, signature.signature))) signed.push(signature);
    else faults.push(fault("note-signature-invalid", `By ${signature.name}, key ${formatKeyId(signature.keyId)}.`));
  }
  if (signed.length === 0) faults.push(fault("note-unsigned", "None of the keys given signed it."));
  return { signed, faults };
}

/** Verifier of plain Ed25519 note signatures (type 0x01). */
export function noteVerifier(key: VerifierKey, verify: Ed25519Verify = verifyEd25519): NoteVerifier {
  assert(key.type === "ed25519", "a plain note signature is by a key of type 0x01");
  const { name, keyId, publicKey } = key;
  return { name, keyId, verify: (text, signature) => verify(publicKey, utf8(text), signature) };
}

/** A verifier key with the key id that follows from its name, type and public key. */
export function verifierKey(name: string, type: KeyType, publicKey: Uint8Array): VerifierKey {
  assert(isKeyName(name) && publicKey.length === 32, "a verifier key has a name without spaces or plus, and 32 bytes");
  const id = sha256(concat(utf8(`${name}\n`), typed(type, publicKey)));
  return { name, type, publicKey, keyId: new DataView(id.buffer, id.byteOffset).getUint32(0) };
}

/** `<name>+<key id, 8 hex digits>+<base64 of type byte and public key>`. */
export function formatVerifierKey({ name, keyId, type, publicKey }: VerifierKey): string {
  return `${name}+${formatKeyId(keyId)}+${formatBase64(typed(type, publicKey))}`;
}

/** Reads a verifier key; refuses one whose key id is not its own, or whose public key is not acceptable. */
export function parseVerifierKey(text: string): Parsed<VerifierKey> {
  const refused = (detail: string) => ({ ok: false, fault: fault("verifier-key-malformed", detail) }) as const;
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text);
  if (match === null || !isKeyName(match[1]!)) return refused("It is not name, key id and key joined by plus signs.");
  const bytes = parseBase64(match[3]!);
  if (bytes === undefined) return refused("Its key is not base64.");
  const type =
    bytes[0] === KEY_TYPES.ed25519 ? "ed25519" : bytes[0] === KEY_TYPES.cosignature ? "cosignature" : undefined;
  if (type === undefined) return refused(`Its type is ${bytes[0]}, not Ed25519 (1) or Ed25519 cosignature (4).`);
  const notAcceptable = publicKeyFault(bytes.subarray(1));
  if (notAcceptable !== undefined) return { ok: false, fault: notAcceptable };
  const key = verifierKey(match[1]!, type, bytes.subarray(1));
  if (formatKeyId(key.keyId) !== match[2])
    return refused(`Its key id is ${match[2]}; the key's is ${formatKeyId(key.keyId)}.`);
  return { ok: true, value: key };
}

/** Eight lower-case hex digits. */
export function formatKeyId(keyId: number): string {
  return keyId.toString(16).padStart(8, "0");
}

/**
 * Text of a note-like file: valid UTF-8, no control characters but the newline, at most `maxBytes` long.
 * Strings are held to the same limits, so that a receipt inside JSON and one in a file are judged alike.
 */
export function readText(input: string | Uint8Array, code: FaultCode, maxBytes: number): Parsed<string> {
  const refused = (detail: string) => ({ ok: false, fault: fault(code, detail) }) as const;
  const sizeBytes = typeof input === "string" ? utf8(input).length : input.length;
  if (sizeBytes > maxBytes) return refused(`It is ${sizeBytes} bytes long; the limit is ${maxBytes}.`);
  let text: string;
  try {
    text = typeof input === "string" ? input : decoder.decode(input);
  } catch {
    return refused("It is not valid UTF-8.");
  }
  if (!text.isWellFormed()) return refused("It has a lone surrogate.");
  if (hasControlCharacter(text)) return refused("It has a control character other than newline.");
  return { ok: true, value: text };
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function hasControlCharacter(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 && code !== 0x0a) return true;
  }
  return false;
}

function isKeyName(name: string): boolean {
  return /^[^\p{White_Space}+]+$/u.test(name) && name.isWellFormed() && !hasControlCharacter(name);
}

function malformed(detail: string): { readonly ok: false; readonly fault: Fault } {
  return { ok: false, fault: fault("note-malformed", detail) };
}

function typed(type: KeyType, publicKey: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(KEY_TYPES[type]), publicKey);
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}
