/** What an MCP server says its tools are, asked just before one is called. */
import { type McpTool, mcpToolDigest } from "@countersign/evidence/tool-contract";

/** Asks the server for one page of its tools; the JSON-RPC answer. */
export type AskForTools = (cursor: string | undefined) => Promise<Readonly<Record<string, unknown>>>;

/** Pages asked for at most; a server that goes on for ever offers no tool. */
const MAX_PAGES = 64;
/** Of a tool the server does not offer: no contract pins it. */
const NO_TOOL = `sha256:${"0".repeat(64)}`;

/**
 * The digest of the tool's definition as the server gives it now. Calls that ask at the same time share one listing.
 *
 * @returns a digest that nothing is pinned to when the server does not offer the tool, twice offers it, or lists nothing
 */
export function openToolDigests(ask: AskForTools): (name: string) => Promise<string> {
  let listing: Promise<ReadonlyMap<string, string>> | undefined;
  return async (name) => {
    // Only what is listed after the question was put counts: a listing under way may be older.
    await listing?.catch(() => undefined);
    listing ??= listTools(ask).finally(() => {
      listing = undefined;
    });
    return (await listing).get(name) ?? NO_TOOL;
  };
}

async function listTools(ask: AskForTools): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { result } = await ask(cursor);
    if (!isObject(result) || !Array.isArray(result.tools)) return digests;
    for (const tool of result.tools as readonly unknown[]) {
      if (!isTool(tool)) continue;
      digests.set(tool.name, digests.has(tool.name) ? NO_TOOL : digestOfTool(tool));
    }
    if (typeof result.nextCursor !== "string") return digests;
    cursor = result.nextCursor;
  }
  return new Map();
}

function digestOfTool(tool: McpTool): string {
  try {
    return mcpToolDigest(tool);
  } catch {
    return NO_TOOL; // no canonical JSON: nobody can have reviewed it
  }
}

function isTool(tool: unknown): tool is McpTool {
  return isObject(tool) && typeof tool.name === "string" && isObject(tool.inputSchema);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
