/** What stands around the pages of somebody who is not signed in. */
import type { ReactNode } from "react";
import { Wordmark } from "../ui/wordmark.tsx";

export function Door({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="door">
      <title>{`${title} · Countersign`}</title>
      <Wordmark />
      <section className="card">
        <h1>{title}</h1>
        {children}
      </section>
      <p className="aside">
        What people decide here is signed by their passkey and kept as evidence that outsiders can check.
      </p>
    </main>
  );
}
