/** Approvers hear of requests: to a real web server and a real mail sink, at least once, visibly, and never to where it must not. */
import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { after, beforeEach, test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import { Webhook } from "standardwebhooks";
import { describeConfig, readConfig } from "../base/config.ts";
import { openTestApp, type TestApp } from "../testing.ts";
import { targetsOf } from "./opening.ts";
import { settleNotice } from "./outbox.ts";
import { sendWebhook } from "./webhook.ts";

const SECRET = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
type Got = { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: string };
const got: Got[] = [];
let answer = 204;
const web = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    got.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(parts).toString() });
    response.writeHead(answer, answer === 302 ? { location: "/elsewhere" } : {}).end();
  });
});
const mails: string[] = [];
let mailAnswer = "250 kept";
const post = createTcpServer((socket) => {
  let inMail = false;
  let text = "";
  socket.on("error", () => {});
  socket.write("220 sink ESMTP\r\n");
  socket.on("data", (chunk) => {
    text += chunk.toString();
    for (let end = text.indexOf("\r\n"); end >= 0; end = text.indexOf("\r\n")) {
      const line = text.slice(0, end);
      text = text.slice(end + 2);
      if (inMail) {
        if (line === ".") {
          inMail = false;
          socket.write(`${mailAnswer}\r\n`);
        } else mails[mails.length - 1] += `${line}\n`;
      } else if (/^DATA/i.test(line)) {
        inMail = true;
        mails.push("");
        socket.write("354 go on\r\n");
      } else if (/^QUIT/i.test(line)) socket.end("221 bye\r\n");
      else socket.write("250 ok\r\n");
    }
  });
});
const listening = (server: { listen(port: number, host: string, done: () => void): unknown; address(): unknown }) =>
  new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)); // listens on TCP
  });
const webPort = await listening(web);
const postPort = await listening(post);
const errorsLogged: string[] = [];
const config = readConfig({
  flags: {
    hostName: "audit.example.com",
    policyDeadlineMs: "10000",
    notifyWebhookUrl: `http://127.0.0.1:${webPort}/hook`,
    notifyWebhookSecret: SECRET,
    notifyLoopback: "yes",
    notifySmtpUrl: `smtp://127.0.0.1:${postPort}`,
    notifyFrom: "countersign@example.com",
    notifyTo: "oncall@example.com",
    publicUrl: "https://gate.example.com",
  },
});
const server: TestApp = await openTestApp({
  config: config.config,
  log: { debug() {}, info() {}, warn() {}, error: (_about, words) => errorsLogged.push(words) },
});
after(async () => {
  await server.close();
  web.close();
  web.closeAllConnections();
  post.close();
});
await server.tenant("acme", { publish: true });
await server.admin("agent.register", { tenant: "acme", id: "files-agent", ceiling: ["fs.write"], may_execute: true });
const agent = await server.key("acme", "agent", "files-agent");
const admin = await server.key("acme", "admin", "root");
beforeEach(() => {
  got.length = 0;
  mails.length = 0;
  answer = 204;
  mailAnswer = "250 kept";
});

type Row = { approval: string; kind: string; channel: string; state: string; attempts: number; trouble: string | null };
const rows = async (approval: string) => {
  const all = Object.values(await server.admin("notifications.list", { tenant: "acme" })) as Row[];
  return all.filter((row) => row.approval === approval);
};
const states = async (approval: string) =>
  (await rows(approval)).map(({ kind, channel, state, attempts }) => `${kind} ${channel} ${state} ${attempts}`).sort();
