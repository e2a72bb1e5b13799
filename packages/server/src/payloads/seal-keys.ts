/**
 * The keys payloads and disclosures are sealed under: one per tenant and subject, in a directory of its own that is no
 * part of a backup of the data directory. `seal-keys.sqlite` holds them wrapped by `wrap.key` (mode 0600), so neither
 * file alone opens anything. Destroying a key here is what erasure is: deleted rows are overwritten, the write-ahead log
 * is emptied. Whoever holds both files reads every sealed payload they also hold.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { formatBase64Url } from "@countersign/evidence/base64";
import { assert, CountersignError } from "@countersign/evidence/errors";
import { KEY_BYTES, TAG_BYTES } from "@countersign/evidence/sealing";

/** A key and the name seals call it by; the name says nothing about its subject. */
export type SealKey = { readonly id: string; readonly key: Uint8Array };

export type SealKeys = {
  /** The key of a subject, made and durable when it has none yet. */
  keyOf(tenant: string, subject: string): SealKey;
  /** The key a seal names, or undefined when it is destroyed or another tenant's. */
  keyNamed(tenant: string, id: string): Uint8Array | undefined;
  /** Keyed id of plain bytes: the same bytes have the same id in one tenant, and nobody without the key can tell. */
  artifactId(tenant: string, plain: Uint8Array): string;
  /** A keyed hash (hex) of text, for look-ups of what may not be kept in the clear. */
  lookupHash(tenant: string, purpose: string, text: string): string;
  /** Destroys a subject's key; false when it has none. Nothing sealed under it can be opened again. */
  destroy(tenant: string, subject: string): boolean;
  close(): void;
};

/** Its file in the directory: without it there is no key to look for. */
export const SEAL_KEYS_FILE = "seal-keys.sqlite";

const SCHEMA = 1;
const NONCE_BYTES = 12;
/** Keys kept unwrapped; the oldest are dropped first. */
const REMEMBERED_KEYS = 10_000;
/** Not a subject anybody can name: subjects are ids, aliases and digests. */
const TENANT_SUBJECT = "#tenant";

/**
 * Opens the key store in `directory`, making it on first use.
 *
 * @throws CountersignError data-unsafe when others could read it or its wrapping key is gone, schema-newer
 */
export function openSealKeys(directory: string): SealKeys {
  const path = resolve(directory);
  fs.mkdirSync(path, { recursive: true, mode: 0o700 });
  refuseUnsafe(path, fs.lstatSync(path), true);
  const file = join(path, SEAL_KEYS_FILE);
  const isNew = !fs.existsSync(file);
  const wrapKey = readWrapKey(join(path, "wrap.key"), isNew);
  if (isNew) fs.closeSync(fs.openSync(file, "wx", 0o600));
  refuseUnsafe(file, fs.lstatSync(file), false);
  const db = new DatabaseSync(file);
  db.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA busy_timeout = 5000",
  );
  prepare(db);
  syncDirectory(path);

  const select = db.prepare("SELECT key_id, wrapped FROM keys WHERE tenant = ? AND subject = ?");
  const selectNamed = db.prepare("SELECT subject, wrapped FROM keys WHERE tenant = ? AND key_id = ?");
  const insert = db.prepare(
    "INSERT INTO keys (tenant, subject, key_id, wrapped) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const remove = db.prepare("DELETE FROM keys WHERE tenant = ? AND subject = ?");
  const bySubject = new Remembered<SealKey>(REMEMBERED_KEYS);
  const byId = new Remembered<Uint8Array>(REMEMBERED_KEYS);

  function keyOf(tenant: string, subject: string): SealKey {
    const name = nameOf(tenant, subject);
    const known = bySubject.get(name);
    if (known !== undefined) return known;
    let row = select.get(tenant, subject);
    if (row === undefined) {
      const id = `sk_${formatBase64Url(randomBytes(16))}`;
      insert.run(tenant, subject, id, wrap(wrapKey, randomBytes(KEY_BYTES), additionalOf(tenant, subject, id)));
      // Read back: another process of this user may have been first, and then its key is the key.
      row = select.get(tenant, subject);
    }
    assert(row !== undefined, "a key that was inserted is there");
    const id = String(row.key_id);
    const key = { id, key: unwrap(wrapKey, bytesOf(row.wrapped), additionalOf(tenant, subject, id)) };
    bySubject.set(name, key);
    return key;
  }

  const tenantKey = (tenant: string) => keyOf(tenant, TENANT_SUBJECT).key;

  return {
    keyOf,
    keyNamed(tenant, id) {
      const name = nameOf(tenant, id);
      const known = byId.get(name);
      if (known !== undefined) return known;
      const row = selectNamed.get(tenant, id);
      if (row === undefined) return undefined;
      const key = unwrap(wrapKey, bytesOf(row.wrapped), additionalOf(tenant, String(row.subject), id));
      byId.set(name, key);
      return key;
    },
    artifactId: (tenant, plain) =>
      createHmac("sha256", tenantKey(tenant)).update("countersign/v1/artifact\n").update(plain).digest("base64url"),
    lookupHash: (tenant, purpose, text) =>
      createHmac("sha256", tenantKey(tenant)).update(`countersign/v1/${purpose}\n${text}`).digest("hex"),
    destroy(tenant, subject) {
      const known = select.get(tenant, subject);
      if (known === undefined) return false;
      remove.run(tenant, subject);
      // secure_delete overwrites the page; its old image still lies in the write-ahead log until that is emptied.
      db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      bySubject.delete(nameOf(tenant, subject))?.key.fill(0);
      byId.delete(nameOf(tenant, String(known.key_id)))?.fill(0);
      return true;
    },
    close: () => db.close(),
  };
}

