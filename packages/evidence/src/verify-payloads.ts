/**
 * Step 10 of spec/pack.md: what is opened, and the payloads the entries point to. Every pointer is accounted for, every
 * byte string has the digest it goes by, and nothing is believed to be what a sealed payload held unless the log
 * committed to it.
 */
import { canonicalText } from "./canonical.ts";
import { payloadsCited, plainPointersOf } from "./cited.ts";
import { type Disclosure, disclosureFault, parseDisclosure } from "./commitment.ts";
import type { ControlState } from "./control.ts";
import { CountersignError } from "./errors.ts";
import type { Event } from "./event.ts";
import { type Fault, fault } from "./fault.ts";
import { digestOf, utf8 } from "./hash.ts";
import { own } from "./own.ts";
import { CONTENT, DISCLOSURES_PATH, hexOf, type PayloadState, payloadPath, projectionPath } from "./pack.ts";
import type { PackReader } from "./pack-reader.ts";
import { isObject } from "./shape-fault.ts";
import { parseStrict } from "./strict-json.ts";
import type { Tell } from "./verify-tree.ts";

/** The opened commitments of a pack, by event. */
export class Disclosures {
  /** Lines there are. */
  count = 0;
  readonly #byEvent = new Map<string, Disclosure[]>();

  constructor(pack: PackReader, tell: Tell) {
    const bytes = pack.read(DISCLOSURES_PATH);
    if (bytes === undefined) return;
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    const lines = text.split("\n");
    const malformed = (line: number, how = "is not a canonical disclosure") =>
      tell(
        fault("disclosure-malformed", `Line ${line} ${how}.`, {
          path: CONTENT + DISCLOSURES_PATH,
        }),
      );
    if (lines.pop() !== "") malformed(lines.length + 1);
    for (const [i, line] of lines.entries()) {
      this.count++;
      const parsed = parseLine(line);
      if (parsed === undefined) {
        malformed(i + 1);
        continue;
      }
      const known = this.#byEvent.get(parsed.eventId);
      if (known === undefined) this.#byEvent.set(parsed.eventId, [parsed.disclosure]);
      else if (known.some(([, pointer]) => pointer === parsed.disclosure[1]))
        malformed(i + 1, "opens a commitment twice");
      else known.push(parsed.disclosure);
    }
  }

  /** What opens this event's commitments, each held against the entry; forgets it. */
  take(event: Event, tell: Tell): readonly Disclosure[] {
    const disclosures = this.#byEvent.get(event.event_id) ?? [];
    this.#byEvent.delete(event.event_id);
    const sound: Disclosure[] = [];
    for (const disclosure of disclosures) {
      const commitment = own(event.commit ?? {}, disclosure[1]);
      const found =
        commitment === undefined
          ? fault("commitment-mismatch", `The entry commits to nothing at ${disclosure[1]}.`)
          : disclosureFault(disclosure, commitment);
      if (found === undefined) sound.push(disclosure);
      else tell({ ...found, index: event.integrity.index, eventId: event.event_id });
    }
    return sound;
  }

  /**
   * What is left opens commitments of entries that are not here.
   *
   * @param unjudged events that are here and could not be judged
   */
  finish(unjudged: ReadonlySet<string>, tell: Tell): void {
    for (const eventId of this.#byEvent.keys()) {
      if (unjudged.has(eventId)) continue;
      tell(
        fault("commitment-mismatch", "A disclosure opens an entry that is not here.", {
          eventId,
          path: CONTENT + DISCLOSURES_PATH,
        }),
      );
    }
  }
}

/** Collects what the entries cite, then holds the pack's payloads against it. */
export class Payloads {
  readonly counts = { erased: 0, withheld: 0 };
  readonly #pack: PackReader;
  /** Pointer → plain digests that an own entry citing it opened a commitment to, and the first entry that cites it. */
  readonly #cited = new Map<string, { readonly opened: Set<string>; readonly event: Event }>();

  constructor(pack: PackReader) {
    this.#pack = pack;
  }

  /** Whether the manifest accounts for a payload otherwise than as missing. */
  accountsFor(digest: string): boolean {
    const state = this.#stateOf(digest)?.state;
    return state !== undefined && state !== "missing";
  }

