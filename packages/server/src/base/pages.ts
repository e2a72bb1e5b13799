/**
 * The documents beside the API: its description, a plain page of its operations, and the table of refusals. Plain HTML
 * with nothing to run or load; everything in it comes from our own tables.
 */
import { errors } from "@countersign/evidence/errors";
import { routes } from "@countersign/evidence/generated/wire-shapes";
import { type OperationName, operations } from "@countersign/evidence/wire";
import type { Document } from "./http.ts";

/** @param openApi the OpenAPI 3.1 document, as JSON text */
export function pages(openApi: string): readonly Document[] {
  const html = "text/html; charset=utf-8";
  return [
    {
      path: "/v1/openapi.json",
      roles: ["public"],
      contentType: "application/json; charset=utf-8",
      read: () => openApi,
    },
    { path: "/docs", roles: ["public"], contentType: html, read: () => operationsPage },
    { path: "/docs/errors", roles: ["public"], contentType: html, read: () => errorsPage },
  ];
}

/** Text as HTML text or attribute value. */
export function escapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (letter) => names[letter]!); // the class has exactly the names' keys
}

function page(title: string, body: string): string {
  const style =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}" +
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #8884}" +
    "code{font:13px ui-monospace,monospace}";
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title><style>${style}</style><h1>${escapeHtml(title)}</h1>${body}</html>\n`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.map((text) => `<th>${escapeHtml(text)}`).join("");
  return `<table><thead><tr>${head}<tbody>${rows.map((cells) => `<tr>${cells.join("")}`).join("")}</table>`;
}

const cell = (text: string) => `<td>${escapeHtml(text)}`;
const code = (text: string) => `<td><code>${escapeHtml(text)}</code>`;

const operationsPage = page(
  "Countersign API",
  `<p>The machine-readable description is <a href="/v1/openapi.json">/v1/openapi.json</a> (OpenAPI 3.1). Credentials go into <code>Authorization: Bearer</code>; every write carries an <code>Idempotency-Key</code>. Refusals are problem documents with a code of <a href="/docs/errors">this table</a>.</p>${table(
    ["Operation", "Path", "Roles", "What it does"],
    (Object.keys(routes) as OperationName[]).map((name) => {
      const { method, path, roles } = routes[name];
      return [code(name), code(`${method} /v1${path}`), cell(roles.join(", ")), cell(operations[name].summary)];
    }),
  )}`,
);

const errorsPage = page(
  "Countersign refusals",
  table(
    ["Code", "Status", "What happened", "What to do"],
    Object.entries(errors).map(([name, [status, title, remedy]]) => [
      `<td id="${escapeHtml(name.replace(":", "-"))}"><code>${escapeHtml(name)}</code>`,
      cell(String(status)),
      cell(title),
      cell(remedy),
    ]),
  ),
);
