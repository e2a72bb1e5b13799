import assert from "node:assert/strict";
import { test } from "node:test";
import { CountersignError } from "@countersign/evidence/errors";
import type { ActorBlock } from "@countersign/evidence/event";
import type { Ledger } from "../ledger/command.ts";
import { openAccessLog } from "./access.ts";

const auditor: ActorBlock = { type: "operator", id: "auditor" };

/** A ledger that takes or refuses what is submitted, as told. */
function ledgerThat(answer: () => CountersignError | undefined) {
  const taken: unknown[] = [];
  const submit = async (_command: unknown, input: unknown) => {
    const refusal = answer();
    if (refusal !== undefined) throw refusal;
    taken.push(input);
    return { answer: null, indexes: [], checkpoint: "", replayed: false };
  };
  // The access log submits one command whose answer is null.
  return { taken, ledger: { submit } as unknown as Pick<Ledger, "submit"> };
}

function open(answer: () => CountersignError | undefined) {
  const { ledger, taken } = ledgerThat(answer);
  const troubles: unknown[] = [];
  let timers = 0;
  const access = openAccessLog({
    ledger,
    timers: {
      after: () => {
        timers++;
        return () => {};
      },
    },
    onTrouble: (cause) => troubles.push(cause),
  });
  return { access, taken, troubles, timers: () => timers };
}

test("access: what the ledger cannot take now is kept, with what came meanwhile, and recorded later", async () => {
  let away = true;
  const { access, taken, troubles, timers } = open(() =>
    away ? new CountersignError("core:ledger-unavailable") : undefined,
  );
  access.note("prod-a", auditor, { kind: "event", id: "evt_1" });
  await access.flush();
  access.note("prod-a", auditor, { kind: "event", id: "evt_2" });
  access.note("prod-a", auditor, { kind: "event", id: "evt_1" });
  assert.equal(troubles.length, 1);
  assert.equal(timers(), 2, "it is tried again by itself");
  away = false;
  await access.close();
  assert.deepEqual(taken, [
    {
      reads: [
        { kind: "event", id: "evt_1" },
        { kind: "event", id: "evt_2" },
      ],
      count: 3,
    },
  ]);
});

test("access: what the ledger refuses for good is told, not tried for ever", async () => {
  const { access, taken, troubles } = open(() => new CountersignError("validation-failed"));
  access.note("prod-a", auditor, { kind: "event", id: "x" });
  await access.flush();
  await access.close();
  assert.equal(troubles.length, 1);
  assert.deepEqual(taken, []);
});

test("access: while too much waits unrecorded nothing more is given out", async () => {
  const { access } = open(() => new CountersignError("core:ledger-unavailable"));
  const read = { kind: "event", id: "evt_1" } as const;
  for (let i = 0; i < 1024; i++) access.note("prod-a", { type: "operator", id: `reader-${i}` }, read);
  assert.throws(() => access.note("prod-a", { type: "operator", id: "one-more" }, read), {
    code: "core:ledger-unavailable",
  });
});
