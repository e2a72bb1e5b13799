/**
 * The beginning of a production tenant: until it is sealed, one person may do what later takes two, and the event says
 * so. The verifier counts these acts and refuses more than {@link MAX_BOOTSTRAP_ACTS} enrolments and publishes.
 */
import { type ControlState, MAX_BOOTSTRAP_ACTS, needsTwoPeople } from "@countersign/evidence/control";
import { CountersignError } from "@countersign/evidence/errors";

/** The member an event of tenancy carries while a production tenant is being set up. */
export function bootstrapMark(control: ControlState): { readonly bootstrap?: true } {
  return needsTwoPeople(control) && control.tenant?.sealed !== true ? { bootstrap: true } : {};
}

/**
 * The same for an act that takes two people (enrolling a key, publishing a policy) and was done by one.
 *
 * @param what the act, for the refusal: "Enrolling a key"
 * @throws CountersignError second-person-required when the tenant is past its beginning
 */
export function loneActMark(control: ControlState, what: string): { readonly bootstrap?: true } {
  if (!needsTwoPeople(control)) return {};
  if (control.tenant?.sealed === true) {
    throw new CountersignError("second-person-required", { detail: `${what} takes two; the tenant is sealed.` });
  }
  if (control.bootstrap.bare >= MAX_BOOTSTRAP_ACTS) {
    throw new CountersignError("second-person-required", {
      detail: `${what} alone is allowed ${MAX_BOOTSTRAP_ACTS} times while a tenant is set up, and that many were used.`,
    });
  }
  return { bootstrap: true };
}
