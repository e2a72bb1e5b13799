/**
 * A gate in front of any stdio MCP server: a relay of lines that holds each `tools/call` until the gate has decided,
 * people have approved and a permit was issued, and passes everything else through byte for byte.
 *
 * Fails closed: what cannot be parsed strictly, JSON-RPC batches (which could hide a call) and calls the gate does not
 * allow never reach the server. An identical call repeated while an approval waits resumes it; it executes once.
 */
import { joinPointer, parseStrict, type StrictJson } from "@countersign/evidence/strict-json";
import { type Countersign, CountersignError } from "../client.ts";
import { metaOf } from "../correlation.ts";
import { ActionDenied, ApprovalPending, ApprovalRejected } from "../errors.ts";
import { openToolDigests } from "../mcp-tools.ts";
import { sha256Hex } from "../permit-check.ts";
import { FailedWithResult, type Run } from "../run.ts";

export type GatewayOptions = {
  readonly client: Countersign;
  /** Starts or attaches the run; called at the first tool call and again after it failed. */
  readonly openRun: () => Promise<Run>;
  /** Sends one line (no line feed) to the MCP client. */
  readonly toClient: (line: Uint8Array | string) => void;
  /** Sends one line to the MCP server behind the gate. */
  readonly toServer: (line: Uint8Array | string) => void;
  /** How long a call is held for people before it answers with the approval's id, in ms. Below the client's time-out. */
  readonly holdMs: number;
  /** Attempts a failing call gets; the server must tolerate repeats. */
  readonly maxAttempts: number;
  /** How long the server may take for one attempt, in ms. */
  readonly callTimeoutMs: number;
  /** Prefix of the tool's name in the policy bundle, for several servers behind one policy. */
  readonly toolPrefix: string;
  /** One line for the operator. */
  readonly log: (message: string) => void;
};

export type Gateway = {
  fromClient(line: Uint8Array): void;
  fromServer(line: Uint8Array): void;
  /** The MCP server is gone: calls in flight are answered; their outcome stays unconfirmed until their deadline. */
  serverGone(reason: string): void;
  /** Resolves when no call is being gated. */
  idle(): Promise<void>;
};

type RpcId = string | number;
type ToolCall = {
  readonly id: RpcId;
  readonly name: string;
  readonly argsText: string;
  /** Members of params that are neither name, arguments nor _meta, as raw `"key":value` text. */
  readonly otherParams: readonly string[];
  readonly meta: Readonly<Record<string, unknown>>;
};
type Answer = { readonly line: Uint8Array; readonly message: Readonly<Record<string, unknown>> };

const PROGRESS_EVERY_MS = 10_000;
const decoder = new TextDecoder("utf-8", { fatal: true });