  add(event: Event, opened: readonly Disclosure[]): void {
    for (const digest of payloadsCited(event)) {
      const known = this.#cited.get(digest) ?? { opened: new Set<string>(), event };
      this.#cited.set(digest, known);
      const places = plainPointersOf(event, digest);
      for (const [, pointer, value] of opened) {
        if (typeof value === "string" && places.includes(pointer)) known.opened.add(value);
      }
    }
  }

  /** @param allJudged whether every entry was judged: then a pointer nobody cites is one too many */
  finish(control: ControlState, allJudged: boolean, tell: Tell): void {
    const { manifest } = this.#pack;
    for (const folder of ["payloads/", "projections/"]) this.#checkNames(folder, tell);
    if (manifest === undefined) return;
    const erasedAny = Object.values(control.erasures).includes("erased");
    for (const [digest, { opened, event }] of this.#cited) {
      const at = { index: event.integrity.index, eventId: event.event_id, ...runOf(event) };
      const wrong = this.#wrongWith(digest, opened, erasedAny);
      if (wrong !== undefined) tell({ ...wrong, ...at });
    }
    for (const digest of Object.keys(manifest.payloads)) {
      if (allJudged && !this.#cited.has(digest))
        tell(fault("pack-malformed", `The manifest accounts for ${digest}, which no own entry cites.`));
    }
    this.#checkOwned(tell);
  }

  #stateOf(digest: string): PayloadState | undefined {
    return own(this.#pack.manifest?.payloads ?? {}, digest);
  }

  #wrongWith(digest: string, opened: ReadonlySet<string>, erasedAny: boolean): Fault | undefined {
    const state = this.#stateOf(digest);
    switch (state?.state) {
      case "stored":
        return this.#pack.has(payloadPath(digest))
          ? undefined
          : fault("payload-missing", `${digest} should be in the pack.`);
      case "opened":
        if (!opened.has(state.as)) {
          return fault("commitment-mismatch", `No entry that cites ${digest} opens a commitment to ${state.as}.`);
        }
        return this.#pack.has(payloadPath(state.as)) || this.#pack.has(projectionPath(state.as))
          ? undefined
          : fault("payload-missing", `The plain bytes of ${digest}, ${state.as}, should be in the pack.`);
      case "withheld":
        this.counts.withheld++;
        return undefined;
      case "erased":
        if (!erasedAny) return fault("payload-missing", `${digest} is said to be erased; no erasure is recorded.`);
        this.counts.erased++;
        return undefined;
      default:
        return fault("payload-missing", `${digest} is cited and not accounted for.`);
    }
  }

  /** Bytes that no pointer stands for are in no log: somebody laid them beside the evidence. */
  #checkOwned(tell: Tell): void {
    const owned = new Set<string>();
    for (const [digest, state] of Object.entries(this.#pack.manifest?.payloads ?? {})) {
      if (state.state === "stored") owned.add(payloadPath(digest));
      if (state.state === "opened") owned.add(payloadPath(state.as)).add(projectionPath(state.as));
    }
    for (const path of [...this.#pack.under("payloads/"), ...this.#pack.under("projections/")]) {
      if (owned.has(path)) continue;
      tell(fault("pack-malformed", "No pointer of an entry here stands for these bytes.", { path: CONTENT + path }));
    }
  }

  #checkNames(folder: string, tell: Tell): void {
    for (const path of this.#pack.under(folder)) {
      const bytes = this.#pack.read(path);
      if (bytes === undefined || hexOf(digestOf(bytes)) === path.slice(folder.length)) continue;
      tell(fault("payload-mismatch", `Its digest is ${digestOf(bytes)}.`, { path: CONTENT + path }));
    }
  }
}

function runOf(event: Event): { readonly runId?: string } {
  return "run_id" in event ? { runId: event.run_id } : {};
}

function parseLine(line: string): { readonly eventId: string; readonly disclosure: Disclosure } | undefined {
  const bytes = utf8(line);
  let value: unknown;
  try {
    value = parseStrict(bytes, "entry").value;
  } catch (cause) {
    if (!(cause instanceof CountersignError)) throw cause;
    return undefined;
  }
  if (!isObject(value) || Object.keys(value).length !== 2 || canonicalText(value) !== line) return undefined;
  const { event_id: eventId, disclosure } = value;
  if (typeof eventId !== "string" || disclosure === undefined) return undefined;
  const parsed = parseDisclosure(utf8(canonicalText(disclosure)));
  return parsed.ok ? { eventId, disclosure: parsed.value } : undefined;
}
