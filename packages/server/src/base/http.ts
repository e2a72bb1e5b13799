/**
 * HTTP: every operation of wire.ts under /v1, and a few documents beside them. Fastify routes and reads bodies; parsing,
 * checking, authentication, limits and refusals are ours. A request is refused as early as can be: unknown path or
 * method, no credential, wrong role, no idempotency key and too large a body all before its body is read.
 */
import { hash, randomBytes } from "node:crypto";
import { CountersignError } from "@countersign/evidence/errors";
import type { ActorBlock, RoleName } from "@countersign/evidence/event";
import { routes } from "@countersign/evidence/generated/wire-shapes";
import { bodyLimits, DEFAULT_BODY_LIMIT_BYTES, type OperationName } from "@countersign/evidence/wire";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { parseBearer } from "./auth.ts";
import type { Clock } from "./clock.ts";
import { refuseBody, refuseMediaType } from "./headers.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { answerBrokenClient, formatRefusal, refusalOf } from "./problem.ts";
import { type BodyKind, bodyKindOf, parseBody, parseParams, parseQuery } from "./request.ts";
import type { Call, Caller, Handler, Handlers } from "./routes.ts";
import type { Submission } from "./submission.ts";

/** A GET outside wire.ts: a page, a key set, metrics. */
export type Document = {
  readonly path: string;
  /** Roles that may read it; `public` needs no credential, and a credential that came is checked all the same. */
  readonly roles: readonly (RoleName | "public")[];
  readonly contentType: string;
  read(caller: Caller | undefined): string | Promise<string>;
};

export type HttpOptions = {
  readonly handlers: Handlers;
  readonly documents: readonly Document[];
  /** Who holds this key. @throws CountersignError unauthenticated, credential-expired */
  readonly authenticate: (key: string) => Caller;
  /**
   * Who a request without a key speaks for, by what a browser sends along; in one of these roles.
   * @throws CountersignError why it speaks for nobody
   */
  readonly identifyBrowser?: (request: FastifyRequest, roles: readonly string[]) => Caller | undefined;
  /** Whether people and agents reach this server over TLS: browsers are then told never to come without. */
  readonly overTls?: () => boolean;
  /** Registers what stands beside the operations of wire.ts, before anything listens. */
  readonly mount?: (app: FastifyInstance) => void;
  /** The tenant's newest signed checkpoint: a C2SP note. */
  readonly newestCheckpoint: (tenant: string) => string | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly limits: { readonly maxConnections: number; readonly maxBodyBytes: number };
};

export type Http = {
  /** Starts listening; resolves with the port in use. */
  listen(host: string, port: number): Promise<number>;
  /** Answers a request without a socket, for tests. */
  readonly inject: FastifyInstance["inject"];
  /** Takes no more requests, answers those under way, then resolves. */
  close(): Promise<void>;
};

const HEADER_BYTES = 16 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
/** 64 MiB in this time is a slow line; slower is an attack. */
const REQUEST_TIMEOUT_MS = 120_000;
const IDLE_TIMEOUT_MS = 150_000;
const KEEP_ALIVE_MS = 72_000;
const STOP_WITHIN_MS = 10_000;
/** What a command takes in the ledger's queue besides its body, roughly. */
const COMMAND_BYTES = 4096;
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
/** Pages are ours, but nothing in them may run or load. */
export const SECURITY_HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

/** A year, and every host below (RFC 6797). */
const STRICT_TRANSPORT = `max-age=${365 * 24 * 60 * 60}; includeSubDomains`;

/** What is known of a request before its body is read. */
type Arrival = {
  readonly operation: OperationName | undefined;
  readonly startedMs: number;
  caller: Caller | undefined;
  idempotencyKey: string | undefined;
  reservedBytes: number;
  abort: AbortController | undefined;
};

type Route = {
  readonly name: OperationName;
  readonly method: "GET" | "POST" | "PUT";
  readonly roles: readonly (RoleName | "public")[];
  readonly body: BodyKind;
  readonly limitBytes: number;
  readonly handler: Handler<OperationName>;
};

