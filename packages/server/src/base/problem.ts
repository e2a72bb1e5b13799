/** Every refusal on its way out: one place that turns whatever was thrown into an RFC 9457 problem document. */
import type { Socket } from "node:net";
import { CountersignError, formatProblem } from "@countersign/evidence/errors";

/** A refusal as HTTP answers it. */
export type Refusal = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** Seconds after which what was busy may be asked again. */
const RETRY_AFTER_SECONDS = 1;

/** What Fastify throws by itself, and what we call it. */
const fastifyCodes: Readonly<Record<string, ConstructorParameters<typeof CountersignError>>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ["body-too-large"],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ["unsupported-media-type"],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ["malformed-http", { detail: "Content-Length is not the length of the body." }],
  FST_ERR_MAX_PARAM_LENGTH: ["not-found", { detail: "No id is that long." }],
  FST_ERR_BAD_URL: ["malformed-http", { detail: "The path is not percent-encoded UTF-8." }],
};

/** The refusal behind anything thrown; what we did not foresee is `internal` and says nothing about the inside. */
export function refusalOf(thrown: unknown): CountersignError {
  if (thrown instanceof CountersignError) return thrown;
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  if (Object.hasOwn(fastifyCodes, code)) {
    const [known, about] = fastifyCodes[code]!;
    return new CountersignError(known, { ...about, cause: thrown });
  }
  return new CountersignError("internal", { cause: thrown });
}

/** The answer to a refused request. */
export function formatRefusal(refusal: CountersignError, requestId: string): Refusal {
  return {
    status: refusal.status,
    headers: {
      "content-type": "application/problem+json",
      ...(refusal.status === 503 ? { "retry-after": String(RETRY_AFTER_SECONDS) } : {}),
      ...(refusal.status === 401 ? { "www-authenticate": 'Bearer realm="countersign"' } : {}),
    },
    body: JSON.stringify({ ...formatProblem(refusal), request_id: requestId }),
  };
}

/** Bytes that are no HTTP request never become one: answered on the socket, which is then closed. */
export function answerBrokenClient(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const code =
    error.code === "HPE_HEADER_OVERFLOW"
      ? "headers-too-large"
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "request-timeout"
        : "malformed-http";
  const { status, headers, body } = formatRefusal(new CountersignError(code), "none");
  const lines = Object.entries({ ...headers, "content-length": Buffer.byteLength(body), connection: "close" });
  const head = lines.map(([name, value]) => `${name}: ${value}`).join("\r\n");
  socket.end(`HTTP/1.1 ${status} Refused\r\n${head}\r\n\r\n${body}`);
}
