import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { environmentOf, headersOf, idsIn, jobDataOf, metaOf, type WorkIds } from "./correlation.ts";

const ids: WorkIds = { runId: `run_${"0".repeat(26)}`, actionId: `act_${"1".repeat(26)}` };
const other = { plan: "p-17" };

const carriers: [name: string, carrier: unknown][] = [
  ["an MCP call's _meta", { progressToken: 1, ...metaOf(ids) }],
  ["a job's data", JSON.parse(JSON.stringify({ ...other, ...jobDataOf(ids) }))],
  ["HTTP headers as an object", { accept: "*/*", ...headersOf(ids) }],
  ["HTTP headers", new Headers({ accept: "*/*", ...headersOf(ids) })],
];
for (const [name, carrier] of carriers) {
  test(`ids: travel in ${name}`, () => {
    assert.deepEqual(idsIn(carrier), ids);
  });
}

test("ids: travel in a child's environment", () => {
  const code = "console.log(JSON.stringify(process.env))";
  const env = { ...process.env, ...environmentOf(ids) };
  assert.deepEqual(idsIn(JSON.parse(execFileSync(process.execPath, ["-e", code], { env, encoding: "utf8" }))), ids);
});

test("ids: one of them missing, or another kind of id in its place, is refused by name", () => {
  const rows: unknown[] = [
    undefined,
    null,
    "run",
    {},
    other,
    { "countersign/run_id": ids.runId },
    { "countersign-action-id": ids.actionId },
    { countersign: { run_id: ids.actionId, action_id: ids.runId } },
    { countersign: { run_id: `${ids.runId}x`, action_id: ids.actionId } },
    new Headers(),
  ];
  for (const row of rows) assert.throws(() => idsIn(row), { code: "run-id-missing" }, JSON.stringify(row));
});
