/**
 * A fault: a named reason why evidence is bad. Faults are data, never exceptions, and a check returns all of them.
 * Every code has a row in {@link faults} and, where bytes are involved, a vector in spec/vectors.
 */
export const faults = {
  // bytes and tree
  "entry-not-canonical": "The entry's bytes are not the canonical form of what they say.",
  "entry-malformed": "The entry is not well-formed JSON of the entry profile.",
  "entry-shape": "The entry lacks a required member or has one of the wrong shape for its kind.",
  "kind-not-understood":
    "The entry's kind or version is not known to this verifier; its bytes are proved, its meaning is not.",
  "leaf-mismatch": "The entry's bytes do not hash to the leaf the tree has at its index.",
  "inclusion-failed": "The inclusion proof does not lead to the checkpoint's root.",
  "consistency-failed": "The newer checkpoint does not extend the older one.",
  "root-mismatch": "The entries do not hash to the checkpoint's root.",
  "tile-mismatch": "A tile does not match the hashes below it.",
  "entry-missing": "An entry the tree commits to is absent and no lawful prune covers it.",
  "index-mismatch": "The entry says another index, log or tenant than the place it stands in.",
  "chain-broken": "prev_hash is not the leaf hash of the entry before.",
  "run-chain-broken": "run_prev or run_seq does not continue the run: a gap or a fork.",
  "control-chain-broken": "ctl_head or ctl_seq does not continue the control chain.",
  "time-went-back": "ts is earlier than the entry before.",
  // notes and keys
  "note-malformed": "The signed note is not well-formed.",
  "checkpoint-malformed": "The checkpoint's text is not a C2SP checkpoint.",
  "checkpoint-unsigned": "No signature of a key given or live at this size verifies on the checkpoint.",
  "checkpoint-origin": "The checkpoint's origin is not this log's.",
  "pin-mismatch": "The checkpoint is not signed by the pinned key.",
  "key-unannounced": "A key was used that no entry of the log announced.",
  "key-revoked": "A key was used after the point up to which it is trusted.",
  "receipt-malformed": "The receipt is not a C2SP tlog-proof.",
  "note-signature-invalid": "A signature by a known key does not verify on the note.",
  "note-unsigned": "The note carries no signature of a known key.",
  "cosignature-malformed": "The cosignature is not a C2SP timestamped Ed25519 signature.",
  "verifier-key-malformed": "The verifier key is not well-formed, or of a type this verifier does not know.",
  "key-not-acceptable": "The public key is not a canonical, torsion-free Ed25519 key.",
  "bundle-malformed": "The entry bundle is not the length-prefixed entries it should be.",
  // commitments and payloads
  "commitment-mismatch": "A disclosure does not open the commitment it names.",
  "disclosure-malformed": "A disclosure is not the canonical text of a salt, a JSON pointer and a value.",
  "seal-malformed": "Sealed bytes are not a Countersign seal.",
  "seal-not-opened": "The key does not open the sealed bytes: another key, or bytes that were changed.",
  "payload-mismatch": "A payload's bytes do not have the digest they are cited by.",
  "payload-missing": "A payload the evidence cites is absent and neither erased nor withheld nor pruned.",
  // pack
  "pack-file-mismatch": "A file of the pack does not match the manifest.",
  "pack-file-missing": "The manifest lists a file the pack does not hold.",
  "pack-file-unlisted": "The pack holds a file the manifest does not list.",
  "pack-malformed": "The pack lacks a required part or has one that cannot be read.",
  "pack-foreign-entry": "The pack holds an entry outside its own scope.",
  "pack-scope-incomplete": "The pack claims more than its entries show.",
  "view-mismatch": "A derived view in the pack differs from what its entries give.",
  // lifecycle of a run
  "action-digest-differs": "The action digest is not of the action, its topic, tool contract and argument commitment.",
  "dispatch-without-decision": "Something was dispatched without a policy decision.",
  "dispatch-after-deny": "Something was dispatched after a DENY.",
  "dispatch-without-approval": "Something was dispatched without a live approval although one was required.",
  "approval-binding-differs": "The approval binds another request or another policy snapshot than the one used.",
  "approval-without-policy": "The approval names no policy snapshot.",
  "approval-used-twice": "The approval was used more than once.",
  "approval-used-late": "The approval was used after it expired.",
  "approver-not-entitled": "A vote came from a person not entitled to it at that time.",
  "approver-self-approval": "A vote breaks separation of duties.",
  "approver-counted-twice": "One person fills two places in a quorum.",
  "quorum-not-met": "The approval was granted without its quorum.",
  "vote-signature-invalid": "A vote's signature does not verify under a key enrolled in the log.",
  "vote-key-compromised": "A vote was made with a key declared compromised at that time.",
  "break-glass-not-allowed": "Break-glass was used on an action whose rules do not allow it.",
  "authority-compromised":
    "Something was used or started on a vote or a permit whose key was known to have been in other hands.",
  "authority-voided":
    "Something was used or started on an approval or a permit that a freeze, lifted since, had voided.",
  "permit-used-twice": "A permit started one attempt twice.",
  "permit-used-late": "A permit was used after its window.",
  "permit-args-differ": "A permit was used for other arguments than those decided.",
  "permit-signature-invalid": "A permit token does not verify under the permit key.",
  "execution-outside-scope": "Something ran outside the run's declared scope.",
  "execution-above-ceiling": "Something ran above the agent's approved ceiling.",
  "execution-while-frozen": "Something started while a freeze covered it.",
  "result-before-start": "An outcome was recorded for an attempt that had not started.",
  "outcome-missing": "An attempt started and its deadline passed without an outcome.",
  "retries-beyond-limit": "More attempts were made than allowed.",
  "dead-letter-without-failure": "A dead letter was recorded without a failed attempt.",
  "event-after-close": "An event came after the run was closed that only an open run may have.",
  "event-after-settle": "An event came after the run was settled.",
  "event-out-of-order": "The event does not follow from the state before it.",
  "initiator-changed": "The run's initiator changed without a delegation.",
  "run-without-start": "The run's first event is not run.started.",
  "settle-count-differs": "run.settled counts other events than there are: the run was cut or added to.",
  "field-missing": "A member or label that is required for this kind or capability is absent.",
  "pointer-without-payload": "A pointer cites a payload nobody recorded.",
  // control
  "control-event-unlawful": "A control event does not follow from the control state before it.",
  "actor-unknown":
    "An event came with a credential or a session that the log did not give its actor, or that had ended.",
  "policy-not-published": "A decision cites a policy that was not active at that time.",
  "policy-signature-invalid": "A signature recorded with a policy bundle does not verify under a key the log knows.",
  "decision-differs": "Recomputing the decision gives another answer.",
  "projection-differs": "The projection decided on is not what the tool's contract makes of this action.",
  "action-differs": "The tool's contract reads another action than the one recorded.",
  "hold-broken": "A prune or an erasure touched what a hold keeps.",
  "prune-uncovered": "A hole in the log is not covered by a prune event.",
  // database, found by fsck
  "row-differs": "A stored row differs from what the entries give.",
  "database-damaged": "The database file is damaged, or its schema is not as this version makes it.",
} as const satisfies Record<string, string>;

/** A stable fault code. */
export type FaultCode = keyof typeof faults;

/** One finding about bad evidence. `index` is the entry's leafIndex when the fault has one. */
export type Fault = {
  readonly code: FaultCode;
  readonly detail: string;
  readonly index?: number;
  readonly eventId?: string;
  readonly runId?: string;
  /** File inside the pack, when the fault is about one. */
  readonly path?: string;
};

/** What reading evidence gives: the thing, or the one reason why it is not one. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: Fault };

/** Builds a fault; `detail` says what was found and what was expected, in one sentence. */
export function fault(code: FaultCode, detail: string, at: Omit<Fault, "code" | "detail"> = {}): Fault {
  return { code, detail, ...at };
}
