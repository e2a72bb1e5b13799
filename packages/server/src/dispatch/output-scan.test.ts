import assert from "node:assert/strict";
import { test } from "node:test";
import { holdsSecret } from "../base/secret-forms.ts";
import { outputCheck, SCANNED_BYTES } from "./output-scan.ts";

const bytes = (text: string) => Buffer.from(text);
// Made up here, and put together so that no scanner of repositories takes this file for a leak.
const letters = "Aa0Bb1Cc2Dd3Ee4Ff5Gg6Hh7Ii8Jj9Kk0Ll1";
const made: readonly string[] = [
  `AKIA${"B".repeat(16)}`,
  `ghp_${letters}`,
  `github_pat_${letters}`,
  `glpat-${letters}`,
  `xoxb-${letters}`,
  `sk_live_${letters}`,
  ["-----BEGIN", "OPENSSH", "PRIVATE", "KEY-----"].join(" "),
];

test("output: each form is found wherever it stands, and one character short of it is not", () => {
  for (const secret of made) {
    assert.ok(holdsSecret(bytes(`{"out":"x ${secret} y"}`)), secret.slice(0, 10));
    assert.ok(holdsSecret(bytes(secret)));
  }
  assert.ok(!holdsSecret(bytes(`AKIA${"B".repeat(15)} `)));
  assert.ok(!holdsSecret(bytes(`ghp_${letters.slice(1)}`)));
  assert.ok(!holdsSecret(bytes("nothing here, ghp_ AKIA sk_live_ -----BEGIN CERTIFICATE-----")));
});

test("output: found is a failure, clean a pass, too long or crashed neither", () => {
  assert.deepEqual(outputCheck(bytes("clean")), { name: "output-secrets", verdict: "pass" });
  assert.equal(outputCheck(bytes(made[0]!)).verdict, "fail");
  const large = Buffer.alloc(SCANNED_BYTES + 1, 0x20);
  assert.deepEqual(outputCheck(large), { name: "output-secrets", verdict: "inconclusive", code: "OUTPUT_TOO_LARGE" });
  large.write(made[0]!);
  assert.equal(outputCheck(large).verdict, "fail");
  const crash = () => {
    throw new RangeError("it broke");
  };
  assert.deepEqual(outputCheck(bytes("clean"), crash), {
    name: "output-secrets",
    verdict: "inconclusive",
    code: "CHECK_CRASHED",
  });
});