export function openGateway(options: GatewayOptions): Gateway {
  const waitingForServer = new Map<string, (answer: Answer | Error) => void>();
  /** The approval each held call waits for now. */
  const waitingFor = new WeakMap<AbortSignal, string | undefined>();
  const cancelled = new Map<string, AbortController>();
  const active = new Set<Promise<void>>();
  /** Requests of the gateway's own; the client cannot guess their ids. */
  const ownId = `countersign-${crypto.randomUUID()}`;
  let ownRequests = 0;
  const digestOf = openToolDigests(async (cursor) => {
    const id = `${ownId}-${ownRequests++}`;
    const params = cursor === undefined ? {} : { params: { cursor } };
    const { message } = await askFor(
      keyOf(id),
      JSON.stringify({ jsonrpc: "2.0", id, method: "tools/list", ...params }),
    );
    return message;
  });
  /** How many identical calls have ended, so that a repeat after the end is a new action and one before it is the same. */
  const endedCalls = new Map<string, number>();
  let run: Promise<Run> | undefined;

  const openRun = async () => {
    run ??= options.openRun();
    try {
      return await run;
    } catch (cause) {
      run = undefined;
      throw cause;
    }
  };

  return {
    fromClient(line) {
      if (isBlank(line)) return;
      let document: StrictJson;
      try {
        document = parseStrict(line, "payload");
      } catch (cause) {
        options.log(`refused a line that is not strict JSON: ${textOf(cause)}`);
        options.toClient(rpcError(null, -32700, "Parse error: the gate passes strict JSON only."));
        return;
      }
      const message = document.value;
      if (!isObject(message)) {
        options.toClient(
          rpcError(null, -32600, "Invalid request: the gate takes one JSON-RPC message per line, no batches."),
        );
        return;
      }
      if (message.method === "notifications/cancelled") {
        const params = message.params;
        if (isObject(params)) cancelled.get(keyOf(params.requestId))?.abort(new Error("cancelled by the client"));
      }
      if (message.method !== "tools/call") {
        options.toServer(line);
        return;
      }
      const call = readToolCall(document, message);
      if (typeof call === "string") {
        options.toClient(rpcError(idOf(message), -32602, call));
        return;
      }
      if (cancelled.has(keyOf(call.id))) {
        options.toClient(rpcError(call.id, -32600, "Invalid request: this id is in use."));
        return;
      }
      const work = gate(call).finally(() => active.delete(work));
      active.add(work);
    },

    fromServer(line) {
      if (isBlank(line)) return;
      let message: unknown;
      try {
        message = JSON.parse(decoder.decode(line));
      } catch {
        options.toClient(line);
        return;
      }
      if (isObject(message) && message.method === undefined && message.id !== undefined) {
        const take = waitingForServer.get(keyOf(message.id));
        if (take !== undefined) {
          take({ line, message });
          return;
        }
      }
      options.toClient(line);
    },

    serverGone(reason) {
      for (const take of [...waitingForServer.values()]) take(new Error(reason));
    },

    async idle() {
      while (active.size > 0) await Promise.allSettled([...active]);
    },
  };

  async function gate(call: ToolCall): Promise<void> {
    const controller = new AbortController();
    cancelled.set(keyOf(call.id), controller);
    const identity = sha256Hex(new TextEncoder().encode(`${call.name}\n${call.argsText}`));
    let last: Answer | undefined;
    try {
      const opened = await openRun();
      const toolDigest = await digestOf(call.name);
      let waited = false;
      const tool = `${options.toolPrefix}${call.name}`;
      const outcome = await opened.act(
        {
          tool,
          args: undefined,
          argsText: call.argsText,
          tool_digest: toolDigest,
          idempotencyKey: keyOfCall(opened, identity, toolDigest),
          max_attempts: options.maxAttempts,
          attempt_timeout_ms: options.callTimeoutMs,
        },
        async (permit) => {
          // People took their time, and the server may have used it to offer another tool under the name they approved.
          if (waited && (await digestOf(call.name)) !== toolDigest) throw new Error("the tool changed while it waited");
          last = await askServer(call, metaOf({ runId: opened.id, actionId: permit.actionId }));
          const failure = failureOf(last.message);
          if (failure !== undefined) throw new FailedWithResult(failure, last.message.result ?? last.message.error);
          return last.message.result;
        },
        {
          approvalPatienceMs: options.holdMs,
          signal: controller.signal,
          onNotEnforced: (action) =>
            options.log(`NOT ENFORCED: ${call.name} is recorded as ${action.action_id}; the tenant only observes`),
          onWaiting: (action) => {
            waited = true;
            keepAlive(call, controller.signal, action.approval?.approval_id);
          },
        },
      );
      endedCalls.set(identity, (endedCalls.get(identity) ?? 0) + 1);
      if (last !== undefined) options.toClient(last.line);
      else
        options.toClient(
          toolError(
            call.id,
            `This call already ran: action ${outcome.action.action_id} is ${outcome.action.phase}.`,
            outcome.action,
          ),
        );
    } catch (error) {
      if (!(error instanceof ApprovalPending) && !isOutage(error))
        endedCalls.set(identity, (endedCalls.get(identity) ?? 0) + 1);
      // The server's own words when it answered; ours when the call never reached it.
      if (last !== undefined) options.toClient(last.line);
      else if (controller.signal.aborted)
        options.log(`call ${String(call.id)} was cancelled by the client; what waits can be resumed by repeating it`);
      else options.toClient(toolError(call.id, explain(error), memberOf(error)));
      if (!(error instanceof CountersignError) && !(error instanceof FailedWithResult))
        options.log(`${call.name}: ${textOf(error)}`);
    } finally {
      controller.abort();
      cancelled.delete(keyOf(call.id));
    }
  }

  /**
   * The key under which this call is asked. The n-th identical call of a run has the same key in every life of the
   * gateway, so a call repeated after a restart finds its action. When that one has already run, the client is told so
   * once and its next repeat is a new action: running twice by accident is the worse mistake.
   */
  function keyOfCall(opened: Run, identity: string, toolDigest: string): string {
    return `mcp-${sha256Hex(new TextEncoder().encode(`${opened.id}\n${identity}\n${toolDigest}\n${endedCalls.get(identity) ?? 0}`)).slice(0, 40)}`;
  }

  function askServer(call: ToolCall, ids: Readonly<Record<string, string>>): Promise<Answer> {
    return askFor(keyOf(call.id), formatToolCall(call, ids));
  }

  function askFor(key: string, line: string): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      const timer = setTimeout(() => {
        waitingForServer.delete(key);
        const error = new Error(`the MCP server did not answer within ${options.callTimeoutMs} ms`);
        error.name = "TimeoutError";
        reject(error);
      }, options.callTimeoutMs);
      waitingForServer.set(key, (answer) => {
        clearTimeout(timer);
        waitingForServer.delete(key);
        if (answer instanceof Error) reject(answer);
        else resolve(answer);
      });
      options.toServer(line);
    });
  }

  /** Progress notifications while people think, for clients that asked for them. */
  function keepAlive(call: ToolCall, signal: AbortSignal, approvalId: string | undefined): void {
    const token = call.meta.progressToken;
    const known = waitingFor.get(signal);
    waitingFor.set(signal, approvalId);
    // A new request took the place of the one it waited for: the same ticks go on with the new id.
    if (known !== undefined) return;
    if (typeof token !== "string" && typeof token !== "number") return;
    let progress = 0;
    const tell = () => {
      progress++;
      const message = `Waiting for approval ${waitingFor.get(signal) ?? ""}`.trim();
      options.toClient(
        JSON.stringify({
          jsonrpc: "2.0",
          method: "notifications/progress",
          params: { progressToken: token, progress, message },
        }),
      );
    };
    tell();
    const timer = setInterval(tell, PROGRESS_EVERY_MS);
    signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  }
}

