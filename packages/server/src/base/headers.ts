/** What a request's headers say of its body, checked before a byte of it is read. */
import { CountersignError } from "@countersign/evidence/errors";
import type { FastifyRequest } from "fastify";
import type { BodyKind } from "./request.ts";

/** @throws CountersignError validation-failed when a request that takes no body announces one */
export function refuseBody(request: FastifyRequest): void {
  const { "content-length": length = "0", "transfer-encoding": encoding } = request.headers;
  if (length !== "0" || encoding !== undefined) {
    throw new CountersignError("validation-failed", { pointer: "", detail: "It takes no body." });
  }
}

const MEDIA_TYPES = { json: "application/json", ndjson: "application/x-ndjson" } as const;

/** @throws CountersignError unsupported-media-type */
export function refuseMediaType(request: FastifyRequest, body: BodyKind): void {
  const { "content-type": type = "", "content-encoding": encoding = "identity" } = request.headers;
  if (encoding !== "identity") {
    throw new CountersignError("unsupported-media-type", { detail: "Bodies are sent without Content-Encoding." });
  }
  if (body.kind !== "json" && body.kind !== "ndjson") return;
  const wanted = MEDIA_TYPES[body.kind];
  const [name = "", ...parameters] = type
    .toLowerCase()
    .split(";")
    .map((part) => part.trim());
  const fits = name === wanted && parameters.every((parameter) => /^charset="?utf-8"?$/.test(parameter));
  if (!fits) throw new CountersignError("unsupported-media-type", { detail: `This one takes ${wanted}.` });
}
