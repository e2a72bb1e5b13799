import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestTenant, openTestLedger } from "./testing.ts";

test("ledger: a tenant's log begins with its genesis and is under a signed checkpoint", async () => {
  const ledger = await openTestLedger();
  const tenant = await createTestTenant(ledger);
  const reader = ledger.reader(tenant);
  assert.equal(reader?.size, 2);
  await ledger.close();
});
