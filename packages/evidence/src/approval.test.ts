import assert from "node:assert/strict";
import { test } from "node:test";
import { Story } from "../../../tools/story.ts";
import { differingMember, parseApprovalRequest, parseVote, textDigest } from "./approval.ts";
import { type SpecVector, specVectors } from "./vectors.node.ts";

type TextVector = SpecVector & { readonly text: string; readonly digest: string; readonly accepted: boolean };

for (const kind of ["request", "vote"] as const) {
  const parse = kind === "request" ? parseApprovalRequest : parseVote;
  for (const [path, { desc, text, digest, accepted }] of specVectors<TextVector>(`approval/${kind}`)) {
    test(`${path}: ${desc}`, () => {
      assert.equal(parse(text) !== undefined, accepted);
      assert.equal(textDigest(text), digest);
    });
  }
}

test("approval: a text is the canonical form of what it says, so parsing loses nothing", () => {
  const story = new Story().found({ people: ["sam"] });
  story.run().play("gate approve");
  const asked = story.events.find((event) => event.type === "approval.requested");
  const voted = story.events.find((event) => event.type === "approval.voted");
  assert.ok(asked?.type === "approval.requested" && voted?.type === "approval.voted");
  const request = parseApprovalRequest(asked.approval_request.text)!;
  const vote = parseVote(voted.vote.text)!;
  // A request says nothing of the vote: a text of one kind is never taken for the other.
  assert.equal(parseVote(asked.approval_request.text), undefined);
  assert.equal(parseApprovalRequest(voted.vote.text), undefined);
  assert.equal(vote.request_digest, asked.approval_request.digest);
  assert.equal(request.requirements[0]?.approvers, "role:oncall_sre");
});

test("approval: no member of a request or vote can be of another type", () => {
  const vectors = { ...Object.fromEntries(specVectors<TextVector>("approval")) } as Record<string, TextVector>;
  for (const [kind, parse] of [
    ["request", parseApprovalRequest],
    ["vote", parseVote],
  ] as const) {
    const members = JSON.parse(vectors[`approval/${kind}/valid`]!.text) as Record<string, unknown>;
    for (const name of Object.keys(members)) {
      for (const other of [7.5, true, { a: 1 }, [[1]]]) {
        const text = JSON.stringify(members, (key, value: unknown) => (key === name ? other : value));
        assert.equal(parse(text), undefined, `${name} is ${JSON.stringify(other)}`);
      }
    }
  }
});

test("approval: the first member that differs from what was recorded is named", () => {
  const { text } = specVectors<TextVector>("approval/request").get("approval/request/valid")!;
  const request = parseApprovalRequest(text)!;
  assert.equal(differingMember(request, { ...request }), undefined);
  assert.equal(differingMember(request, { tenant: request.tenant, action: { ...request.action } }), undefined);
  assert.equal(differingMember(request, { tenant: "prod-b" }), "tenant");
  assert.equal(differingMember(request, { action: { ...request.action, tool: "tofu" } }), "action");
  assert.equal(differingMember(request, { tool_contract: undefined }), "tool_contract");
  assert.equal(differingMember(request, { matched_rules: [] }), "matched_rules");
});
