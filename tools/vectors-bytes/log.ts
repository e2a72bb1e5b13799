/** The log all vectors are about: seven entries of one tenant, its keys, and a witness. */

import { formatBase64Url } from "@countersign/evidence/base64";
import { canonicalBytes } from "@countersign/evidence/canonical";
import { formatCheckpoint } from "@countersign/evidence/checkpoint";
import { commitmentOf, payloadDisclosure } from "@countersign/evidence/commitment";
import { formatCosignature, formatCosignatureMessage } from "@countersign/evidence/cosignature";
import { assert } from "@countersign/evidence/errors";
import { type EventOf, type Kind, kinds } from "@countersign/evidence/event";
import { digestOf, type Hash, hex, sha256, utf8 } from "@countersign/evidence/hash";
import { formatId, type IdPrefix, uuidV7 } from "@countersign/evidence/ids";
import { EMPTY_ROOT, leafHash, type NodeReader, rootOf } from "@countersign/evidence/merkle";
import {
  formatNote,
  formatVerifierKey,
  type KeyType,
  type NoteSignature,
  type VerifierKey,
  verifierKey,
} from "@countersign/evidence/note";
import { ed25519 } from "@noble/curves/ed25519.js";
import { Value } from "typebox/value";

export const ORIGIN = "audit.example.com/prod-a/1";
const START_MS = Date.UTC(2026, 3, 1, 14, 7, 50);

/** 32 bytes that depend on a name only: secret keys, salts and nonces of the vectors. Worth nothing outside them. */
export const named = (name: string): Uint8Array => sha256(utf8(`countersign vectors: ${name}`));

export type SigningKey = { readonly secret: Uint8Array; readonly key: VerifierKey; readonly vkey: string };

export function signingKey(name: string, type: KeyType, secretName: string): SigningKey {
  const secret = named(secretName);
  const key = verifierKey(name, type, ed25519.getPublicKey(secret));
  return { secret, key, vkey: formatVerifierKey(key) };
}

export const logKey = signingKey(ORIGIN, "ed25519", "log key");
export const otherLogKey = signingKey(ORIGIN, "ed25519", "another log key");
export const witnessKey = signingKey("witness.example/w1", "cosignature", "witness key");

export function signature({ key, secret }: SigningKey, text: string): NoteSignature {
  return { name: key.name, keyId: key.keyId, signature: ed25519.sign(utf8(text), secret) };
}

export function cosignature({ key, secret }: SigningKey, text: string, timestamp: number): NoteSignature {
  const made = ed25519.sign(formatCosignatureMessage(timestamp, text), secret);
  return formatCosignature(key, { timestamp, signature: made });
}

const id = <P extends IdPrefix>(prefix: P, place: number) =>
  formatId(prefix, uuidV7(START_MS + place * 250, named(`${prefix} ${place}`)));

/** What the entries say, without what their place in the log adds. */
const runId = id("run", 3);
const person = id("usr", 1);
const actionId = id("act", 4);
const initiator = { agent: "ops-agent-3", version: "2.1.0", on_behalf_of: person };
export const args = utf8('{"plan":"apply","vpc":"vpc-1","timeout_s":90.5}');
export const argsDisclosure = payloadDisclosure(named("salt of args").subarray(0, 16), "/action/args", args);
const commitment = commitmentOf(argsDisclosure);
const reported = { source: "observed", actor: { type: "agent", id: "ops-agent-3", credential: id("key", 2) } } as const;
const system = { source: "observed", actor: { type: "system", id: "countersign" } } as const;

type Body<K extends Kind> = Omit<EventOf<K>, "v" | "event_id" | "tenant" | "ts" | "integrity">;
type Draft = { readonly [K in Kind]: Body<K> }[Kind];

