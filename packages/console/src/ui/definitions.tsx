/** Names and values in two columns. */
import type { ReactNode } from "react";

export type Definition = readonly [name: string, value: ReactNode];

export function Definitions({ of }: { of: readonly Definition[] }) {
  return (
    <dl className="definitions">
      {of.map(([name, value], index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: names repeat, and the list never moves
        <div key={index}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
