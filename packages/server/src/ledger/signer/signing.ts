/**
 * What the signer does: signs the newest root of a log when it is shown to extend the one it signed before, and a permit
 * when it is shown to lie under the root just signed. It believes nothing the ledger says without proof.
 * spec/checkpoint.md
 */
import { sign as signBytes } from "node:crypto";
import { join } from "node:path";
import { formatBase64Url } from "@countersign/evidence/base64";
import { formatCheckpoint } from "@countersign/evidence/checkpoint";
import { assert } from "@countersign/evidence/errors";
import type { EventOf } from "@countersign/evidence/event";
import { checkEvent } from "@countersign/evidence/generated/event-shapes";
import { equalBytes, hex, sha256, utf8 } from "@countersign/evidence/hash";
import { consistencyFault, EMPTY_ROOT, inclusionFault, isSize, leafHash } from "@countersign/evidence/merkle";
import { formatKeyId, formatNote, formatVerifierKey, type VerifierKey, verifierKey } from "@countersign/evidence/note";
import { formatPermit, formatPermitSigningInput, permitClaims } from "@countersign/evidence/permit";
import { holdLock } from "../lock.ts";
import { HighWater, type SignedRoot } from "./high-water.ts";
import { type KeyPair, makeKey, openPrivateDirectory, readKey } from "./key-file.ts";
import { isOrigin, type OriginState, type PermitRequest, type SignAnswer, type SignRequest } from "./protocol.ts";

const LOCK_WAIT_MS = 3_000;

type LogKey = KeyPair & { readonly vkey: VerifierKey };
type Verdict = { readonly refused: string } | { readonly signed: SignedRoot; readonly fresh: boolean };

export class Signing {
  readonly #keyDirectory: string;
  readonly #highWater: HighWater;
  readonly #logKeys = new Map<string, LogKey>();
  readonly #permitKey: KeyPair;
  readonly #permitKid: string;