const drafts: readonly Draft[] = [
  {
    type: "log.genesis",
    ...system,
    genesis: {
      origin: ORIGIN,
      epoch: 1,
      spec: "countersign/1",
      keys: [
        {
          kid: ORIGIN,
          purpose: "checkpoint",
          alg: "ed25519",
          x: formatBase64Url(logKey.key.publicKey),
          vkey: logKey.vkey,
        },
      ],
    },
  },
  { type: "tenant.created", ...system, created: { kind: "production", origin_host: "audit.example.com" } },
  {
    type: "agent.registered",
    ...system,
    agent: { id: "ops-agent-3", ceiling: ["infra.change"], owner: person, may_execute: true },
  },
  {
    type: "run.started",
    ...reported,
    run_id: runId,
    initiator,
    run: { scope: { capabilities: ["infra.change"] }, ceiling_event: id("evt", 2) },
  },
  {
    type: "action.requested",
    ...reported,
    run_id: runId,
    action_id: actionId,
    initiator,
    action: {
      capability: "infra.change.apply",
      tool: "terraform",
      tool_version: "1.9.2",
      target: { system: "aws:eu-west-1", resource: "vpc-1", environment: "prod" },
    },
    cause: id("evt", 3),
    commit: { "/action/args": commitment },
    pointers: { context: [], args: digestOf(named("sealed args")), result: null, artifacts: [] },
    request: {
      args_bytes: args.length,
      action_digest: digestOf(utf8("the text of the action")),
      topic: "infra.change.apply",
      consumed: [],
    },
  },
  { type: "log.heartbeat", ...system, heartbeat: { idle_since: timestamp(4) } },
  {
    type: "run.closed",
    ...reported,
    run_id: runId,
    initiator,
    closed: { status: "cancelled", open_actions: [actionId] },
  },
];

function timestamp(place: number): string {
  return new Date(START_MS + place * 250).toISOString();
}

/** The entries' bytes, chained. */
export const entries: readonly Uint8Array[] = chain();
export const leaves: readonly Hash[] = entries.map(leafHash);
export const root = (size: number): Hash => rootOf(leaves.slice(0, size));
export const nodeAt: NodeReader = (level, index) => rootOf(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level));

function chain(): Uint8Array[] {
  const made: Uint8Array[] = [];
  let previous = EMPTY_ROOT;
  let control = { seq: 0, head: EMPTY_ROOT };
  let run = { seq: 0, previous: EMPTY_ROOT };
  for (const [index, draft] of drafts.entries()) {
    const { schema, chain } = kinds[draft.type];
    const ofRun = chain === "run" || chain === "action";
    const entry = {
      ...draft,
      v: 1,
      event_id: id("evt", index),
      tenant: "prod-a",
      ts: timestamp(index),
      integrity: {
        v: 1,
        alg: "sha256-rfc6962",
        log: ORIGIN,
        index,
        prev_hash: hex(previous),
        ...(ofRun ? { run_seq: run.seq, run_prev: hex(run.previous) } : {}),
        ctl_seq: control.seq,
        ctl_head: hex(control.head),
      },
    };
    assert(Value.Check(schema, entry), `entry ${index} fits the schema of ${draft.type}`);
    const bytes = canonicalBytes(entry);
    previous = leafHash(bytes);
    if (chain === "control") control = { seq: control.seq + 1, head: previous };
    if (ofRun) run = { seq: run.seq + 1, previous };
    made.push(bytes);
  }
  return made;
}

/** Text of the log's checkpoint at a size. */
export function checkpointText(treeSize: number, at: Hash = root(treeSize)): string {
  return formatCheckpoint({ origin: ORIGIN, treeSize, root: at });
}

/** The log's checkpoint at a size, signed. */
export function checkpoint(treeSize: number, ...more: readonly NoteSignature[]): string {
  const text = checkpointText(treeSize);
  return formatNote({ text, signatures: [signature(logKey, text), ...more] });
}

/** Bytes with one bit of one byte turned. */
export function flipped<B extends Uint8Array>(bytes: B, at = bytes.length - 1): Uint8Array {
  return Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ 1 : byte));
}
