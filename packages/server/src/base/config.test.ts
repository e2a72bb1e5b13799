import assert from "node:assert/strict";
import { test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import { describeConfig, readConfig, settings } from "./config.ts";

const refused = (pattern: RegExp) => (error: unknown) =>
  error instanceof CountersignError && error.code === "usage" && pattern.test(error.message);

test("config: a flag beats the environment, which beats the file, which beats the default", () => {
  const all = { flags: { port: "1" }, env: { COUNTERSIGN_PORT: "2" }, file: { port: 3 } };
  assert.equal(readConfig(all).config.port, 1);
  assert.equal(readConfig({ ...all, flags: {} }).config.port, 2);
  assert.equal(readConfig({ file: all.file }).config.port, 3);
  assert.equal(readConfig({}).config.port, settings.port.default);
  assert.equal(readConfig({ ...all, flags: {} }).sources.port, "environment");
});

test("config: a value of the wrong kind is refused by name, wherever it came from", () => {
  assert.throws(() => readConfig({ flags: { port: "80x" } }), refused(/--port must be a whole number/));
  assert.throws(() => readConfig({ flags: { port: "1e3" } }), refused(/--port/));
  assert.throws(() => readConfig({ env: { COUNTERSIGN_PORT: "-1" } }), refused(/COUNTERSIGN_PORT/));
  assert.throws(() => readConfig({ file: { port: 70_000 } }), refused(/from 0 to 65535/));
  assert.throws(() => readConfig({ file: { port: 1.5 } }), refused(/whole number/));
  assert.throws(() => readConfig({ flags: { logLevel: "loud" } }), refused(/one of debug, info/));
  assert.throws(() => readConfig({ file: { prot: 1 } }), refused(/unknown member "prot"/));
});

test("config: what is shown has no secret in it", () => {
  const { config, sources } = readConfig({ flags: { apiKey: "csk_very_secret" } });
  const rows = describeConfig(config, sources);
  assert.equal(rows.find((row) => row.name === "apiKey")?.value, "(hidden)");
  assert.equal(JSON.stringify(rows).includes("very_secret"), false);
  // Control: the value is really there, so hiding it is what kept it out.
  assert.equal(config.apiKey, "csk_very_secret");
  assert.equal(rows.find((row) => row.name === "signerDir")?.value, null);
});