  /** @throws CountersignError data-unsafe, data-locked when another signer has the directory */
  constructor(directory: string) {
    openPrivateDirectory(directory);
    holdLock(join(directory, "lock"), LOCK_WAIT_MS); // for as long as the process lives
    this.#keyDirectory = join(directory, "keys");
    openPrivateDirectory(this.#keyDirectory);
    this.#highWater = new HighWater(join(directory, "signed"));
    const permitPath = join(this.#keyDirectory, "permit.pem");
    this.#permitKey = readKey(permitPath) ?? makeKey(permitPath);
    this.#permitKid = thumbprint(this.#permitKey.publicKey);
  }

  /** True once a write failed in a way that leaves it unknown what is durable. The process must end then. */
  get unsure(): boolean {
    return this.#highWater.unsure;
  }

  /** What it knows of a log; makes the log's key when there is none. */
  open(origin: string): OriginState {
    const { vkey, publicKey } = this.#logKey(origin);
    const newest = this.#highWater.get(origin);
    return {
      origin,
      vkey: formatVerifierKey(vkey),
      checkpointKey: { kid: `${origin}+${formatKeyId(vkey.keyId)}`, x: formatBase64Url(publicKey) },
      permitKey: { kid: this.#permitKid, x: formatBase64Url(this.#permitKey.publicKey) },
      size: newest?.size ?? 0,
      root: newest?.root ?? EMPTY_ROOT,
      note: newest === undefined ? "" : this.#note(newest),
    };
  }

  /** One durable step for all of them: nothing is answered before everything signed is on disk. */
  sign(requests: readonly SignRequest[]): SignAnswer[] {
    const verdicts = requests.map((request) => this.#judge(request));
    this.#highWater.record(
      verdicts.flatMap((verdict) => ("signed" in verdict && verdict.fresh ? [verdict.signed] : [])),
    );
    return requests.map((request, i): SignAnswer => {
      const { origin, permits } = request;
      const verdict = verdicts[i]!; // one for each request
      if ("refused" in verdict) return { origin, refused: verdict.refused };
      const { signed } = verdict;
      return {
        origin,
        note: this.#note(signed),
        size: signed.size,
        permits: permits.map((permit) => this.#permit(permit, signed)),
      };
    });
  }

  #judge({ origin, size, root, from, proof }: SignRequest): Verdict {
    const refused = (why: string) => ({ refused: why });
    if (!isSize(size) || size === 0 || root.length !== 32) return refused("it asks to sign no tree");
    const before = this.#highWater.get(origin);
    if (before !== undefined && size < before.size) return { signed: before, fresh: false };
    if (before !== undefined && size === before.size) {
      if (equalBytes(root, before.root)) return { signed: before, fresh: false };
      return refused(`it has signed another root for ${size} entries: ${hex(before.root)}, not ${hex(root)}`);
    }
    // The ledger missed an answer: it is given again, and the next request starts from there.
    if (before !== undefined && from !== before.size) return { signed: before, fresh: false };
    const fault = consistencyFault(before?.size ?? 0, size, before?.root ?? EMPTY_ROOT, root, proof);
    if (fault !== undefined) {
      return refused(`the tree of ${size} entries does not extend the ${before?.size ?? 0} it signed: ${fault.detail}`);
    }
    const text = formatCheckpoint({ origin, treeSize: size, root });
    const signature = signBytes(null, utf8(text), this.#logKey(origin).privateKey);
    return { signed: { origin, size, root, signature: new Uint8Array(signature) }, fresh: true };
  }

  #note({ origin, size, root, signature }: SignedRoot): string {
    const { keyId } = this.#logKey(origin).vkey;
    const text = formatCheckpoint({ origin, treeSize: size, root });
    return formatNote({ text, signatures: [{ name: origin, keyId, signature }] });
  }

  /** A token only for a permit of this log, by this key, that is proved to be under the root it has signed. */
  #permit({ index, entry, path }: PermitRequest, { origin, size, root }: SignedRoot): string | undefined {
    const leaf = leafHash(entry);
    if (inclusionFault(leaf, index, size, path, root) !== undefined) return undefined;
    const event = permittedEvent(entry);
    if (event === undefined || event.integrity.log !== origin || event.integrity.index !== index) return undefined;
    if (event.permit.kid !== this.#permitKid) return undefined;
    const signingInput = formatPermitSigningInput(permitClaims(event, hex(leaf)), this.#permitKid);
    return formatPermit(signingInput, signBytes(null, utf8(signingInput), this.#permitKey.privateKey));
  }

  #logKey(origin: string): LogKey {
    const known = this.#logKeys.get(origin);
    if (known !== undefined) return known;
    assert(isOrigin(origin), "a log's name is an origin"); // it becomes a file name
    const path = join(this.#keyDirectory, `${origin.replaceAll("/", "+")}.pem`);
    const pair = readKey(path) ?? makeKey(path);
    const key = { ...pair, vkey: verifierKey(origin, "ed25519", pair.publicKey) };
    this.#logKeys.set(origin, key);
    return key;
  }
}

function permittedEvent(entry: Uint8Array): EventOf<"dispatch.permitted"> | undefined {
  let event: unknown;
  try {
    event = JSON.parse(Buffer.from(entry.buffer, entry.byteOffset, entry.length).toString("utf8"));
  } catch {
    return undefined;
  }
  const faults = checkEvent(event);
  if (faults === "kind-not-understood" || faults.length > 0) return undefined;
  // checkEvent found it to be an event of the kind it names.
  const { type } = event as { type: string };
  return type === "dispatch.permitted" ? (event as EventOf<"dispatch.permitted">) : undefined;
}

/** RFC 7638 thumbprint of an Ed25519 key as a JWK (RFC 8037 §2). */
function thumbprint(publicKey: Uint8Array): string {
  return formatBase64Url(sha256(utf8(`{"crv":"Ed25519","kty":"OKP","x":"${formatBase64Url(publicKey)}"}`)));
}
