/** Source of packages/evidence/src/generated/event-shapes.ts: check and canonical serializer of every kind of event. */
import { assert } from "@countersign/evidence/errors";
import { CheckSource, STRANGER } from "./check.ts";
import { OrderSource } from "./serialize.ts";
import { type Member, type ObjectShape, shapeKey, shapeOf } from "./shape.ts";
import { HEADER, literal, pascal, type ShapeNames, shapeFaultImport } from "./source.ts";

/** What the generator needs of a kind; event.ts gives more. */
export type KindDefinition = { readonly type: string; readonly chain: string; readonly schema: unknown };

/** Members that the same kinds have in common, checked by one function. */
type Group = { readonly name: string; readonly members: readonly Member[] };
type Kind = { readonly type: string; readonly chain: string; readonly shape: ObjectShape };

/** The file's whole source. */
export function eventShapesSource(definitions: readonly KindDefinition[], names: ShapeNames): string {
  const kinds = definitions.map(({ type, chain, schema }) => {
    const shape = shapeOf(schema);
    assert(shape.kind === "object", `${type}: an event is an object`);
    return { type, chain, shape };
  });
  const groups = groupsOf(kinds);
  const checks = new CheckSource(names);
  const orders = new OrderSource(names);
  const groupLines = [...new Set(groups.values())].flat().map((group) => groupSource(group, checks));
  const kindLines = kinds.map(({ type }) => {
    const own = groups.get(type)!.map((group) => `group${pascal(group.name)}`);
    return `  [${literal(type)}, [${own.join(", ")}]],`;
  });
  const orderLines = kinds.map(({ type, shape }) => `  [${literal(type)}, ${orders.order(shape, type)}],`);
  const chainLines = kinds.map(({ type, chain }) => `  ${literal(type)}: ${literal(chain)},`);
  const source = `import type { Chain, Event, Kind } from "../event.ts";

/**
 * Where an event is not of its kind's shape; empty when it is. \`kind-not-understood\` is said of a kind or a version
 * this code does not know: such an event is neither good nor bad. Every fault is listed, with its JSON pointer; members
 * that are not known are faults. Never throws.
 */
export function checkEvent(value: unknown): readonly ShapeFault[] | "kind-not-understood" {
  const faults: ShapeFault[] = [];
  if (!isObject(value)) return refuse(value ?? null, "", "", "an object", faults), faults;
  const { type, v } = value;
  if (typeof type !== "string") return refuse(type, "", "/type", "the name of a kind of event", faults), faults;
  const groups = groupsOfKind.get(type);
  if (groups === undefined || (Number.isSafeInteger(v) && (v as number) > 1)) return "kind-not-understood";
  let seen = 0;
  for (const group of groups) seen += group.count(value, "", faults);
  if (Object.keys(value).length !== seen) {
    refuseStrangers(value, new Set(groups.flatMap((group) => group.names)), "", stranger, faults);
  }
  return faults;
}

/**
 * The canonical text (RFC 8785) of an event that {@link checkEvent} has accepted; nothing is checked again here, so of
 * an event it has not seen the text may be anything. Members that are undefined are left out.
 */
export function serializeEvent(event: Event): string {
  return JSON.stringify(orderOfKind.get(event.type)!(event));
}

/** Which chain the events of each kind continue, in the order of the kinds. */
export const chainOfKind: Readonly<Record<Kind, Chain>> = {
${chainLines.join("\n")}
};

type Group = {
  readonly names: readonly string[];
  readonly count: (o: Unchecked, at: string, faults: ShapeFault[]) => number;
};

const stranger = ${literal(STRANGER)};

${checks}

${[...new Set(groupLines)].join("\n")}

const groupsOfKind = new Map<string, readonly Group[]>([
${kindLines.join("\n")}
]);

${orders}

const orderOfKind = new Map<Kind, (o: Unchecked) => Unchecked>([
${orderLines.join("\n")}
]);
`;
  return `${HEADER("packages/evidence/src/event.ts")}
${shapeFaultImport(source)}
${source}`;
}

function groupSource({ name, members }: Group, checks: CheckSource): string {
  const names = literal(members.map((member) => member.name));
  return `const group${pascal(name)}: Group = { names: ${names}, count: ${checks.members(members, name)} };`;
}

/** Each kind's groups: members that occur, with the same shape, in exactly the same kinds go together. */
function groupsOf(kinds: readonly Kind[]): ReadonlyMap<string, readonly Group[]> {
  const kindsWith = new Map<string, string[]>();
  const keyOf = ({ name, optional, shape }: Member) =>
    // `type` is a literal of each kind's own; what is common is that it is one of them, and that was looked up already.
    name === "type" ? name : `${name} ${optional} ${shapeKey(shape)}`;
  for (const { type, shape } of kinds)
    for (const member of shape.members) {
      const key = keyOf(member);
      const list = kindsWith.get(key);
      if (list === undefined) kindsWith.set(key, [type]);
      else list.push(type);
    }
  const groups = new Map<string, Group>();
  return new Map(
    kinds.map(({ type, shape }) => {
      const byKinds = Map.groupBy(shape.members, (member) => kindsWith.get(keyOf(member))!.join(" "));
      const own = [...byKinds].map(([signature, members]) => {
        const known = groups.get(signature);
        if (known !== undefined) return known;
        const alone = signature === type;
        const everywhere = kindsWith.get(keyOf(members[0]!))!.length === kinds.length && kinds.length > 1;
        const name = everywhere ? "envelope" : alone ? type : members.map((member) => member.name).join("_");
        const group = { name, members: members.map((member) => (member.name === "type" ? ANY_TYPE : member)) };
        groups.set(signature, group);
        return group;
      });
      return [type, own];
    }),
  );
}

const ANY_TYPE: Member = {
  name: "type",
  optional: false,
  shape: { kind: "string", minLength: 1, maxLength: 64, pattern: "^[a-z][a-z_]*(\\.[a-z_]+)+$", maxBytes: undefined },
};
