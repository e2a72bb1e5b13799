/**
 * One HTTP operation of wire.ts, typed by it. Retries only what is safe: the same bytes under the same idempotency key,
 * when the gate said 503 or did not answer. Nothing here turns a failure into an answer.
 */
import { CountersignError } from "@countersign/evidence/errors";
import {
  type AnswerOf,
  type BodyOf,
  type OperationName,
  operations,
  type ParamsOf,
  type QueryOf,
} from "@countersign/evidence/wire";
import { errorOfProblem, GateUnavailable } from "./errors.ts";

export type TransportOptions = {
  /** Base address of the gate, e.g. `https://gate.example.com`; `/v1` is added. */
  readonly url: string;
  readonly apiKey: string;
  /** How long one request may take, in ms; long polls add their own wait. */
  readonly timeoutMs: number;
  /** How long to go on retrying a gate that is away, in ms, before GateUnavailable. */
  readonly patienceMs: number;
  readonly fetch: typeof fetch;
};

export type CallOptions<N extends OperationName> = {
  readonly params?: ParamsOf<N>;
  readonly query?: QueryOf<N>;
  /** The JSON body; give `bytes` instead when exact bytes matter. */
  readonly body?: BodyOf<N>;
  readonly bytes?: Uint8Array | string;
  readonly contentType?: string;
  /** Repeats of one write carry the same key. Made up when absent. */
  readonly idempotencyKey?: string;
  readonly waitMs?: number;
  /** Overrides the transport's patience for this call. */
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
};

/**
 * Calls an operation.
 *
 * @throws GateUnavailable when no answer came within the patience, or the gate stayed at 503
 * @throws CountersignError the refusal the gate answered with
 */
export async function callOperation<N extends OperationName>(
  transport: TransportOptions,
  name: N,
  call: CallOptions<N> = {},
): Promise<AnswerOf<N>> {
  const operation = operations[name];
  const write = operation.method !== "GET";
  const headers: Record<string, string> = { authorization: `Bearer ${transport.apiKey}`, accept: "application/json" };
  if (write) headers["idempotency-key"] = call.idempotencyKey ?? crypto.randomUUID();
  const body = call.bytes ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
  if (body !== undefined) headers["content-type"] = call.contentType ?? "application/json";
  const address = addressOf(transport.url, operation.path, call.params, call.query);
  const deadlineMs = performance.now() + (call.patienceMs ?? transport.patienceMs);

  for (let delayMs = 50; ; delayMs = Math.min(delayMs * 2, 2000)) {
    let failure: unknown;
    let retryAfterMs = 0;
    try {
      const timeout = AbortSignal.timeout(transport.timeoutMs + (call.waitMs ?? 0));
      const response = await transport.fetch(address, {
        method: operation.method,
        headers,
        redirect: "error",
        signal: call.signal === undefined ? timeout : AbortSignal.any([timeout, call.signal]),
        // A string or bytes of our own making: both are BodyInit; the DOM type only lacks the ArrayBufferLike case.
        ...(body === undefined ? {} : { body: body as string }),
      });
      if (response.ok) return (await answerOf(response, operation.answer)) as AnswerOf<N>;
      const refusal = errorOfProblem(response.status, await response.json().catch(() => undefined));
      if (response.status !== 503 && response.status !== 429) throw refusal;
      failure = refusal;
      retryAfterMs = Number(response.headers.get("retry-after") ?? "0") * 1000;
    } catch (caught) {
      if (caught instanceof CountersignError) throw caught;
      call.signal?.throwIfAborted();
      failure = caught;
    }
    const pauseMs = Math.max(delayMs, retryAfterMs);
    if (performance.now() + pauseMs > deadlineMs) {
      throw new GateUnavailable(
        failure,
        failure instanceof CountersignError ? failure.message : `No answer from ${new URL(address).origin}.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

function addressOf(url: string, path: string, params: unknown, query: unknown): string {
  const values = (params ?? {}) as Readonly<Record<string, string>>;
  const filled = path.replace(/:([a-z_]+)|\*/g, (_, name: string | undefined) =>
    name === undefined ? (values["*"] ?? "") : encodeURIComponent(values[name] ?? ""),
  );
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries((query ?? {}) as Readonly<Record<string, string | undefined>>)) {
    if (value !== undefined) search.set(name, value);
  }
  const suffix = search.size === 0 ? "" : `?${search}`;
  return `${url.replace(/\/+$/, "")}/v1${filled}${suffix}`;
}

async function answerOf(response: Response, kind: unknown): Promise<unknown> {
  if (kind === "bytes") return new Uint8Array(await response.arrayBuffer());
  if (kind === "text") return response.text();
  return response.json();
}
