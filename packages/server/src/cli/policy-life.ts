/** `countersign policy upload|simulate|acknowledge|publish|rollback|history|diff`. */
import { CountersignError } from "@countersign/evidence/errors";
import { formatFinding } from "@countersign/evidence/policy-finding";
import type { AnswerOf, BodyOf } from "@countersign/evidence/wire";
import type { Command } from "commander";
import { readPolicyDirectory } from "../policy/directory.ts";
import { ANYWHERE, leaf, option, required } from "./command.ts";
import { addPolicyAnswerCommands } from "./policy-answer.ts";
import { compareBundles } from "./policy-compare.ts";
import { outcomeLines, printDiff, printImpact, requestLines } from "./policy-print.ts";
import { type Reach, withReach } from "./reach.ts";
import { textsOf } from "./run.ts";
import { printJson, printLines, printTable } from "./terminal.ts";

const WHICH = "A policy directory, or the digest of a stored bundle.";

export function addPolicyLifeCommands(policy: Command): void {
  leaf(
    policy,
    {
      name: "upload",
      summary: "Check a policy directory and store it; nothing is in force by it.",
      example: "policy upload ./policy --data ./data --tenant acme",
      settings: ANYWHERE,
    },
    async ({ config, env, json }, directory) => {
      const stored = await withReach(config, env, (reach) => upload(reach, directory!)); // commander asked for it
      if (json) return printJson(stored);
      printLines([
        ...stored.findings.map(formatFinding),
        `${stored.rules} rules, ${stored.tests} tests passed`,
        `${stored.uploaded ? "stored" : "was stored already"}: ${stored.digest}`,
      ]);
    },
  ).argument("<dir>", "The policy directory.");

  leaf(
    policy,
    {
      name: "simulate",
      summary: "Make recorded decisions again under another policy: each change, what becomes allowed first.",
      example: "policy simulate ./policy --since 30d --data ./data --tenant acme",
      settings: ANYWHERE,
      options: [
        option("--since <days>", "Decisions of the last so many days: 30d. Default: 30d."),
        option("--range <from..until>", "Decisions of these entries instead; either side may be left out."),
        option("--run <run>", "Decisions of one run instead."),
        option("--limit <n>", "The newest n of them. Default: 10000, which is also the most."),
      ],
    },
    async ({ config, env, options, json }, word) => {
      const scope = scopeOf(textsOf(options, ["since", "range", "run", "limit"]));
      const made = await withReach(config, env, async (reach) => {
        const digest = await digestOf(reach, word!); // commander asked for it
        return reach.call("simulatePolicy", { body: { digest, ...scope } });
      });
      if (json) printJson(made);
      else printImpact(made);
    },
  ).argument("<dir|digest>", WHICH);

  leaf(
    policy,
    {
      name: "acknowledge",
      summary: "Say that you have seen what a simulated policy would newly let through.",
      example: "policy acknowledge evt_01jqs0… sha256:0b7a2a… --url https://audit.example.com",
      settings: ANYWHERE,
    },
    async ({ config, env, json }, simulation, ...names) => {
      const params = { simulation_id: simulation! }; // commander asked for it
      const body = { acknowledged: names };
      const said = await withReach(config, env, (reach) => reach.call("acknowledgeSimulation", { params, body }));
      if (json) return printJson(said);
      const left = said.to_acknowledge.length;
      printLines([
        said.event_id === null ? "acknowledged already" : `acknowledged: ${said.event_id}`,
        left === 0 ? "nothing is left to acknowledge" : `left: ${said.to_acknowledge.join(", ")}`,
      ]);
    },
  )
    .argument("<simulation>", "The simulation's id (evt_…), as policy simulate printed it.")
    .argument("<names...>", "Groups (sha256:…), or each change of a group (evt_…).");

  leaf(
    policy,
    {
      name: "publish",
      summary: "Put a policy in force; in a sealed production tenant, ask for it and have another person approve.",
      example: "policy publish ./policy --data ./data --tenant acme",
      settings: ANYWHERE,
      options: [option("--reason <code>", "A reason code. Default: POLICY_CHANGE.")],
    },
    async ({ config, env, options, json }, word) => {
      const { reason } = textsOf(options, ["reason"]);
      const made = await withReach(config, env, async (reach) => {
        const stored = isDigest(word!) ? undefined : await upload(reach, word!); // commander asked for it
        const digest = stored?.digest ?? word!;
        const body = { digest, ...(reason === undefined ? {} : { reason_code: reason }) };
        const { request_id, revision, previous } = await reach.call("requestPublication", { body });
        const counts = stored === undefined ? {} : { rules: stored.rules, tests: stored.tests };
        return { revision, digest, previous, changed: request_id !== null && revision !== null, request_id, ...counts };
      });
      if (json) return printJson(made);
      printLines([
        ...(made.rules === undefined ? [] : [`${made.rules} rules, ${made.tests} tests passed`]),
        ...outcomeLines(made),
      ]);
    },
  ).argument("<dir|digest>", WHICH);

  leaf(
    policy,
    {
      name: "rollback",
      summary: "Put a policy in force again that was before, under a new revision; in production two people agree.",
      example: "policy rollback pol_2026_04_01 --reason REGRESSION --data ./data --tenant acme",
      settings: ANYWHERE,
      options: [
        required("--reason <code>", "A reason code, like REGRESSION."),
        option("--incident <id>", "The incident it belongs to."),
      ],
    },
    async ({ config, env, options, json }, word) => {
      const { reason, incident } = textsOf(options, ["reason", "incident"]);
      const made = await withReach(config, env, async (reach) => {
        const digest = await publishedDigest(reach, word!); // commander asked for it
        const why = { reason_code: reason!, ...(incident === undefined ? {} : { incident }) };
        return reach.call("requestPublication", { body: { digest, rollback: true, ...why } });
      });
      if (json) return printJson(made);
      printLines(outcomeLines({ ...made, changed: made.request_id !== null }));
    },
  ).argument("<revision|digest>", "A revision that was in force, or its digest.");

  addPolicyAnswerCommands(policy);

  leaf(
    policy,
    {
      name: "history",
      summary: "Which policies were in force, newest first, and the request that waits.",
      example: "policy history --data ./data --tenant acme",
      settings: ANYWHERE,
      options: [
        option("--limit <n>", "How many. Default: 50."),
        option("--before <entry>", "Continue below this entry."),
      ],
    },
    async ({ config, env, options, json }) => {
      const query = textsOf(options, ["limit", "before"]);
      const answer = await withReach(config, env, (reach) => reach.call("listRevisions", { query }));
      if (json) return printJson(answer);
      printTable(
        ["REVISION", "HOW", "AT", "ASKED BY", "APPROVED BY", "DIGEST", ""],
        answer.revisions.map((one) => [
          one.revision,
          one.how,
          one.at,
          one.author,
          one.approved_by.join(", ") || one.separation,
          one.digest,
          one.in_force ? "in force" : "",
        ]),
      );
      const { waiting, next } = answer;
      if (waiting !== null) printLines([`${waiting.state}: ${waiting.request_id}`, ...requestLines(waiting)]);
      if (next !== undefined) printLines([`older ones: --before ${next}`]);
    },
  );

  leaf(
    policy,
    {
      name: "diff",
      summary: "What differs between two policies: rules by what they say, other files by text.",
      example: "policy diff pol_2026_04_01 ./policy --data ./data --tenant acme",
      settings: ANYWHERE,
    },
    async ({ config, env, json }, first, second) => {
      const [from, to] = second === undefined ? ["active", first!] : [first!, second]; // commander asked for one
      const diff = await withReach(config, env, async (reach) => {
        const before =
          from === "active" && second === undefined ? await activeFiles(reach) : await filesOf(reach, from);
        return compareBundles(before, await filesOf(reach, to));
      });
      if (json) printJson(diff);
      else printDiff(diff);
      return diff.rules.length + diff.files.length === 0 ? 0 : 1;
    },
  )
    .argument("<from>", "A directory, revision or digest; alone it is compared with what is in force.")
    .argument("[to]", "Another.");
}

