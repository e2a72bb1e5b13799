import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ApprovalRequest, parseApprovalRequest } from "./approval.ts";
import { utf8 } from "./hash.ts";
import { renderApproval, SHOWN_HEAD_BYTES, SHOWN_TAIL_BYTES } from "./rendering.ts";
import { visible } from "./terminal.ts";
import { type SpecVector, specVectors } from "./vectors.node.ts";

const { text } = specVectors<SpecVector & { text: string }>("approval/request").get("approval/request/valid")!;
const REQUEST = parseApprovalRequest(text)!;
const SALT = "AAECAwQFBgcICQoLDA0ODw";
const render = (args: string | Uint8Array, request: ApprovalRequest = REQUEST) =>
  renderApproval(request, { bytes: typeof args === "string" ? utf8(args) : args, salt: SALT });
const withResource = (resource: string): ApprovalRequest => ({
  ...REQUEST,
  action: { ...REQUEST.action, target: { ...REQUEST.action.target, resource } },
});

test("rendering: shows what is approved, by whom it may be, and the arguments' exact bytes", () => {
  const shown = render('{\n "plan": "rotate"\n}');
  for (const part of [
    REQUEST.approval_id,
    "infra.change.apply",
    "terraform 1.9.2",
    "prod/vpc-1",
    "1 of role:oncall_sre for approval-prod-write, within PT30M, not requester, on_behalf_of, agent_owner",
    REQUEST.policy_digest,
    REQUEST.expires_at,
    REQUEST.args_commit,
    `Salt    ${SALT}`,
    '| {\n|  "plan": "rotate"\n| }',
  ]) {
    assert.ok(shown.includes(part), part);
  }
  assert.ok(!shown.includes("LOOK TWICE"));
});

test("rendering: nothing in it is invisible, reorders text or breaks out of its line, whatever was sent", () => {
  const nasty = fc.string({ unit: "binary", maxLength: 60 });
  fc.assert(
    fc.property(nasty, nasty, (args, resource) => {
      const shown = render(utf8(args.toWellFormed()), withResource(resource.toWellFormed()));
      for (const line of shown.split("\n")) {
        // Doubled backslashes are how `visible` writes one; apart from them a visible text is its own rendering.
        const plain = line.replaceAll("\\", "");
        assert.equal(visible(plain), plain);
      }
      const head = shown.split("\n").filter((line) => line.startsWith("Resource"));
      assert.equal(head.length, 1);
    }),
    { numRuns: 500 },
  );
});

test("rendering: hidden and look-alike characters are pointed out", () => {
  const rows: [args: string, resource: string, warns: boolean, shows: string][] = [
    ["plain", "prod/vpc-1", false, "plain"],
    ["a\u202Eb", "prod/vpc-1", true, "a\\u{202e}b"],
    ["a\u200Bb", "prod/vpc-1", true, "a\\u{200b}b"],
    ["a\u0000b", "prod/vpc-1", true, "a\\u{0}b"],
    ["a\rb", "prod/vpc-1", true, "a\\u{d}b"],
    ["plain", "pr\u043Ed/vpc-1", true, "U+043E"],
    ["caf\u00E9", "prod/vpc-1", true, "U+00E9"],
    ["tag\u{E0041}", "prod/vpc-1", true, "\\u{e0041}"],
  ];
  for (const [args, resource, warns, shows] of rows) {
    const shown = render(args, withResource(resource));
    assert.equal(shown.includes("LOOK TWICE"), warns, JSON.stringify([args, resource]));
    assert.ok(shown.includes(shows), shown);
  }
});

test("rendering: of 5 MB of arguments both ends are shown, and how much is not", () => {
  const size = 5 * 1024 * 1024;
  const bytes = new Uint8Array(size).fill(0x61);
  bytes.set(utf8("BEGIN"), 0);
  bytes.set(utf8("END"), size - 3);
  const shown = render(bytes);
  assert.ok(shown.length < 100_000);
  assert.ok(shown.includes("| BEGIN") && shown.includes("END\n"));
  assert.ok(shown.includes(`${size - SHOWN_HEAD_BYTES - SHOWN_TAIL_BYTES} bytes are not shown`));
  assert.notEqual(render(bytes.with(size / 2, 0x62)), shown, "a byte that is not shown changes the digest");
});

test("rendering: a cut does not split a character, and bytes that are no text are shown as hex", () => {
  const long = "é".repeat(SHOWN_HEAD_BYTES);
  for (const args of [long, `x${long}`]) {
    const shown = render(args);
    assert.ok(!shown.includes("�") && !shown.includes("as hex"));
  }
  const shown = render(Uint8Array.of(0xff, 0xfe, 0x00));
  assert.ok(shown.includes("| fffe00") && shown.includes("shown as hex"));
});

test("rendering: arguments that are not at hand are said to be", () => {
  const shown = renderApproval(REQUEST, undefined);
  assert.ok(shown.includes("ARGUMENTS (not at hand)") && shown.includes("unseen"));
});

test("rendering: any other request, byte or salt gives another text", () => {
  const base = render("x");
  assert.notEqual(render("y"), base);
  assert.notEqual(renderApproval(REQUEST, { bytes: utf8("x"), salt: "AQECAwQFBgcICQoLDA0ODw" }), base);
  for (const change of [
    { run_id: "run_x" },
    { expires_at: "2027-01-01T00:00:00.000Z" },
    { max_attempts: 9 },
    { on_behalf_of: null },
  ]) {
    assert.notEqual(render("x", { ...REQUEST, ...change }), base, JSON.stringify(change));
  }
});
