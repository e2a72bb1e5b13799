/**
 * Where a data directory's companions lie: the signer's directory and the seal keys', both outside of it. A data directory
 * remembers them in `instance.json`, so that every later command finds the same ones; a copy of it finds them too, and that
 * is how the signer notices a copy that is older than what it has signed.
 */
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { CountersignError } from "@countersign/evidence/errors";

export type Directories = { readonly dataDir: string; readonly signerDir: string; readonly sealDir: string };

const FILE = "instance.json";

/**
 * Settles the three directories. A data directory that is new remembers them; one that is not remembers others only once
 * they have shown to be right: see `rememberDirectories`.
 *
 * @param given the data directory, and the others where somebody named them
 * @param env the environment, for the user's state folder (XDG_STATE_HOME)
 * @param purpose `look` remembers nothing and makes no directory
 * @throws CountersignError cannot-read when instance.json is damaged, data-unsafe when another directory is named for the
 *   seal keys than the one they are in
 */
export function settleDirectories(
  given: { readonly data: string; readonly signerDir: string | undefined; readonly sealDir: string | undefined },
  env: Readonly<Record<string, string | undefined>>,
  purpose: "use" | "look" = "use",
): Directories {
  const dataDir = resolve(given.data);
  const known = readInstance(dataDir);
  const id = known?.id ?? randomUUID();
  const state = join(stateFolder(env), "countersign", id);
  const signerDir = resolve(given.signerDir ?? known?.signerDir ?? join(state, "signer"));
  const besideSigner = given.signerDir === undefined ? join(state, "seal") : `${signerDir}-seal`;
  const sealDir = resolve(given.sealDir ?? known?.sealDir ?? besideSigner);
  if (known !== undefined && purpose === "use") refuseOtherSealKeys(known.sealDir, sealDir);
  const directories = { dataDir, signerDir, sealDir };
  if (known === undefined && purpose === "use") {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    write(id, directories);
  }
  return directories;
}

/** Without its keys every sealed payload is unreadable, and new ones would be sealed under keys nobody looks for there. */
function refuseOtherSealKeys(known: string, given: string): void {
  const [before, now] = [wrapKeyIn(known), wrapKeyIn(given)];
  if (known === given || before === undefined || (now !== undefined && before.equals(now))) return;
  throw new CountersignError("data-unsafe", {
    detail: `${given} does not hold the seal keys of this data directory: they are in ${known}. Leave --seal-dir out, or copy that directory whole to the new place first.`,
  });
}

/** What makes one key store that one and no other, and every copy of it the same: see payloads/seal-keys.ts. */
function wrapKeyIn(sealDir: string): Buffer | undefined {
  const path = join(sealDir, "wrap.key");
  return existsSync(path) ? readFileSync(path) : undefined;
}

/**
 * Remembers directories named anew, e.g. because they were moved. Called once a ledger has opened with them: a wrong
 * --signer-dir, which is refused there, must not make the right one forgotten.
 */
export function rememberDirectories(directories: Directories): void {
  const known = readInstance(directories.dataDir);
  if (known?.signerDir === directories.signerDir && known.sealDir === directories.sealDir) return;
  write(known?.id ?? randomUUID(), directories);
}

function write(id: string, { dataDir, signerDir, sealDir }: Directories): void {
  const temporary = join(dataDir, `.${FILE}.${process.pid}`);
  const text = JSON.stringify({ id, signer_dir: signerDir, seal_dir: sealDir }, null, 2);
  writeFileSync(temporary, `${text}\n`, { mode: 0o600 });
  renameSync(temporary, join(dataDir, FILE));
}

function readInstance(dataDir: string): { id: string; signerDir: string; sealDir: string } | undefined {
  const path = join(dataDir, FILE);
  if (!existsSync(path)) return undefined;
  try {
    const { id, signer_dir, seal_dir } = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    const good = typeof id === "string" && typeof signer_dir === "string" && typeof seal_dir === "string";
    if (good && isAbsolute(signer_dir) && isAbsolute(seal_dir)) return { id, signerDir: signer_dir, sealDir: seal_dir };
  } catch (cause) {
    throw new CountersignError("cannot-read", { cause, detail: `${path} is not JSON.` });
  }
  throw new CountersignError("cannot-read", { detail: `${path} does not name the signer's and the seal directory.` });
}

/** Where a user's programs keep what must outlive a restart (XDG base directories). */
function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  const named = env.XDG_STATE_HOME;
  if (named !== undefined && isAbsolute(named)) return named;
  return join(env.HOME ?? homedir(), ".local", "state");
}
