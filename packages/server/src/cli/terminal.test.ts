/** Whatever an agent wrote into the log, a terminal and a log file show it and obey none of it. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openLog } from "../base/log.ts";
import { printJson, printLines, printTable } from "./terminal.ts";

const hostile = [
  "\u001b[2J\u001b[1;1H",
  "\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007",
  "\u009b31m",
  "\u202egpj.exe",
  "a\u200bb\u2066c",
  'x"\r\n{"level":"info","words":"forged"}',
  "=cmd|' /C calc'!A0",
  "\ud800",
];

/** What is written to standard output while `work` runs. */
function written(work: () => void): string {
  const parts: string[] = [];
  const { write } = process.stdout;
  process.stdout.write = (part: string | Uint8Array) => {
    parts.push(String(part));
    return true;
  };
  try {
    work();
  } finally {
    process.stdout.write = write;
  }
  return parts.join("");
}
const obeyed = /[^\P{C}\n]|[\p{Zl}\p{Zp}]/u;

test("output: lines, tables and JSON show hostile text and hold nothing a terminal obeys", () => {
  const shown = written(() => {
    printLines(hostile);
    printTable(hostile, [hostile, hostile]);
    printJson({ list: hostile, [hostile[3]!]: 1 });
  });
  assert.doesNotMatch(shown, obeyed);
  // A line is a line: nothing recorded begins one of its own.
  assert.equal(written(() => printLines(hostile)).split("\n").length, hostile.length + 1);
  assert.deepEqual(JSON.parse(written(() => printJson(hostile))), hostile);
  assert.match(
    written(() => process.stdout.write(hostile.join(" "))),
    obeyed,
  ); // control
});

test("output: commands print through the terminal module only", () => {
  const others = readdirSync(import.meta.dirname).filter((file) => /^(?!terminal|serve).*(?<!\.test)\.ts$/.test(file));
  const direct = others.filter((file) =>
    /std(out|err)\.write|console\./.test(readFileSync(join(import.meta.dirname, file), "utf8")),
  );
  assert.deepEqual(direct, []);
  assert.ok(others.length > 10);
});

test("log: one event is one line of JSON, whatever is in it", () => {
  const lines: string[] = [];
  const log = openLog("info", { write: (line: string) => void lines.push(line) });
  for (const text of hostile) log.info({ path: text, [text]: 1 }, text);
  assert.equal(lines.length, hostile.length);
  for (const [at, line] of lines.entries()) {
    assert.equal(line.trimEnd().split(/\r|\n/).length, 1);
    assert.ok(!line.includes("\u001b"));
    assert.equal((JSON.parse(line) as { msg: string }).msg.slice(0, 3), hostile[at]!.slice(0, 3));
  }
});
