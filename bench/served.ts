/** A whole server in this process, asked over a socket with a key: what the benches of the gate stand on. */
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type App, openApp } from "@countersign/server/app";
import { systemClock } from "@countersign/server/base/clock";
import { readConfig } from "@countersign/server/base/config";
import { silentLog } from "@countersign/server/base/log";
import { OPERATOR } from "@countersign/server/ledger/testing";

/** The folder of the starter policy. */
export const STARTER = join(import.meta.dirname, "..", "packages", "server", "policies", "starter");

export type Served = {
  readonly app: App;
  /** An operation of the admin socket, as the machine's operator. */
  admin(operation: string, input: object): Promise<unknown>;
  /** A new key. */
  keyOf(tenant: string, role: string, id: string): Promise<string>;
  /** A POST over a kept-alive connection. @throws Error when it is refused */
  post<T>(key: string, path: string, body: object): Promise<T>;
  close(): Promise<void>;
};

/** @param connections sockets at the most */
export async function openServed(connections: number): Promise<Served> {
  const directory = mkdtempSync(join(tmpdir(), "countersign-bench-"));
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  const { config } = readConfig({});
  const app = await openApp({
    dataDir: join(directory, "data"),
    signerDir: join(directory, "signer"),
    sealDir: join(directory, "seal"),
    config: { ...config, hostName: "bench.example.com", policyDeadlineMs: 10_000 },
    clock: systemClock,
    log: silentLog,
    warm: true,
  });
  const port = await app.http.listen("127.0.0.1", 0);
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let sent = 0;

  const admin: Served["admin"] = async (operation, input) =>
    app.admin[operation]!(input as Record<string, unknown>, OPERATOR); // named by the bench, plain JSON

  return {
    app,
    admin,

    async keyOf(tenant, role, id) {
      const made = (await admin("credential.create", { tenant, role, id })) as { key: string }; // its documented answer
      return made.key;
    },

    post<T>(key: string, path: string, body: object) {
      const text = JSON.stringify(body);
      const headers = {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(text),
        "idempotency-key": `bench-${sent++}`,
      };
      return new Promise<T>((resolve, reject) => {
        const order = httpRequest({ host: "127.0.0.1", port, path, method: "POST", headers, agent }, (reply) => {
          const parts: Buffer[] = [];
          reply.on("data", (part: Buffer) => parts.push(part));
          reply.on("end", () => {
            const answer = Buffer.concat(parts).toString();
            if ((reply.statusCode ?? 500) < 400)
              resolve(JSON.parse(answer) as T); // what wire.ts says of the operation
            else reject(new Error(`${path} answered ${reply.statusCode}: ${answer}`));
          });
        });
        order.on("error", reject);
        order.end(text);
      });
    },

    async close() {
      await app.close();
      agent.destroy();
    },
  };
}
