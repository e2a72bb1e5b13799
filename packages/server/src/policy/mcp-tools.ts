/**
 * Asks an MCP server which tools it has: starts it, speaks JSON-RPC lines over its standard input and output
 * (MCP 2025-11-25, "stdio"), and stops it. Everything it answers is its own word and is only ever a draft's raw material.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { CountersignError } from "@countersign/evidence/errors";
import { type JsonValue, parseStrict } from "@countersign/evidence/strict-json";
import type { McpTool } from "@countersign/evidence/tool-contract";

export type McpServerTools = { readonly server: string; readonly tools: readonly McpTool[] };

const PROTOCOL_VERSION = "2025-11-25";
const ANSWER_TIMEOUT_MS = 30_000;
const MAX_LINE_CHARACTERS = 16 * 1024 * 1024;
const MAX_PAGES = 100;
/** Kept of its standard error, for saying why it ended. */
const KEPT_ERROR_CHARACTERS = 2000;

type Members = { readonly [member: string]: JsonValue };

/**
 * Starts `command` and lists its tools.
 *
 * @throws CountersignError cannot-read when it does not start, does not answer or answers no MCP
 */
export async function listMcpTools(command: string, args: readonly string[]): Promise<McpServerTools> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  const connection = new Connection(child.stdin, command);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-KEPT_ERROR_CHARACTERS);
  });
  child.on("error", (cause) => connection.fail(`it does not start: ${cause.message}`));
  child.on("exit", (code) =>
    connection.fail(`it ended with ${code}${said === "" ? "" : `: ${said.trim().replaceAll(/\s*\n\s*/g, "; ")}`}`),
  );
  child.stdin.on("error", () => {}); // its exit says why
  createInterface({ input: child.stdout }).on("line", (line) => connection.receive(line));
  try {
    const hello = await connection.call("initialize", {
      protocolVersion: PROTOCOL_VERSION,
      capabilities: {},
      clientInfo: { name: "countersign", version: "0.1.0" },
    });
    connection.notify("notifications/initialized");
    const tools: McpTool[] = [];
    let cursor: JsonValue | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const answer = await connection.call("tools/list", cursor === undefined ? {} : { cursor });
      for (const tool of listOf(answer.tools)) tools.push(toolOf(tool, connection));
      cursor = answer.nextCursor;
      if (typeof cursor !== "string") break;
    }
    const info = membersOf(hello.serverInfo);
    return { server: typeof info.name === "string" && info.name !== "" ? info.name : command, tools };
  } finally {
    connection.end();
    child.kill();
  }
}

class Connection {
  readonly #to: NodeJS.WritableStream;
  readonly #command: string;
  readonly #waiting = new Map<number, { resolve(result: Members): void; reject(error: Error): void }>();
  #next = 1;
  #failed: CountersignError | undefined;

  constructor(to: NodeJS.WritableStream, command: string) {
    this.#to = to;
    this.#command = command;
  }

  call(method: string, params: Members): Promise<Members> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    const id = this.#next++;
    const answer = new Promise<Members>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#send({ jsonrpc: "2.0", id, method, params });
    const timer = setTimeout(
      () => this.fail(`it did not answer ${method} within ${ANSWER_TIMEOUT_MS / 1000} s`),
      ANSWER_TIMEOUT_MS,
    );
    return answer.finally(() => clearTimeout(timer));
  }

  notify(method: string): void {
    this.#send({ jsonrpc: "2.0", method });
  }

  receive(line: string): void {
    if (line.length > MAX_LINE_CHARACTERS) {
      this.fail("it sent a line of more than 16 MiB");
      return;
    }
    let message: Members;
    try {
      message = membersOf(parseStrict(new TextEncoder().encode(line), "payload").value);
    } catch {
      return; // servers print banners where they should not; only answers count
    }
    const { id, result, error, method } = message;
    if (typeof method === "string" && id !== undefined) {
      // A request of the server's own, such as ping or roots/list: this client offers nothing.
      this.#send({ jsonrpc: "2.0", id, ...(method === "ping" ? { result: {} } : { error: NOT_OFFERED }) });
      return;
    }
    const waiting = typeof id === "number" ? this.#waiting.get(id) : undefined;
    if (waiting === undefined || typeof id !== "number") return;
    this.#waiting.delete(id);
    if (error === undefined) waiting.resolve(membersOf(result));
    else waiting.reject(this.refusal(`it answered an error: ${JSON.stringify(membersOf(error).message ?? error)}`));
  }

  refusal(why: string): CountersignError {
    return new CountersignError("cannot-read", { detail: `${this.#command}: ${why}.` });
  }

  fail(why: string): void {
    this.#failed ??= this.refusal(why);
    this.end();
  }

  end(): void {
    for (const { reject } of this.#waiting.values()) reject(this.#failed ?? this.refusal("it was stopped"));
    this.#waiting.clear();
  }

  #send(message: Members): void {
    this.#to.write(`${JSON.stringify(message)}\n`);
  }
}

const NOT_OFFERED = { code: -32601, message: "not offered" };

function toolOf(value: JsonValue, connection: Connection): McpTool {
  const { name, title, description, inputSchema, annotations } = membersOf(value);
  if (typeof name !== "string" || inputSchema === undefined) {
    throw connection.refusal("a tool it lists has no name or no input schema");
  }
  return {
    name,
    inputSchema: membersOf(inputSchema),
    ...(typeof title === "string" ? { title } : {}),
    ...(typeof description === "string" ? { description } : {}),
    ...(annotations === undefined ? {} : { annotations: membersOf(annotations) }),
  };
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function membersOf(value: JsonValue | undefined): Members {
  const isMembers = typeof value === "object" && value !== null && !Array.isArray(value);
  return isMembers ? (value as Members) : {}; // an object that is no array has members
}
