import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { canonicalText } from "./canonical.ts";
import type { Event } from "./event.ts";
import { faults } from "./fault.ts";
import { parsePermit } from "./permit.ts";
import { type SpecVector, specVectors } from "./vectors.node.ts";

const page = (name: string) => readFileSync(new URL(`../../../spec/${name}.md`, import.meta.url), "utf8");

/** Code blocks of a page, on one line each: pages break lines where canonical text has none. */
const blocks = (name: string) =>
  [...page(name).matchAll(/```(?:json)?\n([\s\S]*?)```/g)].map(([, code]) => code!.replace(/\n ?/g, ""));

/** A quotation may leave things out with `…`; what it shows must be there, in that order. */
function assertQuotes(quoted: string, whole: string): void {
  let at = 0;
  for (const part of quoted.split("…")) {
    const found = whole.indexOf(part, at);
    assert.ok(found >= 0, `not in the vector: ${part}`);
    at = found + part.length;
  }
}

type Texts = SpecVector & { readonly text: string };
type Life = SpecVector & { readonly events: readonly Event[] };

test("spec/approval.md quotes the request and the vote of the vectors", () => {
  const [request, vote] = blocks("approval") as [string, string];
  assertQuotes(request, specVectors<Texts>("approval/request").get("approval/request/valid")!.text);
  assertQuotes(vote, specVectors<Texts>("approval/vote").get("approval/vote/valid")!.text);
  // The control: a quotation of something else is found out.
  assert.throws(() => assertQuotes(vote.replace("approve", "reject"), request));
});

test("spec/permit.md quotes the token of the vectors", () => {
  const [header, claims] = blocks("permit") as [string, string];
  const { token } = specVectors<SpecVector & { readonly token: string }>("permit").get("permit/valid")!;
  assertQuotes(header, Buffer.from(token.split(".")[0]!, "base64url").toString());
  assertQuotes(claims, canonicalText(parsePermit(token)!.claims));
});

test("spec/control.md quotes an event of the vectors", () => {
  const { events } = specVectors<Life>("control").get("control/founded/valid")!;
  assertQuotes(blocks("control")[0]!, canonicalText(events.find(({ type }) => type === "policy.published")));
});

test("spec/run.md lists the events of the approved run, and every fault that its vectors show", () => {
  const text = page("run");
  const vectors = specVectors<Life & { readonly faults: readonly { readonly code: string }[] }>("run");
  const events = vectors.get("run/approved/valid")!.events.filter(({ integrity }) => integrity.run_seq !== undefined);
  for (const { type, integrity } of events) assert.ok(text.includes(`${integrity.run_seq} ${type}`), type);
  const named = new Set([...text.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)].map(([, code]) => code!));
  const shown = new Set([...vectors.values()].flatMap((vector) => vector.faults.map(({ code }) => code)));
  assert.deepEqual(
    [...shown].filter((code) => !named.has(code)),
    [],
  );
  for (const code of named) if (code in faults) assert.ok(shown.has(code), `${code} has no vector`);
});
