/** `countersign policy …`. */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CountersignError } from "@countersign/evidence/errors";
import { formatFinding } from "@countersign/evidence/policy-finding";
import { draftBundle } from "@countersign/evidence/policy-init";
import { GENERATED_PATH, SUGAR_PATH } from "@countersign/evidence/rule-sugar";
import type { Command } from "commander";
import { systemClock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import { systemTimers } from "../ledger/timers.ts";
import { type BundleReport, checkBundle, isPublishable, refusalOf } from "../policy/check.ts";
import { readPolicyDirectory, writePolicyDirectory } from "../policy/directory.ts";
import { listMcpTools } from "../policy/mcp-tools.ts";
import { compileRulesYaml } from "../policy/rules-yaml.ts";
import { LOCAL, leaf, option, required, runAdmin } from "./command.ts";
import { addPolicyLifeCommands } from "./policy-life.ts";
import { addPolicyShadowCommand } from "./policy-shadow.ts";
import { printJson, printLines, printTable, progress } from "./terminal.ts";

type Shown = { active: { revision: string } | null; revisions: Record<string, { digest: string; author: string }> };

export function addPolicyCommands(program: Command): void {
  const policy = program.command("policy").description("Policy bundles: write, check, publish.");

  addPolicyLifeCommands(policy);
  addPolicyShadowCommand(policy);

  leaf(
    policy,
    {
      name: "show",
      summary: "Which policy is in force, and which were.",
      example: "policy show --data ./data --tenant acme",
      settings: LOCAL,
    },
    (context) =>
      runAdmin<Shown>(
        context,
        "policy.show",
        async (reach) => ({ tenant: await reach.tenant() }),
        ({ active, revisions }) =>
          printTable(
            ["REVISION", "DIGEST", "AUTHOR", ""],
            Object.entries(revisions).map(([revision, { digest, author }]) => [
              revision,
              digest,
              author,
              revision === active?.revision ? "in force" : "",
            ]),
          ),
      ),
  );

  for (const [name, summary] of [
    ["lint", "Every finding of a policy directory."],
    ["test", "Run a policy directory's own tests."],
  ] as const) {
    leaf(policy, { name, summary, example: `policy ${name} ./policy`, settings: [] }, async (context, directory) => {
      const report = await check(readPolicyDirectory(directory!)); // commander asked for it
      if (context.json) printJson(jsonOf(report));
      else printLines(name === "lint" ? findingLines(report) : testLines(report));
      if (name === "lint") return report.bundle === undefined || hasErrors(report) ? 1 : 0;
      return isPublishable(report) ? 0 : 1;
    }).argument("<dir>", "The policy directory.");
  }

  leaf(
    policy,
    {
      name: "compile",
      summary: "Write policies/_generated.cedar from rules.yaml.",
      example: "policy compile ./policy",
      settings: [],
    },
    ({ json }, directory) => {
      const path = join(directory!, GENERATED_PATH); // commander asked for it
      const sugar = readPolicyDirectory(directory!).get(SUGAR_PATH);
      if (sugar === undefined) throw new CountersignError("cannot-read", { detail: `There is no ${SUGAR_PATH}.` });
      const compiled = compileRulesYaml(new TextDecoder().decode(sugar));
      if (!compiled.ok) {
        const findings = compiled.findings.map(formatFinding);
        throw new CountersignError("policy-invalid", { detail: `${findings[0]}.`, members: { findings } });
      }
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, compiled.text);
      if (json) printJson({ path, size_bytes: Buffer.byteLength(compiled.text) });
      else printLines([`wrote ${path}`]);
    },
  ).argument("<dir>", "The policy directory.");

  leaf(
    policy,
    {
      name: "init",
      summary: "Draft a policy for an MCP server: what reads is allowed, everything else waits for a person.",
      example: "policy init --from-mcp --name fs --out ./policy -- npx mcp-server-filesystem ./files",
      settings: [],
      options: [
        required("--from-mcp", "Start COMMAND, an MCP server on standard input and output, and ask for its tools."),
        option("--out <dir>", "Where the draft goes; must be empty or absent. Default: ./policy."),
        option(
          "--name <name>",
          "The server's name, the first word of its capabilities. Default: what it calls itself.",
        ),
      ],
    },
    async (context, ...command) => {
      const [program, ...args] = command;
      if (program === undefined) throw new CountersignError("usage", { detail: "Say which server: … -- COMMAND." });
      const out = String(context.options.out ?? "policy");
      progress(`asking ${program} for its tools`);
      const { server, tools } = await listMcpTools(program, args);
      const drafted = draftBundle(tools, String(context.options.name ?? server));
      const files = new Map([...drafted].map(([path, text]) => [path, new TextEncoder().encode(text)]));
      const report = await check(files);
      if (!isPublishable(report)) throw refusalOf(report);
      writePolicyDirectory(out, files);
      const drawn = report.bundle.contracts.size;
      const capabilities = [
        ...new Set([...report.bundle.contracts.values()].map(({ contract }) => contract.capability)),
      ].sort();
      if (context.json)
        printJson({ directory: out, server, tools: tools.length, contracts: drawn, capabilities, rules: report.rules });
      else {
        printLines([
          `${drawn} of ${tools.length} tools of ${server} have a contract, ${report.rules} rules, in ${out}`,
          `capabilities for an agent's ceiling: ${capabilities.join(", ")}`,
          `Read ${out}/CHANGES.md, then: countersign policy publish ${out}`,
        ]);
      }
      return 0;
    },
  ).argument("<command...>", "The MCP server and its arguments, after --.");
}

/** As the server checks it before publishing. */
function check(files: ReadonlyMap<string, Uint8Array>): Promise<BundleReport> {
  const metrics = { decided: () => {}, engineReplaced: () => {} };
  return checkBundle(files, { deadlineMs: 10_000, clock: systemClock, timers: systemTimers, metrics, log: silentLog });
}

function hasErrors({ findings, broken }: BundleReport): boolean {
  return broken || findings.some(({ level }) => level === "error");
}

function findingLines(report: BundleReport): string[] {
  const lines = report.findings.map(formatFinding);
  if (report.broken) lines.push("bundle: the policy engine did not survive loading it");
  return lines.length > 0 ? lines : [`no findings, ${report.rules} rules`];
}

function testLines(report: BundleReport): string[] {
  if (report.bundle === undefined || hasErrors(report)) return findingLines(report);
  const failed = report.tests.filter(({ passed }) => !passed);
  return [
    ...failed.map(({ path, name, problems }) => `${path}: test "${name}": ${problems.join("; ")}`),
    `${report.tests.length - failed.length} of ${report.tests.length} tests passed`,
  ];
}

function jsonOf(report: BundleReport): object {
  const { bundle, findings, rules, tests, broken } = report;
  return {
    digest: bundle?.digest ?? null,
    publishable: isPublishable(report),
    rules,
    engine_lost: broken,
    findings,
    tests: tests.map(({ name, path, passed, problems }) => ({ name, path, passed, problems })),
  };
}
