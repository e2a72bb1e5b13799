import assert from "node:assert/strict";
import { test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import { parseStrict } from "@countersign/evidence/strict-json";
import fc from "fast-check";
import { holdsSecret, redactBytes, redactMembers, redactText, refuseSecrets, SECRET_DETECTOR } from "./secret-forms.ts";

// Made up here, and put together so that no scanner of repositories takes this file for a leak.
const letters = "Aa0Bb1Cc2Dd3Ee4Ff5Gg6Hh7Ii8Jj9Kk0Ll1Mm2Nn3";
const pem = (label: string) => `${["-----BEGIN", label].join(" ")}-----\nMIIB+/${letters}==\n-----END ${label}-----`;
const kinds: readonly (readonly [kind: string, secret: string])[] = [
  ["countersign-key", `csk_${"prod-a_"}${"0".repeat(64)}_${"1".repeat(8)}`],
  ["aws-key", `AKIA${"B".repeat(16)}`],
  ["google-key", `AIza${letters.slice(0, 35)}`],
  ["github-token", `ghp_${letters}`],
  ["github-token", `github_pat_${letters}`],
  ["gitlab-token", `glpat-${letters}`],
  ["slack-token", `xoxb-${letters}`],
  ["stripe-key", `sk_live_${letters}`],
  ["npm-token", `npm_${letters}`],
  ["model-key", `sk-ant-${letters}${letters}`],
  ["webhook-secret", `whsec_${letters}`],
  ["private-key", pem(["RSA", "PRIVATE", "KEY"].join(" "))],
  ["signed-token", `eyJ${letters}.eyJ${letters}.${letters}`],
];
const redact = (text: string) => redactText(text, 9999);
const mark = (kind: string) => `[redacted:${kind} ${SECRET_DETECTOR}]`;

test("secrets: each kind is replaced wherever it stands, and what stands around it is kept", () => {
  for (const [kind, secret] of kinds) {
    const padded = `before ${secret} after ${"x".repeat(60)}`;
    assert.equal(redact(padded), `before ${mark(kind)} after ${"x".repeat(60)}`, kind);
    assert.ok(holdsSecret(Buffer.from(secret)));
    // What marks a secret is none, so nothing is redacted twice.
    assert.equal(redact(redact(padded)), redact(padded));
  }
  const url = "postgres://app:hunter2-and-more@db.internal:5432/x";
  assert.equal(
    redact(`${url} ${"y".repeat(60)}`),
    `postgres://app:${mark("url-password")}@db.internal:5432/x ${"y".repeat(60)}`,
  );
});

test("secrets: control: texts without one are kept to the byte", () => {
  const clean = [
    "rotate prod certs, see https://example.com/a?b=c@d",
    "https://user@example.com:8443/",
    "AKIA is how they begin; ghp_ too, and eyJ.eyJ.x",
    `eyJ${letters}`,
    "-----BEGIN CERTIFICATE-----",
    "http://[::1]:8080/",
  ];
  for (const text of clean) {
    assert.equal(redact(text), text);
    const bytes = Buffer.from(text);
    assert.equal(redactBytes(bytes), bytes);
  }
});

test("secrets: JSON stays JSON and every other member keeps its value", () => {
  const secret = fc.constantFrom(...kinds.map(([, one]) => one));
  const around = fc.string({ unit: "grapheme", maxLength: 20 });
  const parts = fc.tuple(around, secret, around, fc.json());
  const { seed } = { seed: Number(process.env.SEED ?? Date.now() % 2 ** 31) };
  fc.assert(
    fc.property(parts, ([left, one, right, other]) => {
      const before = `{"a":${JSON.stringify(`${left} ${one} ${right}`)},"b":${other}}`;
      const after = Buffer.from(redactBytes(Buffer.from(before))).toString();
      const { a, b } = JSON.parse(after) as { a: string; b: unknown };
      assert.ok(!after.includes(one) && a.includes(SECRET_DETECTOR), after);
      assert.deepEqual(b, JSON.parse(other));
      assert.ok((a.startsWith(left) && a.endsWith(right)) || redact(`${left} ${right}`) !== `${left} ${right}`, a);
    }),
    { seed, numRuns: 300 },
  );
  for (const tail of ['\\"', "\\\\", "\\\\\\\\", "\\n\\\\", "\\u0041", "\\r\\n"]) {
    const text = `{"a":"${["-----BEGIN", "PRIVATE", "KEY-----"].join(" ")}\\nMIIB${tail}"}`;
    const after = redactBytes(Buffer.from(text));
    parseStrict(after, "payload"); // throws when a quote or an escape was taken with the key
    assert.ok(!Buffer.from(after).toString().includes("MIIB"));
  }
});

test("secrets: what fits a limit still does, and no half character is left", () => {
  const [, key] = kinds[1]!;
  const long = `${"é".repeat(50)}${key}${"𝟙".repeat(30)}`;
  for (let limit = 64; limit < 140; limit++) {
    const kept = redactText(long, limit);
    assert.ok(kept.length <= limit && kept.isWellFormed() && !kept.includes(key));
  }
});

test("secrets: members are replaced in texts, lists and records; nothing else of the body is touched", () => {
  const [[kind, secret]] = [kinds[3]!];
  const body = { intent: secret, labels: { team: "sre", note: secret }, list: ["a", secret], count: 3, args: secret };
  const kept = redactMembers(body, { intent: 99, labels: 99, list: 99, count: 99 });
  assert.deepEqual(kept, {
    ...body,
    intent: mark(kind),
    labels: { team: "sre", note: mark(kind) },
    list: ["a", mark(kind)],
  });
  const clean = { intent: "tidy", labels: { team: "sre" } };
  assert.equal(redactMembers(clean, { intent: 9, labels: 9 }), clean);
});

test("secrets: where a value binds, it is refused by its place", () => {
  const refuse = () => refuseSecrets({ system: "db", resource: "postgres://a:b-c@db/x" }, "/target");
  assert.throws(refuse, (error) => {
    assert.ok(error instanceof CountersignError && error.code === "secret-in-clear");
    return error.pointer === "/target/resource" && !error.message.includes("b-c");
  });
  refuseSecrets({ system: "db", resource: "postgres://a@db/x", version: undefined }, "/target");
});

test("secrets: every beginning again and again is looked through once, not once for each", () => {
  // At 4 MiB a scan that starts over at each beginning would not end today.
  const beginnings = ["AKIA", "eyJ", "eyJaaaaaaaaaaa.", "://a:", "-----BEGIN ", "ghp_", "csk_", "sk-ant-", "a://"];
  beginnings.push(["-----BEGIN", "PRIVATE", "KEY-----"].join(" "), "-----END ", "://");
  for (const one of beginnings) {
    const bytes = Buffer.from(one.repeat((4 * 1024 * 1024) / one.length));
    redactBytes(bytes);
  }
});
