#!/usr/bin/env node
import { nodeVersionProblem } from "@countersign/evidence/node-version";

// Asked before anything else is loaded: an older Node would only say that it knows no node:sqlite.
const problem = nodeVersionProblem(process.versions.node);
if (problem !== undefined) {
  process.stderr.write(`countersign: ${problem}\n`);
  process.exit(2);
}
const { main } = await import("../src/cli/main.ts");
process.exitCode = await main(process.argv.slice(2));
