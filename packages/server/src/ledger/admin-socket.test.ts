import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import type { AdminOperations } from "../base/admin.ts";
import { SOCKET_FILE, serveAdmin, withLedger } from "./admin-socket.ts";
import { holdLock } from "./lock.ts";
import { temporaryDirectory } from "./testing.ts";

const operations: AdminOperations = {
  "echo.back": async (input, by) => ({ input, by: by.id }),
  "echo.refuse": async () => {
    throw new CountersignError("tenant-exists", { detail: "It does.", pointer: "/id", members: { extra: 7 } });
  },
  "echo.break": async () => {
    throw new Error("a secret of the inside");
  },
};
const uid = process.getuid?.() ?? 0;

function dataDirectory(name = "data"): string {
  const path = join(temporaryDirectory(), name);
  mkdirSync(path, { mode: 0o700 });
  return path;
}

async function serve(t: TestContext, dataDir: string): Promise<void> {
  const { close } = await serveAdmin(dataDir, operations);
  t.after(close);
}

const nobodyHere = async () => {
  throw new CountersignError("data-locked");
};
/** What the serving process answers to raw lines. */
function sendRaw(dataDir: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(join(dataDir, SOCKET_FILE), () => socket.write(text));
    socket.once("data", (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once("error", reject);
  });
}

test("admin socket: operations run in the serving process, as the caller", async (t) => {
  const dataDir = dataDirectory();
  await serve(t, dataDir);
  assert.equal(statSync(join(dataDir, SOCKET_FILE)).mode & 0o777, 0o600);
  const answers = await withLedger(dataDir, nobodyHere, (call) =>
    Promise.all([call("echo.back", { n: 1 }), call("echo.back", { text: "two\nlines\u2028" })]),
  );
  assert.deepEqual(answers, [
    { input: { n: 1 }, by: `os:${uid}` },
    { input: { text: "two\nlines\u2028" }, by: `os:${uid}` },
  ]);
});

test("admin socket: a refusal keeps its code, pointer and members; what we did not foresee tells nothing", async (t) => {
  const dataDir = dataDirectory();
  await serve(t, dataDir);
  await withLedger(dataDir, nobodyHere, async (call) => {
    await assert.rejects(call("echo.refuse", {}), (error) => {
      assert.ok(error instanceof CountersignError);
      assert.deepEqual(
        [error.code, error.detail, error.pointer, error.members],
        ["tenant-exists", "It does.", "/id", { extra: 7 }],
      );
      return true;
    });
    await assert.rejects(call("echo.break", {}), (error) => {
      return error instanceof CountersignError && error.code === "internal" && !error.message.includes("secret");
    });
    await assert.rejects(call("no.such", {}), { code: "usage" });
    await assert.rejects(call("constructor", {}), { code: "usage" });
  });
});

test("admin socket: what is no request is refused, and another user's id is", async (t) => {
  const dataDir = dataDirectory();
  await serve(t, dataDir);
  assert.match(await sendRaw(dataDir, "{nonsense\n"), /"malformed-json"/);
  assert.match(await sendRaw(dataDir, '{"id":1}\n'), /"usage"/);
  assert.match(await sendRaw(dataDir, '{"id":1,"uid":12345,"op":"echo.back","input":{}}\n'), /"forbidden"/);
  // The control: the same line with the owner's id is answered.
  assert.match(await sendRaw(dataDir, `{"id":1,"uid":${uid},"op":"echo.back","input":{}}\n`), /"result"/);
});

test("withLedger: opens the ledger here when nobody serves, also behind a socket a killed process left", async () => {
  const dataDir = dataDirectory();
  let closed = 0;
  const openHere = async () => ({
    operations,
    close: async () => {
      closed++;
    },
  });
  const run = () => withLedger(dataDir, openHere, (call) => call("echo.back", {}));
  assert.deepEqual(await run(), { input: {}, by: `os:${uid}` });
  // A process that was killed leaves the socket's file, and nobody behind it.
  const { execPath } = process;
  const script = `require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(execPath, ["-e", script, join(dataDir, SOCKET_FILE)]);
  assert.ok(statSync(join(dataDir, SOCKET_FILE)).isSocket());
  assert.deepEqual(await run(), { input: {}, by: `os:${uid}` });
  assert.equal(closed, 2);
});

test("withLedger: waits for a server that holds the lock and is not listening yet", async (t) => {
  const dataDir = dataDirectory();
  const lock = holdLock(join(dataDir, "lock"));
  t.after(() => lock.release());
  setTimeout(() => void serve(t, dataDir), 200);
  const openHere = async () => {
    holdLock(join(dataDir, "lock")).release();
    return assert.fail("the lock is held");
  };
  assert.deepEqual(await withLedger(dataDir, openHere, (call) => call("echo.back", {})), {
    input: {},
    by: `os:${uid}`,
  });
});

test("admin socket: a data directory with a path too long for a socket is reached all the same", async (t) => {
  const dataDir = dataDirectory("d".repeat(120));
  await serve(t, dataDir);
  assert.deepEqual(await withLedger(dataDir, nobodyHere, (call) => call("echo.back", {})), {
    input: {},
    by: `os:${uid}`,
  });
});
