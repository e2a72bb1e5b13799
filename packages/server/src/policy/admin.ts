/** Policy as the command line does it. */
import { activePolicyOf } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import { type AdminOperations, adminFields } from "../base/admin.ts";
import type { Ledger } from "../ledger/command.ts";
import type { Publisher } from "./publish.ts";
import { readerOf, type Uploader } from "./upload.ts";

export function policyOperations(parts: {
  readonly ledger: Pick<Ledger, "reader">;
  readonly uploader: Uploader;
  readonly publisher: Publisher;
}): AdminOperations {
  const { ledger, uploader, publisher } = parts;
  return {
    /** Stores files and asks for them in one go; `{tenant, files}`. */
    async "policy.publish"(input, actor) {
      const tenant = adminFields(input).text("tenant");
      const expected = readerOf(ledger, tenant).control.policy?.digest ?? null;
      const by = { tenant, actor };
      const { digest, rules, tests } = await uploader.upload(filesOf(input.files), by);
      const order = { digest, rollback: false, reasonCode: "POLICY_CHANGE", expected };
      const { request, revision, previous } = await publisher.request(order, by);
      if (revision === null) {
        throw new CountersignError("second-person-required", { detail: `Request ${request} waits for an approval.` });
      }
      return { revision, digest, previous, changed: request !== null, rules, tests };
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