const isDigest = (word: string) => /^sha256:[0-9a-f]{64}$/.test(word);

async function upload(reach: Reach, directory: string): Promise<AnswerOf<"uploadPolicy">> {
  const texts = [...readPolicyDirectory(directory)].map(([path, bytes]) => [
    path,
    Buffer.from(bytes).toString("base64"),
  ]);
  return reach.call("uploadPolicy", { body: { files: Object.fromEntries(texts) } });
}

/** The digest of a stored bundle; a directory is stored first. */
export async function digestOf(reach: Reach, word: string): Promise<string> {
  return isDigest(word) ? word : (await upload(reach, word)).digest;
}

/** The digest of a revision, or the digest itself. */
async function publishedDigest(reach: Reach, word: string): Promise<string> {
  if (isDigest(word)) return word;
  for (let before: number | undefined; ; ) {
    const query = { limit: "500", ...(before === undefined ? {} : { before: String(before) }) };
    const { revisions, next } = await reach.call("listRevisions", { query });
    const found = revisions.find(({ revision }) => revision === word);
    if (found !== undefined) return found.digest;
    if (next === undefined) throw new CountersignError("not-found", { detail: `There is no revision ${word}.` });
    before = next;
  }
}

async function filesOf(reach: Reach, word: string): Promise<ReadonlyMap<string, Uint8Array>> {
  if (!isDigest(word) && !word.startsWith("pol_")) return readPolicyDirectory(word);
  const params = { policy_digest: await publishedDigest(reach, word) };
  const { files } = await reach.call("getPolicyFiles", { params });
  return new Map(Object.entries(files).map(([path, text]) => [path, new Uint8Array(Buffer.from(text, "base64"))]));
}

async function activeFiles(reach: Reach): Promise<ReadonlyMap<string, Uint8Array> | undefined> {
  const { revisions } = await reach.call("listRevisions", { query: { limit: "1" } });
  return revisions[0] === undefined ? undefined : filesOf(reach, revisions[0].digest);
}

function scopeOf({
  since,
  range,
  run,
  limit,
}: {
  readonly since?: string;
  readonly range?: string;
  readonly run?: string;
  readonly limit?: string;
}): Omit<BodyOf<"simulatePolicy">, "digest"> {
  const most = limit === undefined ? {} : { limit: numberOf(limit, "--limit takes a number") };
  if (run !== undefined) return { run_id: run, ...most };
  if (range !== undefined) {
    const help = "--range takes FROM..UNTIL, like 0..5000";
    const [from, until, more] = range.split("..");
    if (from === undefined || until === undefined || more !== undefined) {
      throw new CountersignError("usage", { detail: `${help}.` });
    }
    return {
      ...(from === "" ? {} : { from: numberOf(from, help) }),
      ...(until === "" ? {} : { until: numberOf(until, help) }),
      ...most,
    };
  }
  return { since_days: numberOf((since ?? "30d").replace(/d$/, ""), "--since takes days, like 30d"), ...most };
}

function numberOf(text: string, help: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new CountersignError("usage", { detail: `${help}, not ${text}.` });
  return Number(text);
}
