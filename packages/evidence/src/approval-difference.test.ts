import assert from "node:assert/strict";
import { test } from "node:test";
import { isDifferent, renderingDifference } from "./approval-difference.ts";

const rendering = (over: Record<string, string> = {}) => {
  const said = {
    approval: "apr_1",
    resource: "vpc-1",
    needs: "1 of role:sre",
    salt: "AAAA",
    args: '{"plan":1}',
    ...over,
  };
  return [
    "COUNTERSIGN APPROVAL REQUEST (rendering 1)",
    "",
    `Approval      ${said.approval}`,
    `Resource      ${said.resource}`,
    `Needs         ${said.needs}`,
    "",
    "ARGUMENTS (10 bytes)",
    "SHA-256 00",
    `Salt    ${said.salt}`,
    ...said.args.split("\n").map((line) => `| ${line}`),
    "",
  ].join("\n");
};
const changed = (over: Record<string, string>) =>
  renderingDifference(rendering(), rendering(over)).flatMap(({ sign, text }) =>
    sign === " " ? [] : [`${sign}${text}`],
  );

test("difference: ids and salts of two requests are none; what is asked, of whom, with what is", () => {
  assert.deepEqual(changed({ approval: "apr_2", salt: "BBBB" }), []);
  assert.equal(isDifferent(renderingDifference(rendering(), rendering({ approval: "apr_2" }))), false);
  assert.deepEqual(changed({ resource: "vpc-2" }), ["-Resource      vpc-1", "+Resource      vpc-2"]);
  assert.deepEqual(changed({ needs: "2 of role:sre" }), [
    "-Needs         1 of role:sre",
    "+Needs         2 of role:sre",
  ]);
  assert.deepEqual(changed({ args: '{"plan":2}' }), ['-| {"plan":1}', '+| {"plan":2}']);
});

test("difference: an agent's line that reads like a field or a salt is compared like any other", () => {
  const before = rendering({ args: "Approval      apr_1\nSalt    x" });
  const after = rendering({ args: "Approval      apr_9\nSalt    y" });
  const lines = renderingDifference(before, after).filter(({ sign }) => sign !== " ");
  assert.deepEqual(
    lines.map(({ sign, text }) => `${sign}${text}`),
    ["-| Approval      apr_1", "-| Salt    x", "+| Approval      apr_9", "+| Salt    y"],
  );
});