const until = async (what: string, is: () => boolean | Promise<boolean>) => {
  for (let left = 200; left > 0; left--) {
    if (await is()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`it did not come to it: ${what}`);
};
const ask = async () => {
  const { run } = (await server.send("POST", "/v1/runs", { key: agent, body: { capabilities: ["fs.write"] } })).body;
  const body = { tool: "write_file", args: { path: "/w/prod/secret-name.txt", content: "the secret content" } };
  const url = `/v1/runs/${(run as { run_id: string }).run_id}/actions`;
  const { action } = (await server.send("POST", url, { key: agent, body })).body;
  return (action as { approval: { approval_id: string } }).approval.approval_id;
};

test("notify: a request is told once by each channel, signed, with an id and a link and nothing of what is asked", async () => {
  const id = await ask();
  await until("both told", async () => (await states(id)).filter((row) => row.includes("delivered")).length === 2);
  const [hook] = got;
  assert.equal(got.length, 1);
  const link = `https://gate.example.com/approvals/${id}`;
  const { body, headers } = hook!;
  const signed = (text: string) =>
    new Webhook(SECRET).sign(
      String(headers["webhook-id"]),
      new Date(Number(headers["webhook-timestamp"]) * 1000),
      text,
    );
  assert.equal(headers["webhook-signature"], signed(body));
  assert.notEqual(headers["webhook-signature"], signed(body.replace("requested", "expiring"))); // control
  const said: unknown = JSON.parse(body);
  const { type, data } = said as { type: string; data: object };
  assert.deepEqual([hook!.path, type, data], ["/hook", "approval.requested", { approval_id: id, link }]);
  assert.equal(mails.length, 1);
  assert.ok(mails[0]!.includes(link) && mails[0]!.includes("To: oncall@example.com"), mails[0]);
  for (const text of [body, mails[0]!]) assert.ok(!/secret|write_file|prod/.test(text), text);
  // Answered before the reminder: nobody is reminded.
  await server.send("POST", `/v1/approvals/${id}/revoke`, { key: admin, body: {} });
  server.clock.advance(25 * 60_000);
  await until("moot", async () => (await states(id)).filter((row) => row.includes("moot 0")).length === 2);
  assert.deepEqual([got.length, mails.length], [1, 1]);
});

test("notify: what waits too long is told again before it expires", async () => {
  const id = await ask();
  await until("told", () => got.length === 1 && mails.length === 1);
  server.clock.advance(23 * 60_000);
  await until("reminded", () => got.length === 2 && mails.length === 2);
  assert.equal(JSON.parse(got[1]!.body).type, "approval.expiring");
  assert.match(mails[1]!, /Still waiting/);
  await server.send("POST", `/v1/approvals/${id}/revoke`, { key: admin, body: {} });
});

test("notify: failures are retried, listed with their reason, and in the end an alarm; a redirect is not followed", async () => {
  answer = 302;
  mailAnswer = "451 later";
  const id = await ask();
  const rowOf = async (channel: string) =>
    (await rows(id)).find((row) => row.channel === channel && row.kind === "approval.requested")!;
  await until("tried", async () => (await rowOf("webhook")).attempts === 1 && (await rowOf("smtp")).attempts === 1);
  assert.deepEqual([(await rowOf("webhook")).state, (await rowOf("webhook")).trouble], ["waiting", "it answered 302"]);
  assert.match((await rowOf("smtp")).trouble ?? "", /451/);
  assert.ok(got.every(({ path }) => path === "/hook"));
  // The other one recovers.
  mailAnswer = "250 kept";
  for (const [nth, pause] of [6, 31, 121, 601].entries()) {
    server.clock.advance(pause * 1000);
    await until(`attempt ${nth + 2}`, async () => (await rowOf("webhook")).attempts === nth + 2);
  }
  assert.deepEqual([(await rowOf("smtp")).state, (await rowOf("smtp")).attempts], ["delivered", 2]);
  assert.equal(errorsLogged.length, 0);
  assert.deepEqual(new Set(got.map(({ headers }) => headers["webhook-id"])).size, 1);
  const { id: row } = (await rowOf("webhook")) as unknown as { id: string };
  for (let left = 2; left > 0; left--) {
    const by = { tenant: "acme", actor: { type: "system" as const, id: "courier" } };
    await server.app.ledger.submit(settleNotice, { id: row, outcome: "failed", trouble: "it answered 302" }, by);
  }
  assert.equal((await rowOf("webhook")).state, "undeliverable");
  const metrics = await server.send("GET", "/metrics", { key: admin });
  assert.match(metrics.bytes.toString(), /^countersign_notifications_undeliverable 1$/m);
});

test("webhook: addresses that are not public are refused, whatever name leads there; this machine only when it is allowed", async () => {
  const message = { id: "m", atMs: Date.now(), body: "{}" };
  const to = (url: string, addresses?: string[], allowLoopback = false) =>
    sendWebhook(
      {
        url,
        secret: SECRET,
        allowLoopback,
        ...(addresses === undefined
          ? {}
          : {
              resolve: async () => addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
            }),
      },
      message,
    );
  for (const host of [
    "10.0.0.1",
    "172.16.9.9",
    "192.168.1.1",
    "169.254.169.254",
    "127.0.0.1",
    "0.0.0.0",
    "100.64.0.1",
    "224.0.0.1",
    "2130706433",
    "0x7f.1",
    "[::1]",
    "[::]",
    "[fe80::1]",
    "[fd00::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[::127.0.0.1]",
    "[fec0::1]",
    "[ff02::1]",
    "[100::1]",
    "[2001:db8::1]",
    "[2001::1]",
    "[3fff::1]",
    "[64:ff9b:1::a00:1]",
    "127.1",
    "0177.0.0.1",
    "127.0.0.1.",
    "１２７.0.0.1",
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "198.18.0.1",
    "255.255.255.255",
  ]) {
    await assert.rejects(to(`https://${host}/`), /not a public one/, host);
  }
  await assert.rejects(to("https://name.example/", ["10.0.0.1"]), /not a public one/);
  await assert.rejects(to("https://name.example/", ["93.184.216.34", "127.0.0.1"]), /not a public one/);
  await assert.rejects(to("http://name.example/", ["93.184.216.34"]), /only https/);
  await assert.rejects(to(`http://10.0.0.1:${webPort}/`, undefined, true), /only https/);
  await assert.rejects(to(`https://10.0.0.1:${webPort}/`, undefined, true), /not a public one/);
  assert.equal(got.length, 0);
  await assert.rejects(to(`http://me:secret@nowhere.invalid:${webPort}/`, ["127.0.0.1"], true), /user or password/);
  // A name that leads elsewhere the second time (rebinding): it is asked once, and what was looked at is connected to.
  let asked = 0;
  const rebinding = async () => [{ address: asked++ === 0 ? "127.0.0.1" : "10.0.0.1", family: 4 }];
  const target = { url: `http://nowhere.invalid:${webPort}/rebound`, secret: SECRET, allowLoopback: true };
  await sendWebhook({ ...target, resolve: rebinding }, message);
  assert.deepEqual([asked, got.splice(0).map(({ path }) => path)], [1, ["/rebound"]]);
  await assert.rejects(sendWebhook({ ...target, resolve: rebinding }, message), /only https/); // control: then it does
  // Control: allowed, it arrives, at the address that was looked at and not at what the name would give.
  await to(`http://nowhere.invalid:${webPort}/pinned`, ["127.0.0.1"], true);
  assert.deepEqual(
    got.map(({ path, headers }) => [path, headers.host]),
    [["/pinned", `nowhere.invalid:${webPort}`]],
  );
});

test("notify: settings that do not fit are refused; secrets are hidden where settings are printed", () => {
  const refused = (error: unknown) => error instanceof CountersignError && error.code === "usage";
  for (const bad of [
    { notifyWebhookUrl: "https://a.example/" },
    { notifyWebhookUrl: "https://a.example/", notifyWebhookSecret: "short" },
    { notifyWebhookUrl: "https://user@a.example/", notifyWebhookSecret: SECRET },
    { notifyWebhookUrl: "https://:secret@a.example/", notifyWebhookSecret: SECRET },
    { notifyWebhookUrl: "ftp://a.example/", notifyWebhookSecret: SECRET },
    { notifySmtpUrl: "smtp://a.example" },
    { notifySmtpUrl: "https://a.example", notifyFrom: "a@example.com", notifyTo: "b@example.com" },
  ]) {
    assert.throws(() => targetsOf(bad), refused, JSON.stringify(bad));
  }
  assert.deepEqual(targetsOf({}), {});
  const printed = JSON.stringify(describeConfig(config.config, config.sources));
  assert.ok(!printed.includes(SECRET) && !printed.includes(`smtp://127.0.0.1:${postPort}`), printed);
  assert.ok(printed.includes("oncall@example.com")); // control
});