function prepare(db: DatabaseSync): void {
  const version = Number(db.prepare("PRAGMA user_version").get()?.user_version ?? 0);
  if (version > SCHEMA) throw new CountersignError("schema-newer", { detail: `The key store has schema ${version}.` });
  if (version === SCHEMA) return;
  db.exec(`BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS keys (
      tenant TEXT NOT NULL,
      subject TEXT NOT NULL,
      key_id TEXT NOT NULL,
      wrapped BLOB NOT NULL,
      PRIMARY KEY (tenant, subject),
      UNIQUE (tenant, key_id)
    ) STRICT, WITHOUT ROWID;
    PRAGMA user_version = ${SCHEMA};
    COMMIT`);
}

/** The wrapping key. It is made only together with an empty store: without it an old one is lost, and must not look new. */
function readWrapKey(path: string, isNew: boolean): Uint8Array {
  if (!fs.existsSync(path)) {
    if (!isNew) {
      throw new CountersignError("data-unsafe", { detail: `${path} is missing; without it no sealed payload opens.` });
    }
    const file = fs.openSync(path, "wx", 0o600);
    fs.writeSync(file, randomBytes(KEY_BYTES));
    fs.fsyncSync(file);
    fs.closeSync(file);
  }
  refuseUnsafe(path, fs.lstatSync(path), false);
  const key = fs.readFileSync(path);
  if (key.length !== KEY_BYTES) throw new CountersignError("data-unsafe", { detail: `${path} is no key of 32 bytes.` });
  return key;
}

function refuseUnsafe(path: string, stat: fs.Stats, isDirectory: boolean): void {
  const right = isDirectory ? stat.isDirectory() : stat.isFile();
  if (!right) throw new CountersignError("data-unsafe", { detail: `${path} is a link or not what it should be.` });
  if ((stat.mode & 0o077) !== 0) {
    const mode = isDirectory ? "0700" : "0600";
    throw new CountersignError("data-unsafe", { detail: `${path} can be read by others; its mode must be ${mode}.` });
  }
}

function syncDirectory(path: string): void {
  const directory = fs.openSync(path, "r");
  fs.fsyncSync(directory);
  fs.closeSync(directory);
}

/** Binds a wrapped key to its place, so that rows cannot be swapped. */
function additionalOf(tenant: string, subject: string, id: string): Buffer {
  return Buffer.from(JSON.stringify(["countersign/v1/seal-key", tenant, subject, id]));
}

function wrap(wrapKey: Uint8Array, key: Uint8Array, additional: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", wrapKey, nonce).setAAD(additional);
  return Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
}

function unwrap(wrapKey: Uint8Array, wrapped: Uint8Array, additional: Uint8Array): Uint8Array {
  const decipher = createDecipheriv("aes-256-gcm", wrapKey, wrapped.subarray(0, NONCE_BYTES)).setAAD(additional);
  decipher.setAuthTag(wrapped.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(wrapped.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw new CountersignError("data-unsafe", { cause, detail: "A seal key does not open under wrap.key." });
  }
}

function nameOf(tenant: string, rest: string): string {
  return `${tenant} ${rest}`;
}

function bytesOf(value: unknown): Uint8Array {
  assert(value instanceof Uint8Array, "the column holds bytes");
  return value;
}

/** A map that forgets what it took in first. */
class Remembered<V> {
  readonly #limit: number;
  readonly #map = new Map<string, V>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(name: string): V | undefined {
    return this.#map.get(name);
  }

  set(name: string, value: V): void {
    if (this.#map.size >= this.#limit) this.#map.delete(this.#map.keys().next().value!); // not empty, so there is a first
    this.#map.set(name, value);
  }

  delete(name: string): V | undefined {
    const value = this.#map.get(name);
    this.#map.delete(name);
    return value;
  }
}
