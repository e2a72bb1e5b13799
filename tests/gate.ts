/** A real server in a child process with one tenant, one agent, one approver and the starter policy: what tests act on. */
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { McpTool } from "@countersign/evidence/tool-contract";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { must, type Served, serve } from "../examples/demo/cli.ts";

export type Gate = {
  readonly folder: string;
  readonly url: string;
  readonly keys: {
    readonly agent: string;
    readonly executor: string;
    readonly approver: string;
    readonly auditor: string;
  };
  /** Answers the first waiting request as the approver, with a signature. */
  answer(verb: "approve" | "reject", reason: string): Promise<void>;
  cli(...args: string[]): Promise<string>;
  stop(): Promise<void>;
  /** Starts the server again on the same data; the address changes. */
  restart(): Promise<string>;
  remove(): Promise<void>;
};

/** What the real filesystem server, which the starter policy's contracts are pinned to, says of its tools. */
export async function filesystemTools(): Promise<readonly McpTool[]> {
  const folder = await mkdtemp(join(tmpdir(), "countersign-tools-"));
  const server = fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-filesystem/dist/index.js"));
  const client = new Client({ name: "tests", version: "0" });
  const args = [server, folder];
  await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: "ignore" }));
  const { tools } = await client.listTools();
  await client.close();
  await rm(folder, { recursive: true });
  return tools as readonly McpTool[]; // the SDK has checked the same shape
}

/** A server's answer to the gateway's own question for its tools; undefined for any other line. */
export function toolsAnswer(message: { id?: unknown; method?: string }, tools: readonly McpTool[]): string | undefined {
  if (message.method !== "tools/list" || !String(message.id).startsWith("countersign-")) return undefined;
  return JSON.stringify({ jsonrpc: "2.0", id: message.id, result: { tools } });
}

const STARTER = join(import.meta.dirname, "..", "packages", "server", "policies", "starter");

/** @param options.publish false leaves the tenant without a policy */
export async function openGate({ publish = true }: { readonly publish?: boolean } = {}): Promise<Gate> {
  const folder = await mkdtemp(join(tmpdir(), "countersign-gate-"));
  const data = join(folder, "data");
  const db = ["--data", data, "--tenant", "acme"];
  let served: Served | undefined = await serve(data, join(folder, "signer"));
  let { url } = served;
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  await writeFile(join(folder, "dana.pem"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  await writeFile(join(folder, "dana.pub"), publicKey.export({ type: "spki", format: "pem" }));
  await must("tenant", "create", "--data", data, "--id", "acme", "--kind", "evaluation");
  await must("agent", "register", ...db, "--id", "files-agent", "--ceiling", "fs.read,fs.write,fs.delete");
  await must(
    "approver",
    "enroll",
    ...db,
    "--id",
    "dana",
    "--roles",
    "oncall_sre",
    "--public-key",
    join(folder, "dana.pub"),
  );
  const key = async (role: string, id: string) => {
    const made: unknown = JSON.parse(await must("credential", "create", ...db, "--role", role, "--id", id, "--json"));
    return (made as { key: string }).key; // The command's documented answer.
  };
  const keys = {
    agent: await key("agent", "files-agent"),
    executor: await key("executor", "gateway"),
    approver: await key("approver", "dana"),
    auditor: await key("auditor", "erin"),
  };
  if (publish) await must("policy", "publish", STARTER, ...db);
  const stop = async () => {
    await served?.stop();
    served = undefined;
  };
  return {
    folder,
    get url() {
      return url;
    },
    keys,
    cli: (...args) => must(...args, ...db),
    async answer(verb, reason) {
      for (let attempt = 0; attempt < 400; attempt++) {
        const listed: unknown = JSON.parse(await must("approvals", "list", ...db, "--state", "REQUESTED", "--json"));
        const { approvals } = listed as { approvals: { approval_id: string }[] }; // The command's documented answer.
        const first = approvals[0];
        if (first !== undefined) {
          await must(
            verb,
            first.approval_id,
            ...db,
            "--as",
            "dana",
            "--key",
            join(folder, "dana.pem"),
            "--reason",
            reason,
          );
          return;
        }
      }
      throw new Error("nothing waits for an answer");
    },
    stop,
    async restart() {
      await stop();
      served = await serve(data, join(folder, "signer"));
      url = served.url;
      return url;
    },
    async remove() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