/** Builds the HTTP side; nothing listens yet. */
export function openHttp(options: HttpOptions): Http {
  const { documents, authenticate, newestCheckpoint, log, metrics, clock, limits } = options;
  const arrivals = new WeakMap<FastifyRequest, Arrival>();
  const underWay = new Set<Arrival>();
  const idPrefix = randomBytes(6).toString("hex");
  let requests = 0;
  let bodyBytes = 0;
  let stopping = false;

  const app = fastify({
    exposeHeadRoutes: false,
    return503OnClosing: false,
    forceCloseConnections: "idle",
    bodyLimit: DEFAULT_BODY_LIMIT_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: IDLE_TIMEOUT_MS,
    http: { maxHeaderSize: HEADER_BYTES, headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: 5000 },
    genReqId: () => `req-${idPrefix}-${(requests++).toString(36)}`,
    // The query is parsed by parseQuery, which can refuse; what Fastify parses here nobody reads.
    routerOptions: { maxParamLength: 256, querystringParser: () => ({}) },
    clientErrorHandler: answerBrokenClient,
    frameworkErrors: (thrown, request, reply) => refuse(thrown, request, reply),
  });
  app.server.maxConnections = limits.maxConnections;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.setErrorHandler(refuse);
  app.setNotFoundHandler((request, reply) => {
    arrive(request, undefined);
    refuse(new CountersignError("not-found", { detail: "No operation has this path." }), request, reply);
  });
  app.addHook("onSend", async (_request, reply, payload) => {
    if (options.overTls?.() === true) reply.header("strict-transport-security", STRICT_TRANSPORT);
    return payload;
  });
  app.addHook("onResponse", async (request, reply) => leave(request, reply));

  const allowed = new Map<string, string[]>();
  for (const name of Object.keys(routes) as OperationName[]) {
    const operation = routes[name];
    const url = `/v1${operation.path}`;
    allowed.set(url, [...(allowed.get(url) ?? []), operation.method]);
    const handler = options.handlers[name] as Handler<OperationName>; // one name, one handler: the table says so
    const limitBytes = bodyLimits[name] ?? DEFAULT_BODY_LIMIT_BYTES;
    serve(url, { name, method: operation.method, roles: operation.roles, body: bodyKindOf(name), limitBytes, handler });
  }
  for (const document of documents) {
    allowed.set(document.path, ["GET"]);
    serveDocument(document);
  }
  for (const [url, methods] of allowed) {
    app.route({
      method: METHODS.filter((method) => !methods.includes(method)),
      url,
      onRequest: async (request, reply) => {
        arrive(request, undefined);
        reply.header("allow", methods.join(", "));
        throw new CountersignError("method-not-allowed", { detail: `It takes ${methods.join(", ")}.` });
      },
      handler: async () => undefined,
    });
  }

  options.mount?.(app);

  return {
    async listen(host, port) {
      await app.listen({ host, port });
      const address = app.server.address();
      return typeof address === "object" && address !== null ? address.port : port;
    },
    inject: app.inject.bind(app) as FastifyInstance["inject"], // bind() keeps one of the overloads only
    async close() {
      stopping = true;
      for (const arrival of underWay) arrival.abort?.abort();
      // A client that never ends its request must not keep the server from stopping.
      const cut = setTimeout(() => app.server.closeAllConnections(), STOP_WITHIN_MS);
      await app.close();
      clearTimeout(cut);
    },
  };

  function serve(url: string, route: Route): void {
    app.route({
      method: route.method,
      url,
      bodyLimit: route.limitBytes,
      onRequest: async (request) => {
        const arrival = arrive(request, route.name);
        admit(request, arrival, route);
        reserve(request, arrival, route);
      },
      handler: async (request, reply) => {
        const arrival = arrivals.get(request)!; // set by onRequest
        const call = callOf(request, reply, arrival, route);
        const answer = await route.handler(call);
        reply.status(answer.status ?? 200).headers(SECURITY_HEADERS);
        if (answer.headers !== undefined) reply.headers(answer.headers);
        stamp(arrival, route.method, reply);
        return send(reply, answer.body);
      },
    });
  }

  function serveDocument(document: Document): void {
    app.route({
      method: "GET",
      url: document.path,
      onRequest: async (request) => {
        const arrival = arrive(request, undefined);
        refuseBody(request);
        identify(request, arrival, document.roles);
      },
      handler: async (request, reply) => {
        const text = await document.read(arrivals.get(request)?.caller);
        return reply.headers(SECURITY_HEADERS).type(document.contentType).send(text);
      },
    });
  }

  function arrive(request: FastifyRequest, operation: OperationName | undefined): Arrival {
    const known = arrivals.get(request);
    if (known !== undefined) return known;
    const arrival: Arrival = {
      operation,
      startedMs: clock.monotonicMs(),
      caller: undefined,
      idempotencyKey: undefined,
      reservedBytes: 0,
      abort: undefined,
    };
    arrivals.set(request, arrival);
    if (stopping) throw new CountersignError("core:stopping");
    underWay.add(arrival);
    return arrival;
  }

  function leave(request: FastifyRequest, reply: FastifyReply): void {
    const arrival = arrivals.get(request);
    if (arrival === undefined || !underWay.delete(arrival)) return;
    release(arrival);
    metrics.answered(arrival.operation ?? "other", reply.statusCode, clock.monotonicMs() - arrival.startedMs);
  }

  /** Who asks, and may they: before a byte of the body is read. */
  function admit(request: FastifyRequest, arrival: Arrival, route: Route): void {
    identify(request, arrival, route.roles);
    if (route.method === "GET") {
      refuseBody(request);
      return;
    }
    const key = request.headers["idempotency-key"];
    if (typeof key !== "string" || !IDEMPOTENCY_KEY.test(key)) throw new CountersignError("idempotency-key-missing");
    arrival.idempotencyKey = key;
    refuseMediaType(request, route.body);
  }

  function identify(request: FastifyRequest, arrival: Arrival, roles: readonly (RoleName | "public")[]): void {
    const { authorization } = request.headers;
    refuseTwoKeys(request);
    if (authorization === undefined && roles.includes("public")) return;
    const key = parseBearer(authorization);
    const caller =
      key !== undefined
        ? authenticate(key)
        : authorization === undefined
          ? options.identifyBrowser?.(request, roles)
          : undefined;
    if (caller === undefined) throw new CountersignError("unauthenticated");
    arrival.caller = caller;
    if (roles.includes("public") || roles.includes(caller.role)) return;
    throw new CountersignError("forbidden", { detail: `The role is ${caller.role}; it takes ${roles.join(", ")}.` });
  }

  /** Bodies are read into memory; together they may hold only so much of it. */
  function reserve(request: FastifyRequest, arrival: Arrival, route: Route): void {
    if (route.method === "GET") return;
    const announced = Number(request.headers["content-length"] ?? route.limitBytes);
    if (announced > route.limitBytes) throw new CountersignError("body-too-large", { detail: limitWords(route) });
    if (bodyBytes + announced > limits.maxBodyBytes) {
      throw new CountersignError("core:overloaded", { detail: "Too many bytes of request bodies are under way." });
    }
    bodyBytes += announced;
    arrival.reservedBytes = announced;
    // A client that goes away in the middle of its body gets no response, so onResponse alone would leak.
    request.raw.once("close", () => release(arrival));
  }

  function release(arrival: Arrival): void {
    bodyBytes -= arrival.reservedBytes;
    arrival.reservedBytes = 0;
  }

  function callOf(request: FastifyRequest, reply: FastifyReply, arrival: Arrival, route: Route): Call<OperationName> {
    const at = request.url.indexOf("?");
    const params = parseParams(route.name, request.params);
    const query = parseQuery(route.name, at < 0 ? "" : request.url.slice(at + 1));
    const bytes = request.body instanceof Uint8Array ? request.body : new Uint8Array(0);
    const body = parseBody(route.body, bytes);
    const caller = arrival.caller;
    const call = {
      params,
      query,
      body: body.value,
      bytes,
      raw: body.raw,
      caller,
      get submission() {
        const by = submissionOf(caller!, route, request.url, bytes, arrival.idempotencyKey);
        const traceparent = traceOf(request.headers.traceparent);
        return traceparent === undefined ? by : { ...by, traceparent };
      },
      get signal() {
        return signalOf(reply, arrival);
      },
    };
    // The parts were checked against this operation's schemas just now; the types of wire.ts say the same.
    return call as unknown as Call<OperationName>;
  }

  function signalOf(reply: FastifyReply, arrival: Arrival): AbortSignal {
    if (arrival.abort === undefined) {
      const abort = new AbortController();
      arrival.abort = abort;
      reply.raw.once("close", () => abort.abort());
      if (stopping) abort.abort();
    }
    return arrival.abort.signal;
  }

  /** A writer learns how far the log has grown: what its own evidence is under, and what later ones must extend. */
  function stamp(arrival: Arrival, method: string, reply: FastifyReply): void {
    if (arrival.caller === undefined || method === "GET") return;
    const note = newestCheckpoint(arrival.caller.tenant);
    if (note !== undefined) reply.header("countersign-checkpoint", Buffer.from(note).toString("base64"));
  }

  function refuse(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const refusal = refusalOf(thrown);
    const { status, headers, body } = formatRefusal(refusal, request.id);
    metrics.refused(refusal.code);
    if (refusal.code === "internal") log.error({ request: request.id, err: refusal.cause }, "a request failed");
    const arrival = arrivals.get(request);
    if (arrival !== undefined) stamp(arrival, request.method, reply);
    // What is left of a refused body is not read; the connection cannot be used again.
    if (request.raw.complete === false) reply.header("connection", "close");
    // As bytes: to a string Fastify would add a charset, which problem documents do not have (RFC 9457 §3).
    return reply.status(status).headers(SECURITY_HEADERS).headers(headers).send(Buffer.from(body));
  }
}

