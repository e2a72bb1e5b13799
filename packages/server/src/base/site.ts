/**
 * Pages built elsewhere, served under headers that let them run their own code and nothing else: one nonce a response,
 * no inline script or style, Trusted Types without a policy, no other origin to fetch from or be framed by. All files are
 * read and compressed once, when the server starts; what is not in the folder then is not served.
 */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { CountersignError } from "@countersign/evidence/errors";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/** What stands in a built page where each response puts its nonce. */
export const NONCE_PLACE = "countersign-nonce";

export type SiteOptions = {
  /** The folder with index.html and what it loads, as built. */
  readonly directory: string;
  /** Paths that show index.html, as find-my-way has them: `/approvals/:id`. */
  readonly pages: readonly string[];
  /** The address people come to, as a browser writes an origin. */
  readonly origin: () => string;
};

export type Site = { mount(app: FastifyInstance): void };

type Encoding = "br" | "gzip" | "identity";
type Asset = { readonly type: string; readonly bodies: Readonly<Record<Encoding, Buffer>> };

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".woff2": "font/woff2",
};
const YEAR_SECONDS = 365 * 24 * 60 * 60;

/**
 * Reads a built site.
 *
 * @throws CountersignError cannot-read when there is no index.html with a place for the nonce
 */
export function openSite({ directory, pages, origin }: SiteOptions): Site {
  const index = readPage(directory);
  const assets = readAssets(directory);

  return {
    mount(app) {
      for (const url of pages) {
        app.get(url, async (request, reply) => {
          const elsewhere = publicPlace(request, origin());
          if (elsewhere !== undefined) return reply.status(308).header("location", elsewhere).send();
          const nonce = randomBytes(18).toString("base64");
          return reply
            .headers(pageHeaders(nonce))
            .type("text/html; charset=utf-8")
            .send(index.replaceAll(NONCE_PLACE, nonce));
        });
      }
      for (const [path, asset] of assets) {
        app.get(path, async (request, reply) => sendAsset(request, reply, path, asset));
      }
    },
  };
}

function readPage(directory: string): string {
  let text: string;
  try {
    text = readFileSync(join(directory, "index.html"), "utf8");
  } catch (cause) {
    throw new CountersignError("cannot-read", { cause, detail: `${directory} has no built pages.` });
  }
  if (!text.includes(NONCE_PLACE)) {
    throw new CountersignError("cannot-read", { detail: `${directory}/index.html has no place for a nonce.` });
  }
  return text;
}

function readAssets(directory: string): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const file = join(entry.parentPath, entry.name);
    const identity = readFileSync(file);
    const bodies = { identity, gzip: gzipSync(identity, { level: 9 }), br: brotliCompressSync(identity) };
    assets.set(
      `/${file
        .slice(directory.length)
        .replace(/^[/\\]+/, "")
        .replaceAll("\\", "/")}`,
      { type, bodies },
    );
  }
  return assets;
}

/** Where a page is to be asked for instead: passkeys refuse 127.0.0.1, so who came there is sent to localhost. */
function publicPlace(request: FastifyRequest, origin: string): string | undefined {
  const { hostname, protocol } = new URL(origin);
  const here = (request.headers.host ?? "").replace(/:\d+$/, "");
  if (protocol !== "http:" || hostname !== "localhost" || (here !== "127.0.0.1" && here !== "[::1]")) return undefined;
  return origin + request.url;
}

function pageHeaders(nonce: string): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ];
  return {
    ...COMMON_HEADERS,
    "cache-control": "no-store",
    "content-security-policy": policy.join("; "),
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy":
      "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), geolocation=(), microphone=()",
  };
}

const COMMON_HEADERS = {
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

function sendAsset(request: FastifyRequest, reply: FastifyReply, path: string, { type, bodies }: Asset): FastifyReply {
  const encoding = encodingFor(request.headers["accept-encoding"]);
  // Built names carry a hash of their content; anything else is asked for anew.
  const isHashed = /-[\w-]{8,}\.\w+$/.test(path);
  return reply
    .headers({
      ...COMMON_HEADERS,
      "cache-control": isHashed ? `public, max-age=${YEAR_SECONDS}, immutable` : "no-cache",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'",
      vary: "accept-encoding",
      ...(encoding === "identity" ? {} : { "content-encoding": encoding }),
    })
    .type(type)
    .send(bodies[encoding]);
}

function encodingFor(accepted: string | string[] | undefined): Encoding {
  const names = String(accepted ?? "")
    .toLowerCase()
    .split(",")
    .filter((part) => !/;\s*q=0(?:\.0*)?\s*$/.test(part))
    .map((part) => part.split(";")[0]?.trim());
  return names.includes("br") ? "br" : names.includes("gzip") ? "gzip" : "identity";
}
