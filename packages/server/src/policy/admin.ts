/** Policy as the command line does it. */
import { activePolicyOf } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import { type AdminOperations, adminFields } from "../base/admin.ts";
import type { Ledger } from "../ledger/command.ts";
import type { Publisher } from "./publish.ts";

export function policyOperations(parts: {
  readonly ledger: Pick<Ledger, "reader">;
  readonly publisher: Publisher;
}): AdminOperations {
  const { ledger, publisher } = parts;
  return {
    async "policy.publish"(input, actor) {
      const tenant = adminFields(input).text("tenant");
      return publisher.publish(filesOf(input.files), { tenant, actor });
    },

    async "policy.show"(input) {
      const tenant = adminFields(input).text("tenant");
      const reader = ledger.reader(tenant);
      if (reader === undefined) throw new CountersignError("not-found", { detail: `There is no tenant ${tenant}.` });
      const { control } = reader;
      return { active: activePolicyOf(control) ?? null, revisions: control.revisions };
    },
  };
}

/** Files as JSON carries them: path to base64. */
function filesOf(value: unknown): ReadonlyMap<string, Uint8Array> {
  if (typeof value !== "object" || value === null)
    throw new CountersignError("usage", { detail: "files must be given." });
  return new Map(
    Object.entries(value).map(([path, text]) => {
      if (typeof text !== "string") throw new CountersignError("usage", { detail: `${path} must be base64.` });
      return [path, new Uint8Array(Buffer.from(text, "base64"))];
    }),
  );
}
