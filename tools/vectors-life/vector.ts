/** One vector of a log's meaning: entries, and what folding them must find. */
import { canonicalText } from "@countersign/evidence/canonical";
import type { Completeness } from "@countersign/evidence/completeness";
import { assert } from "@countersign/evidence/errors";
import type { FaultCode } from "@countersign/evidence/fault";
import { LogFold } from "@countersign/evidence/fold";
import { type Edit, Story, type StoryOptions } from "../story.ts";

/** A case: a lawful story, and named ways to spoil it. */
export type Case = {
  readonly name: string;
  readonly desc: string;
  readonly options?: Omit<StoryOptions, "edit">;
  readonly tell: (story: Story) => void;
  readonly mutations: Readonly<Record<string, Mutation>>;
};

export type Mutation = {
  readonly desc: string;
  /** Codes in the order they are found; empty for a lawful variant. */
  readonly faults: readonly FaultCode[];
  /** A fresh edit for each telling, because edits count. */
  readonly edit?: () => Edit;
  /** Instead of the case's story. */
  readonly tell?: (story: Story) => void;
  /** Whether a payload is missing from those that are accounted for. */
  readonly withhold?: (story: Story) => string;
};

/** Path below spec/vectors → content. */
export function filesOf(folder: string, cases: readonly Case[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const one of cases) {
    const valid = new Story(one.options);
    one.tell(valid);
    files.set(`${folder}/${one.name}/valid.json`, format({ desc: one.desc, story: valid, faults: [] }));
    for (const [name, mutation] of Object.entries(one.mutations)) {
      const { desc, edit, tell = one.tell, withhold, faults } = mutation;
      const story = new Story({ ...one.options, ...(edit === undefined ? {} : { edit: edit() }) });
      tell(story);
      const withheld = withhold?.(story);
      const vector = { desc, story, faults, valid, ...(withheld === undefined ? {} : { withheld }) };
      files.set(`${folder}/${one.name}/${name}.json`, format(vector));
    }
  }
  return files;
}

type Vector = {
  readonly desc: string;
  readonly story: Story;
  readonly faults: readonly FaultCode[];
  readonly valid?: Story;
  readonly withheld?: string;
};

/** Events one a line, as their exact entries; those a mutation shares with the lawful story are only counted. */
function format({ desc, story, faults: codes, valid, withheld }: Vector): string {
  const payloads = [...story.payloads.keys()].filter((digest) => digest !== withheld).sort();
  const has = new Set(payloads);
  const fold = new LogFold({ hasPayload: (digest) => has.has(digest) });
  const faults = story.events.flatMap((event) => fold.step(event));
  faults.push(...fold.finish());
  const found = faults.map(({ code, detail }) => `${code} (${detail})`);
  // A table that says something else than the machine finds is our mistake, here and now.
  const agreed = faults.map(({ code }) => code).join() === codes.join();
  assert(agreed, `${desc}\nexpected ${codes.join(", ")}\nfound ${found.join("\n      ")}`);
  const completeness: Record<string, Completeness> = {};
  for (const state of fold.runs.values()) completeness[state.run] = fold.completeness(state);
  const lines = story.events.map(canonicalText);
  const base = valid?.events.map(canonicalText) ?? [];
  const differs = lines.findIndex((line, at) => line !== base[at]);
  const same = differs < 0 ? Math.min(lines.length, base.length) : differs;
  const members = [
    `"desc":${JSON.stringify(desc)}`,
    ...(valid === undefined ? [] : [`"same":${same}`]),
    `"events":[\n${lines.slice(same).join(",\n")}\n]`,
    `"payloads":[\n${payloads.map((digest) => JSON.stringify(digest)).join(",\n")}\n]`,
    `"faults":[${faults.map(({ code, index }) => canonicalText({ code, ...(index === undefined ? {} : { index }) })).join(",")}]`,
    `"completeness":${JSON.stringify(completeness)}`,
  ];
  return `{${members.join(",\n")}}\n`;
}