/** The call with its exact argument bytes, or a sentence saying what is wrong with it. */
function readToolCall(document: StrictJson, message: Readonly<Record<string, unknown>>): ToolCall | string {
  const id = message.id;
  if (typeof id !== "string" && typeof id !== "number") return "tools/call needs an id.";
  const params = message.params;
  if (!isObject(params) || typeof params.name !== "string") return "tools/call needs params.name.";
  const name = params.name;
  if (params.arguments !== undefined && !isObject(params.arguments)) return "params.arguments must be an object.";
  const members = Object.keys(params);
  const rawOf = (member: string): string =>
    decoder.decode(document.slice(joinPointer("/params", member)) ?? new Uint8Array());
  return {
    id,
    name,
    argsText: params.arguments === undefined ? "{}" : rawOf("arguments"),
    otherParams: members
      .filter((member) => member !== "name" && member !== "arguments" && member !== "_meta")
      .map((member) => `${JSON.stringify(member)}:${rawOf(member)}`),
    meta: isObject(params._meta) ? params._meta : {},
  };
}

/** The call as the server gets it: the same argument bytes, and the run and action it belongs to in `_meta`. */
function formatToolCall(call: ToolCall, ids: Readonly<Record<string, string>>): string {
  const params = [
    `"name":${JSON.stringify(call.name)}`,
    `"arguments":${call.argsText}`,
    `"_meta":${JSON.stringify({ ...call.meta, ...ids })}`,
    ...call.otherParams,
  ];
  return `{"jsonrpc":"2.0","id":${JSON.stringify(call.id)},"method":"tools/call","params":{${params.join(",")}}}`;
}

function failureOf(message: Readonly<Record<string, unknown>>): string | undefined {
  const error = message.error;
  if (isObject(error)) return typeof error.message === "string" ? error.message : "JSON-RPC error";
  const result = message.result;
  if (isObject(result) && result.isError === true) {
    const content = result.content;
    const first: unknown = Array.isArray(content) ? content[0] : undefined;
    return isObject(first) && typeof first.text === "string" ? first.text : "the tool reported an error";
  }
  return undefined;
}

/** What the model is told. Reason and remedy, never rule text. */
function explain(error: unknown): string {
  if (error instanceof ActionDenied) return `Denied (${error.reason}). ${error.remedy}`;
  if (error instanceof ApprovalRejected)
    return `A person rejected this call (${error.action.approval?.reason ?? "no reason"}). Do not repeat it unchanged.`;
  if (error instanceof ApprovalPending) {
    return `Approval ${error.action.approval?.approval_id ?? ""} is waiting for a person. Repeat this exact call later to go on; it will run once.`;
  }
  if (error instanceof CountersignError) return `${error.message} ${error.remedy}`;
  return `The call did not run: ${textOf(error)}`;
}

function memberOf(error: unknown): unknown {
  return error instanceof ActionDenied || error instanceof ApprovalRejected || error instanceof ApprovalPending
    ? error.action
    : undefined;
}

function isOutage(error: unknown): boolean {
  return error instanceof CountersignError && error.status >= 500;
}

function toolError(id: RpcId, text: string, action: unknown): string {
  const about = isObject(action)
    ? {
        _meta: {
          "countersign/action_id": action.action_id,
          ...(isObject(action.approval) ? { "countersign/approval_id": action.approval.approval_id } : {}),
        },
      }
    : {};
  return JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text }], isError: true, ...about } });
}

function rpcError(id: RpcId | null, code: number, message: string): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } });
}

function idOf(message: Readonly<Record<string, unknown>>): RpcId | null {
  const id = message.id;
  return typeof id === "string" || typeof id === "number" ? id : null;
}

const keyOf = (id: unknown): string => JSON.stringify(id) ?? "";
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isBlank = (line: Uint8Array): boolean => line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
