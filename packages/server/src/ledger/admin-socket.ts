/**
 * The socket in the data directory through which commands on the same machine reach the process that serves it.
 * One JSON object a line: `{"id":1,"uid":1000,"op":"tenant.create","input":{…}}`, answered by `{"id":1,"result":…}` or
 * `{"id":1,"problem":{…}}` (RFC 9457).
 *
 * Who may connect is decided by modes alone: the directory is 0700 and the socket 0600, so only its owner and root can.
 * Node cannot ask the kernel who is at the other end, so the user id is what the caller says, held to those two.
 */
import { chmodSync, closeSync, constants, existsSync, openSync, rmSync, statSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { CountersignError, type ErrorCode, errors, formatProblem, type Problem } from "@countersign/evidence/errors";
import type { ActorBlock } from "@countersign/evidence/event";
import type { AdminInput, AdminOperations } from "../base/admin.ts";

/** Runs one operation of the table as the caller. */
export type AdminCall = (op: string, input: AdminInput) => Promise<unknown>;

export const SOCKET_FILE = "admin.sock";
/** A socket's path is kept in 108 bytes by Linux and in 104 by others. */
const LONGEST_PATH_BYTES = 100;
const LARGEST_LINE_BYTES = 96 * 1024 * 1024;
/** How long a command waits for a server that holds the lock and has not opened its socket yet, or closes just now. */
const TAKEOVER_MS = 10_000;
const RETRY_MS = 50;

type Request = { readonly id: number; readonly uid: number; readonly op: string; readonly input: AdminInput };
type Answer = { readonly id: number } & ({ readonly result: unknown } | { readonly problem: Problem });

/** Listens until it is closed. Only the process that holds the data directory's lock may call this. */
export async function serveAdmin(
  dataDir: string,
  operations: AdminOperations,
): Promise<{ readonly close: () => Promise<void> }> {
  const path = join(dataDir, SOCKET_FILE);
  rmSync(path, { force: true }); // of a process that was killed: the lock says that nobody listens on it
  const ownerUid = statSync(dataDir).uid;
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    answerEach(socket, operations, ownerUid);
  });
  const reached = reachable(dataDir);
  const mask = process.umask(0o177);
  try {
    await listening(server, reached.path);
  } finally {
    process.umask(mask);
  }
  chmodSync(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          reached.release();
          resolve();
        });
        for (const socket of open) socket.end();
      }),
  };
}

/**
 * Runs `use` on the ledger in `dataDir`: through the process that serves it, when there is one, else on one opened here.
 *
 * @param openHere opens the ledger and its modules in this process; fails with data-locked when another one serves
 * @throws CountersignError as the operations refuse, and as openHere
 */
