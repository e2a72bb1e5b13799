/** `countersign serve`. */
import { CountersignError } from "@countersign/evidence/errors";
import type { Command } from "commander";
import { systemClock } from "../base/clock.ts";
import type { Config } from "../base/config.ts";
import { openLog } from "../base/log.ts";
import { rememberDirectories, settleDirectories } from "../instance.ts";
import { serveAdmin } from "../ledger/admin-socket.ts";
import { parsePublicUrl } from "../people/public-url.ts";
import { leaf } from "./command.ts";

export function addServeCommand(program: Command): void {
  leaf(
    program,
    {
      name: "serve",
      summary: "Serve a data directory until SIGTERM.",
      example: "serve --data ./data --port 7070",
      settings: [
        "data",
        "signerDir",
        "sealDir",
        "host",
        "port",
        "publicUrl",
        "oidcIssuer",
        "oidcClientId",
        "oidcClientSecret",
        "oidcRoles",
        "firstRunLink",
        "acceptSignerReset",
        "hostName",
        "logLevel",
        "maxConnections",
        "maxBodyBytes",
        "policyDeadlineMs",
        "notifyWebhookUrl",
        "notifyWebhookSecret",
        "notifyLoopback",
        "notifySmtpUrl",
        "notifyFrom",
        "notifyTo",
      ],
    },
    async ({ config, env }) => {
      const log = openLog(config.logLevel as Parameters<typeof openLog>[0]); // one of the choices of the table
      refuseInTheClear(config);
      // Heard from the first moment: a signal while the ledger opens stops the server as soon as it can.
      const stopped = new Promise<NodeJS.Signals>((resolve) => {
        for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, resolve);
      });
      const directories = settleDirectories(
        { data: config.data, signerDir: config.signerDir, sealDir: config.sealDir },
        env,
      );
      // Loaded when it is needed: a command that asks for help should not pay for a server.
      const { openApp } = await import("../app.ts");
      const app = await openApp({ ...directories, config, clock: systemClock, log, warm: true });
      rememberDirectories(directories);
      try {
        const socket = await serveAdmin(directories.dataDir, app.admin);
        try {
          const port = await app.http.listen(config.host, config.port).catch(refuseAddress);
          const host = config.host.includes(":") ? `[${config.host}]` : config.host;
          process.stdout.write(`listening on http://${host}:${port}\n`);
          // A link is a credential: only a person at a terminal sees it, never a log file, unless somebody asks for it.
          const { firstRunLink: wanted } = config;
          if (wanted === "always" || (wanted === "terminal" && process.stderr.isTTY)) await showFirstRunLink(app);
          log.info({ signal: await stopped }, "stopping");
        } finally {
          await socket.close();
        }
      } finally {
        await app.close();
      }
    },
  );
}

async function showFirstRunLink(app: { firstRunLink(): Promise<{ readonly url: string } | undefined> }): Promise<void> {
  const link = await app.firstRunLink();
  if (link !== undefined) process.stderr.write(`set up the first admin, once: ${link.url}\n`);
}

function refuseAddress(cause: unknown): never {
  if (!(cause instanceof Error && "syscall" in cause && cause.syscall === "listen")) throw cause;
  const why = "code" in cause && cause.code === "EADDRINUSE" ? "Something else listens there" : "It cannot be used";
  throw new CountersignError("cannot-listen", { cause, detail: `${why}: ${cause.message}.` });
}

/** Keys and evidence do not cross a network unencrypted: anywhere but on this machine a TLS proxy must stand before us. */
function refuseInTheClear({ host, publicUrl }: Config): void {
  if (publicUrl !== undefined && parsePublicUrl(publicUrl).secure) return;
  if (host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host)) return;
  throw new CountersignError("usage", {
    detail: `On ${host} keys would cross the network in the clear. Put a TLS proxy before it and name its address: --public-url https://…`,
  });
}
