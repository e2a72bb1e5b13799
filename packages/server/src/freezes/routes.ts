/** Freezes over HTTP, and the one operation of the command line that names people. */
import type { Freeze } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";
import { parseId } from "@countersign/evidence/ids";
import type { FreezeStatusView } from "@countersign/evidence/wire";
import { type AdminOperations, adminFields } from "../base/admin.ts";
import type { Handlers } from "../base/routes.ts";
import type { Ledger, Reader } from "../ledger/command.ts";
import type { Table } from "../ledger/table.ts";
import { freezeWords, liftFreeze, placeFreeze } from "./commands.ts";

export const freezeTables: readonly Table[] = [freezeWords];

export type FreezeParts = {
  readonly ledger: Pick<Ledger, "submit" | "reader">;
  /** The alias of a person of the tenant, or undefined. */
  readonly knownAlias: (tenant: string, externalId: string) => string | undefined;
};

type Names = "placeFreeze" | "liftFreeze" | "listFreezes";

export type FreezeModule = { readonly handlers: Pick<Handlers, Names>; readonly admin: AdminOperations };

/** Wires the module. */
export function openFreezes({ ledger, knownAlias }: FreezeParts): FreezeModule {
  const handlers: FreezeModule["handlers"] = {
    async placeFreeze({ body, submission }) {
      const { kind, subject, incident, reason_code: reasonCode } = body;
      const order = { kind, ...(subject === undefined ? {} : { subject }), incident, reasonCode };
      const { answer } = await ledger.submit(placeFreeze, order, submission);
      return { status: answer.placed ? 201 : 200, body: answer };
    },

    async liftFreeze({ caller, params, body, submission }) {
      // Two people are two credentials: nobody speaks for another here.
      if (caller.holder.kind !== "person") {
        throw new CountersignError("second-person-required", {
          detail: "A freeze is lifted by people, never a service.",
        });
      }
      const freezeId = params.freeze_id as `frz_${string}`; // checked against its pattern
      const order = { freezeId, people: [caller.holder.id], reasonCode: body.reason_code };
      const { answer } = await ledger.submit(liftFreeze, order, submission);
      return { status: answer.lifted ? 200 : 202, body: answer };
    },

    async listFreezes({ caller }) {
      return { body: { freezes: readerOf(ledger, caller.tenant).control.freezes.slice(-500).map(viewFreeze) } };
    },
  };

  return {
    handlers,
    admin: {
      /** `{tenant, id, people, reason}`: who stands at the machine says who agrees; they must be people who may. */
      async "freeze.lift"(input, actor) {
        const { text, list, optionalText } = adminFields(input);
        const tenant = text("tenant");
        readerOf(ledger, tenant);
        const id = text("id");
        if (parseId("frz", id) === undefined) {
          throw new CountersignError("usage", { pointer: "/id", detail: `${id} is no freeze's id.` });
        }
        const people = list("people").map((name) => {
          const alias = knownAlias(tenant, name);
          if (alias === undefined) throw new CountersignError("not-found", { detail: `There is no person ${name}.` });
          return alias;
        });
        const order = { freezeId: id as `frz_${string}`, people, reasonCode: optionalText("reason") ?? "RESOLVED" };
        return (await ledger.submit(liftFreeze, order, { tenant, actor })).answer;
      },
    },
  };
}

function viewFreeze({ freeze_id, kind, subject, incident, event, at }: Freeze): FreezeStatusView {
  return { freeze_id, kind, ...(subject === undefined ? {} : { subject }), incident, placed_at: at, event_id: event };
}

function readerOf(ledger: FreezeParts["ledger"], tenant: string): Reader {
  const reader = ledger.reader(tenant);
  if (reader === undefined) throw new CountersignError("not-found", { detail: `There is no tenant ${tenant}.` });
  return reader;
}
