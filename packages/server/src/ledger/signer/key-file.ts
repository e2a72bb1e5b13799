/**
 * The signer's private keys: one PKCS #8 file each, mode 0600, in a directory of mode 0700. Files and directories that
 * others can read, or that are links, are refused: then someone else may have had the key.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { CountersignError } from "@countersign/evidence/errors";
import { syncDirectory } from "../sync-directory.ts";

/** An Ed25519 key pair. */
export type KeyPair = { readonly privateKey: KeyObject /** 32 raw bytes. */; readonly publicKey: Uint8Array };

/**
 * Makes the directory when there is none.
 *
 * @throws CountersignError data-unsafe: a link, another owner's, or open to group or others
 */
export function openPrivateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const found = lstatSync(path);
  if (!found.isDirectory()) throw unsafe(path, "it must be a directory, not a link");
  refuseOpenMode(path, found, "0700");
}

/** @throws CountersignError data-unsafe */
export function readKey(path: string): KeyPair | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw unsafe(path, "it cannot be opened, or is a link", error);
  }
  try {
    const found = fstatSync(file);
    if (!found.isFile()) throw unsafe(path, "it must be a file");
    refuseOpenMode(path, found, "0600");
    return pairOf(privateKeyOf(path, readFileSync(file)));
  } finally {
    closeSync(file);
  }
}

/** Makes a key and its file, which is durable when this returns. */
export function makeKey(path: string): KeyPair {
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = Buffer.from(privateKey.export({ format: "pem", type: "pkcs8" }));
  const temporary = join(dirname(path), `.new-${process.pid}`);
  const file = openSync(
    temporary,
    constants.O_CREAT | constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    writeSync(file, pem);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  syncDirectory(dirname(path));
  return pairOf(privateKey);
}

/** Refuses files and directories of another owner, or that group or others can touch. */
export function refuseOpenMode(
  path: string,
  found: { readonly mode: number; readonly uid: number },
  mode: string,
): void {
  if ((found.mode & 0o077) !== 0) throw unsafe(path, `its mode must be ${mode}`);
  if (process.getuid !== undefined && found.uid !== process.getuid()) throw unsafe(path, "it belongs to another user");
}

function privateKeyOf(path: string, pem: Buffer): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw unsafe(path, "it is no private key", error);
  }
}

function pairOf(privateKey: KeyObject): KeyPair {
  const { x } = createPublicKey(privateKey).export({ format: "jwk" });
  if (privateKey.asymmetricKeyType !== "ed25519" || x === undefined) {
    throw new CountersignError("data-unsafe", { detail: "A key of the signer is not an Ed25519 key." });
  }
  return { privateKey, publicKey: new Uint8Array(Buffer.from(x, "base64url")) };
}

function unsafe(path: string, why: string, cause?: unknown): CountersignError {
  return new CountersignError("data-unsafe", { detail: `${path}: ${why}.`, ...(cause === undefined ? {} : { cause }) });
}
