/**
 * The independent assurances of a verification: what was established, each by itself, never one green tick. Spec:
 * spec/pack.md "Report".
 */
import type { EventOf } from "./event.ts";
import type { Fault, FaultCode } from "./fault.ts";
import type { AssuranceName, AssuranceReport, Report } from "./report-schema.ts";
import type { Signers } from "./verify-checkpoint.ts";
import type { Decisions } from "./verify-decisions.ts";

export const assuranceNames = [
  "consistent",
  "pinned",
  "timed",
  "witnessed",
  "approvers",
  "re-executed",
] as const satisfies readonly AssuranceName[];

/** What the assurances are concluded from. */
export type Established = {
  readonly faults: readonly Fault[];
  readonly pinsGiven: boolean;
  readonly signers: Signers;
  readonly votes: Report["votes"];
  /** Approvals by break-glass that name people without what they signed. */
  readonly unsigned: number;
  readonly decisions: Pick<Decisions, "counts" | "notRecomputed">;
  /** Entries that are not what the tree has, cannot be read, or are of an unknown kind. */
  readonly unjudged: number;
};

export function assurancesOf(established: Established): Record<AssuranceName, AssuranceReport> {
  return {
    consistent: consistent(established.faults),
    pinned: pinned(established),
    timed: notMet("no time-stamp and no cosignature brackets the entries"),
    witnessed: notMet("no witness cosigned the checkpoint"),
    approvers: ofAll(approvers(established), established.unjudged),
    "re-executed": ofAll(reExecuted(established.decisions), established.unjudged),
  };
}

/** What is said of every vote or decision cannot be said while an entry was not judged: it may be one. */
function ofAll(assurance: AssuranceReport, unjudged: number): AssuranceReport {
  if (unjudged === 0 || assurance.state === "not-met") return assurance;
  return notMet(`${assurance.why}; ${unjudged} ${unjudged === 1 ? "entry was" : "entries were"} not judged`);
}

const met = (why: string): AssuranceReport => ({ state: "met", why });
const notMet = (why: string): AssuranceReport => ({ state: "not-met", why });
const notApplicable = (why: string): AssuranceReport => ({ state: "not-applicable", why });

function consistent(faults: readonly Fault[]): AssuranceReport {
  const count = faults.filter(({ code }) => code !== "pin-mismatch").length;
  if (count === 0) return met("bytes, tree, chains, lifecycle and views agree with each other");
  return notMet(count === 1 ? "one fault was found" : `${count} faults were found`);
}

function pinned({ pinsGiven, signers }: Established): AssuranceReport {
  if (signers.pinned !== undefined) return met("a key given from outside signed the checkpoint");
  return notMet(pinsGiven ? "no key given from outside signed the checkpoint" : "no key was given from outside");
}

/** Faults that put a vote's signature in doubt. */
const ofVotes: ReadonlySet<FaultCode> = new Set(["vote-signature-invalid", "vote-key-compromised"]);

function approvers({ faults, votes, unsigned }: Established): AssuranceReport {
  if (unsigned > 0) return notMet(`${unsigned} approvals were by break-glass that names people and has no signatures`);
  if (votes.total === 0) return notApplicable("there is no vote");
  const bad = new Set(faults.filter(({ code }) => ofVotes.has(code)).map(({ index }) => index)).size;
  if (bad === 0) return met(`${votes.total} of ${votes.total} votes are signed by keys enrolled in the log`);
  return notMet(
    `${votes.total - bad} of ${votes.total} votes are signed by keys enrolled in the log and not compromised`,
  );
}

function reExecuted({ counts, notRecomputed }: Established["decisions"]): AssuranceReport {
  const { "gate-denied": denied = 0, ...others } = notRecomputed;
  const due = counts.total - denied;
  if (due === 0) return notApplicable("there is no decision by a policy");
  const made = counts.from_arguments;
  const equal = `${made} of ${due} decisions by a policy were recomputed from their arguments and equal`;
  if (made === due) return met(equal);
  const recorded = counts.equal - made;
  const rest = Object.entries(others).map(([reason, count]) => `${count} not recomputed: ${reason.replace("-", " ")}`);
  if (recorded > 0) {
    rest.unshift(
      `${recorded} only from the input the log recorded: the arguments are not opened, so nothing here shows it is theirs`,
    );
  }
  if (counts.different > 0) rest.unshift(`${counts.different} DIFFERENT`);
  return notMet([equal, ...rest].join("; "));
}

/** What the walk saw that no count of the report says. */
export type Seen = {
  /** leafIndex of the newest entry here; undefined when there is none. */
  readonly lastIndex: number | undefined;
  /** Runs that were not followed from their start. */
  readonly runsNotFollowed: number;
  /** Where the log says that its signer had forgotten and was let sign on. */
  readonly signerResets: readonly EventOf<"config.overridden">[];
  /** Whether VERIFY.md is the one this release writes for such a pack. */
  readonly guideIsOurs: boolean;
};

