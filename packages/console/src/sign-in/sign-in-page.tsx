/** Signing in: with a passkey, or at the identity provider where there is one. */
import type { SessionStatus } from "@countersign/evidence/people-schema";
import { useId, useState } from "react";
import { askPeople } from "../ask.ts";
import { answerChallenge } from "../passkey.ts";
import { type ConsolePlace, pathOf } from "../place.ts";
import { Act } from "../ui/act.tsx";
import { Notice, Trouble } from "../ui/notice.tsx";
import { Shown } from "../ui/shown.tsx";
import { useAsked } from "../use-asked.ts";
import { Door } from "./door.tsx";

const STORED = "countersign.tenant";

export function SignInPage({
  place,
  ended,
  onSignedIn,
}: {
  place: ConsolePlace;
  /** The session ended while a page of it was open. */
  ended: boolean;
  onSignedIn(session: SessionStatus): void;
}) {
  const named = place.page === "sign-in" ? place.tenant : undefined;
  const refused = place.page === "sign-in" ? place.refused : undefined;
  const returnTo = place.page === "sign-in" ? place.returnTo : pathOf(place);
  const remembered = localStorage.getItem(STORED) ?? undefined;
  const how = useAsked(named ?? "", () =>
    askPeople("getSignIn", { query: named === undefined ? {} : { tenant: named } }),
  );
  const [typed, setTyped] = useState<string>();
  const [trouble, setTrouble] = useState<unknown>();
  const fieldId = useId();

  const only = how.value?.tenant ?? undefined;
  const tenant = (only ?? typed ?? remembered ?? "").trim();
  const remember = () => localStorage.setItem(STORED, tenant);

  const withPasskey = async () => {
    const options = await askPeople("startPasskeySignIn", { body: { tenant } });
    const assertion = await answerChallenge(options);
    const session = await askPeople("finishPasskeySignIn", { body: { tenant, assertion } });
    remember();
    onSignedIn(session);
  };
  const withProvider = async () => {
    const answer = await askPeople("startOidcSignIn", { body: { tenant, return_to: returnTo } });
    remember();
    location.assign(answer.location);
  };

  return (
    <Door title="Sign in">
      {refused === undefined ? null : (
        <Notice kind="bad" title="You were not signed in.">
          <p>The identity provider's answer was refused. Try again, or ask an admin whether this tenant knows you.</p>
        </Notice>
      )}
      {ended ? (
        <Notice kind="info" title="Your session has ended." live>
          <p>Sign in to go on where you were. What was not signed is not in the log.</p>
        </Notice>
      ) : null}
      <Trouble of={trouble ?? how.refusal} />
      {how.value === undefined ? null : (
        <>
          {only === undefined ? (
            <div className="field">
              <label htmlFor={fieldId}>Tenant</label>
              <input
                id={fieldId}
                autoComplete="organization"
                autoCapitalize="none"
                spellCheck={false}
                value={typed ?? remembered ?? ""}
                onChange={(event) => setTyped(event.target.value)}
              />
            </div>
          ) : (
            <p>
              To the tenant{" "}
              <strong>
                <Shown text={only} />
              </strong>
              .
            </p>
          )}
          {how.value.passkeys ? null : (
            <Notice kind="warn" title="Passkeys do not work at this address.">
              <p>
                Open <a href={how.value.public_url}>{how.value.public_url}</a>. If that is where you are, this tenant's
                passkeys belong to another address.
              </p>
            </Notice>
          )}
          <div className="stack">
            <Act
              kind="primary"
              doing="Waiting for your passkey…"
              onAct={withPasskey}
              onTrouble={setTrouble}
              disabled={tenant === ""}
            >
              Sign in with a passkey
            </Act>
            {how.value.oidc ? (
              <Act doing="Going there…" onAct={withProvider} onTrouble={setTrouble} disabled={tenant === ""}>
                Sign in with your identity provider
              </Act>
            ) : null}
          </div>
          <p className="aside">No passkey here yet? An admin makes you a set-up link. There are no passwords.</p>
        </>
      )}
    </Door>
  );
}