export async function withLedger<T>(
  dataDir: string,
  openHere: () => Promise<{ readonly operations: AdminOperations; readonly close: () => Promise<void> }>,
  use: (call: AdminCall) => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + TAKEOVER_MS;
  for (;;) {
    const socket = await connected(dataDir);
    if (socket !== undefined) {
      try {
        return await use(caller(socket));
      } finally {
        socket.destroy();
      }
    }
    try {
      const here = await openHere();
      try {
        return await use((op, input) => perform(here.operations, op, input, operatorOf(process.getuid?.() ?? 0)));
      } finally {
        await here.close();
      }
    } catch (error) {
      const locked = error instanceof CountersignError && error.code === "data-locked";
      if (!locked || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

// ── Serving ────────────────────────────────────────────────────────────────────────────────────────────────────────

function answerEach(socket: Socket, operations: AdminOperations, ownerUid: number): void {
  let queue = Promise.resolve();
  socket.on("error", () => socket.destroy());
  onLines(socket, (line) => {
    queue = queue.then(async () => {
      const answer = await answerTo(line, operations, ownerUid);
      if (!socket.destroyed) socket.write(`${JSON.stringify(answer)}\n`);
    });
  });
}

async function answerTo(line: string, operations: AdminOperations, ownerUid: number): Promise<Answer> {
  let id = 0;
  try {
    const request = parseRequest(line);
    id = request.id;
    if (request.uid !== ownerUid && request.uid !== 0) {
      throw new CountersignError("forbidden", {
        detail: "Only the data directory's owner and root may use its socket.",
      });
    }
    const result = await perform(operations, request.op, request.input, operatorOf(request.uid));
    return { id, result: result ?? null };
  } catch (error) {
    const refusal = error instanceof CountersignError ? error : new CountersignError("internal", { cause: error });
    return { id, problem: formatProblem(refusal) };
  }
}

function parseRequest(line: string): Request {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new CountersignError("malformed-json");
  }
  const { id, uid, op, input } = (value ?? {}) as Partial<Record<keyof Request, unknown>>; // looked at below
  const good = Number.isSafeInteger(id) && Number.isSafeInteger(uid) && typeof op === "string";
  if (!good || typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new CountersignError("usage", { detail: "A request has id, uid, op and input." });
  }
  return { id: id as number, uid: uid as number, op, input: input as AdminInput }; // as was just found
}

function perform(operations: AdminOperations, op: string, input: AdminInput, by: ActorBlock): Promise<unknown> {
  const operation = Object.hasOwn(operations, op) ? operations[op] : undefined;
  if (operation === undefined) throw new CountersignError("usage", { detail: `There is no operation ${op}.` });
  return operation(input, by);
}

function operatorOf(uid: number): ActorBlock {
  return { type: "operator", id: `os:${uid}` };
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

// ── Calling ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The serving process's socket, or undefined when nobody listens. */
async function connected(dataDir: string): Promise<Socket | undefined> {
  if (!existsSync(join(dataDir, SOCKET_FILE))) return undefined;
  const reached = reachable(dataDir);
  try {
    return await new Promise<Socket | undefined>((resolve, reject) => {
      const socket = connect(reached.path);
      socket.once("connect", () => resolve(socket));
      socket.once("error", (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT" || error.code === "ECONNREFUSED") resolve(undefined);
        else reject(new CountersignError("data-unsafe", { detail: `${SOCKET_FILE}: ${error.message}`, cause: error }));
      });
    });
  } finally {
    reached.release();
  }
}

function caller(socket: Socket): AdminCall {
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  let nextId = 1;
  const lost = () => {
    const gone = new CountersignError("core:ledger-unavailable", { detail: "The serving process closed the socket." });
    for (const { reject } of waiting.values()) reject(gone);
    waiting.clear();
  };
  socket.on("close", lost);
  socket.on("error", lost);
  onLines(socket, (line) => {
    const answer = JSON.parse(line) as Answer; // by the process whose directory we were given
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ("problem" in answer) call?.reject(refusalOf(answer.problem));
    else call?.resolve(answer.result);
  });
  return (op, input) =>
    new Promise((resolve, reject) => {
      if (socket.destroyed) return reject(new CountersignError("core:ledger-unavailable"));
      const request: Request = { id: nextId++, uid: process.getuid?.() ?? 0, op, input };
      waiting.set(request.id, { resolve, reject });
      socket.write(`${JSON.stringify(request)}\n`);
    });
}

/** Lines end at the byte 0x0A and nowhere else: JSON may hold U+2028, at which node:readline would break them, too. */
function onLines(socket: Socket, take: (line: string) => void): void {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  socket.on("data", (chunk: Buffer) => {
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      take(Buffer.concat([...begun, chunk.subarray(from, end)]).toString("utf8"));
      begun = [];
      begunBytes = 0;
      from = end + 1;
    }
    begun.push(chunk.subarray(from));
    begunBytes += chunk.length - from;
    if (begunBytes > LARGEST_LINE_BYTES) socket.destroy();
  });
}

/** The refusal a problem document was made of. */
function refusalOf(problem: Problem): CountersignError {
  const { type: _type, title: _title, status: _status, remedy: _remedy, code, detail, pointer, ...members } = problem;
  const known: ErrorCode = Object.hasOwn(errors, code) ? code : "internal";
  return new CountersignError(known, {
    members,
    ...(detail === undefined ? {} : { detail }),
    ...(pointer === undefined ? {} : { pointer }),
  });
}

/** A path to the socket that is short enough: a long one is reached through an open descriptor of its directory. */
function reachable(dataDir: string): { readonly path: string; readonly release: () => void } {
  const path = join(dataDir, SOCKET_FILE);
  if (Buffer.byteLength(path) <= LONGEST_PATH_BYTES) return { path, release: () => {} };
  if (!existsSync("/proc/self/fd")) {
    throw new CountersignError("data-unsafe", {
      detail: `${path} is too long for a socket on this system: choose a data directory with a shorter path.`,
    });
  }
  const directory = openSync(dataDir, constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${directory}/${SOCKET_FILE}`, release: () => closeSync(directory) };
}