/** What must be said of the evidence whatever its assurances are. */
export function notesOf(
  assurances: Report["assurances"],
  { kind, proves, scope, as_of: asOf, exported }: Report["subject"],
  { fingerprint, pinned: isPinned }: Report["key"],
  counts: Report["counts"],
  { lastIndex = -1, runsNotFollowed, signerResets, guideIsOurs }: Seen,
): string[] {
  const notes: string[] = [];
  const anchored = assurances.timed.state === "met" || assurances.witnessed.state === "met";
  if (!isPinned && fingerprint !== null) {
    notes.push(`NOT PINNED: compare ${fingerprint} with the log key's fingerprint from another source.`);
  }
  if (!isPinned && !anchored)
    notes.push("Self-signed, unanchored: whoever made this could have made all of it, key included.");
  if (!anchored) {
    notes.push(
      "Tamper-detecting, not tamper-evident against the operator: nobody but the log's own key vouches for its history.",
    );
    notes.push("Times are the log's own claim; nothing brackets them.");
  }
  if (kind === "pack" && proves === "as-of" && scope?.kind === "run") {
    notes.push(
      "The run is not settled: nothing is missing up to its last entry here; that nothing followed is the exporter's word.",
    );
  }
  if (proves === "inclusion-only")
    notes.push("Each entry is in the log; that nothing else matched is the exporter's word.");
  if (kind === "pack" && scope?.kind !== "log" && exported === null && asOf !== null && lastIndex < asOf - 1) {
    notes.push(
      `The rules are shown up to entry ${lastIndex} of ${asOf}: that none changed since, such as a key revoked later, is the exporter's word.`,
    );
  }
  if (scope?.kind === "log" && runsNotFollowed > 0) {
    notes.push(`${runsNotFollowed} runs began before the first entry here: what they did was proved, not judged.`);
  }
  for (const { override, integrity } of signerResets) {
    notes.push(
      `Entry ${integrity.index}: the signer had lost its memory and was let sign on (${override.value}). Entries above those covered, signed before and cut off, would not show here: compare with a checkpoint or pack handed out before.`,
    );
  }
  if (!guideIsOurs && exported === null) {
    notes.push("VERIFY.md is not the guide this release writes; nothing vouches for what it tells to do.");
  }
  if (counts.not_understood > 0) {
    notes.push(
      `${counts.not_understood} entries are of kinds this verifier does not know: proved, neither good nor tampered. A newer one may.`,
    );
  }
  if (counts.bootstrap_acts > 0) {
    notes.push(
      `${counts.bootstrap_acts} acts were done while the tenant was being set up, before two people were needed.`,
    );
  }
  const { not_enforced: observed = 0 } = counts;
  if (observed > 0) {
    notes.push(
      `NOT ENFORCED: ${observed} actions were only recorded, before the tenant's first policy; nothing held them back. Runs with one are at most half complete.`,
    );
  }
  return notes;
}

/** Faults that say bytes are not the ones that were committed to. */
const tampering: ReadonlySet<FaultCode> = new Set([
  "entry-malformed",
  "entry-not-canonical",
  "leaf-mismatch",
  "inclusion-failed",
  "consistency-failed",
  "root-mismatch",
  "tile-mismatch",
  "bundle-malformed",
  "index-mismatch",
  "chain-broken",
  "note-malformed",
  "note-signature-invalid",
  "checkpoint-malformed",
  "checkpoint-origin",
  "checkpoint-unsigned",
  "receipt-malformed",
  "verifier-key-malformed",
  "commitment-mismatch",
  "disclosure-malformed",
  "payload-mismatch",
  "pack-file-mismatch",
  "pack-file-unlisted",
  "pack-malformed",
  "pack-foreign-entry",
  "view-mismatch",
]);

/** Faults that say something is not here that should be; a chain with a gap is one. */
const absence: ReadonlySet<FaultCode> = new Set([
  "entry-missing",
  "payload-missing",
  "pack-file-missing",
  "run-chain-broken",
  "control-chain-broken",
]);

/** Entries and files that were tampered with, and those that are missing without law. */
export function countDamage(faults: readonly Fault[]): { readonly tampered: number; readonly missing: number } {
  return { tampered: countPlaces(faults, tampering), missing: countPlaces(faults, absence) };
}

/** Places, not faults: one changed byte may show in several ways. A fault of the whole is a place of its own. */
function countPlaces(faults: readonly Fault[], codes: ReadonlySet<FaultCode>): number {
  const places = faults
    .filter(({ code }) => codes.has(code))
    .map(({ code, path, index }) => (index !== undefined ? `entry ${index}` : (entryIn(path) ?? path ?? code)));
  return new Set(places).size;
}

/** An entry's own file and proof are one place with it. */
function entryIn(path: string | undefined): string | undefined {
  const index = /^content\/(?:entries\/([0-9]+)\.json|proofs\/([0-9]+)\.tlog-proof)$/.exec(path ?? "");
  return index === null ? undefined : `entry ${index[1] ?? index[2]}`;
}
