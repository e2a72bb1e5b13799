/** Where something would happen; production stands out in words and weight, not by colour alone. */
import { Shown } from "./shown.tsx";

export function Environment({ of }: { of: string | undefined }) {
  if (of === undefined) return <span className="env">no environment</span>;
  return (
    <span className={/^prod/i.test(of) ? "env prod" : "env"}>
      <Shown text={of} />
    </span>
  );
}