/** Of two keys Node hands on the first, and what stands before us may have looked at the second. */
function refuseTwoKeys({ raw }: FastifyRequest): void {
  const keys = raw.rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === "authorization").length;
  if (keys > 1) throw new CountersignError("malformed-http", { detail: "It has more than one Authorization header." });
}

/** Who acts, for the event: the holder of the credential, or the person of the session. */
export function actorOf(caller: Caller): ActorBlock {
  const { kind, id } = caller.holder;
  const by = caller.credentialId.startsWith("ses_") ? "session" : "credential";
  return { type: kind === "service" ? "operator" : kind, id, [by]: caller.credentialId };
}

/** The trace a request belongs to; a header that is none is passed over, as W3C Trace Context says (§3.2.2.5). */
export function traceOf(header: unknown): string | undefined {
  const parts = typeof header === "string" ? TRACEPARENT.exec(header) : null;
  if (parts === null || parts[1] === "ff" || /^0+$/.test(parts[2]!) || /^0+$/.test(parts[3]!)) return undefined;
  return parts[0];
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

/** The same request again has the same hash: method, path with query, and the body's bytes. */
function submissionOf(
  caller: Caller,
  route: Route,
  url: string,
  bytes: Uint8Array,
  idempotencyKey: string | undefined,
): Submission {
  const by = { tenant: caller.tenant, actor: actorOf(caller), sizeBytes: bytes.length + COMMAND_BYTES };
  if (idempotencyKey === undefined) return by;
  const request = Buffer.concat([Buffer.from(`${route.method} ${url}\n`), bytes]);
  return {
    ...by,
    idempotency: { scope: caller.credentialId, key: idempotencyKey, bodyHash: hash("sha256", request) },
  };
}

function send(reply: FastifyReply, body: unknown): FastifyReply {
  if (typeof body === "string") return ensureType(reply, "text/plain; charset=utf-8").send(body);
  if (body instanceof Uint8Array) return ensureType(reply, "application/octet-stream").send(body);
  return reply.type("application/json; charset=utf-8").send(JSON.stringify(body));
}

function ensureType(reply: FastifyReply, type: string): FastifyReply {
  return reply.hasHeader("content-type") ? reply : reply.type(type);
}

function limitWords(route: Route): string {
  return `This operation takes ${route.limitBytes} bytes.`;
}
