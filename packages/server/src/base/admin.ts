/**
 * What the command line can ask of an open server, in process or through its socket: named operations that take and give
 * plain JSON. The caller is somebody on this machine, named in the event as `os:<uid>`; the socket's mode is the guard.
 */
import { CountersignError } from "@countersign/evidence/errors";
import type { ActorBlock } from "@countersign/evidence/event";

/** Arguments of an operation: what JSON can say. */
export type AdminInput = Readonly<Record<string, unknown>>;
export type AdminOperation = (input: AdminInput, by: ActorBlock) => Promise<unknown>;
/** Operations by name: `<noun>.<verb>`. */
export type AdminOperations = Readonly<Record<string, AdminOperation>>;

/** Reads the members of an operation's input. @throws CountersignError usage, naming the member */
export function adminFields(input: AdminInput) {
  const text = (name: string): string => {
    const value = input[name];
    if (typeof value !== "string" || value === "") return missing(name, "text");
    return value;
  };
  const list = (name: string): readonly string[] => {
    const value = input[name];
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string"))
      return missing(name, "a list of texts");
    return value;
  };
  const flag = (name: string): boolean => {
    const value = input[name];
    if (value !== undefined && typeof value !== "boolean") return missing(name, "true or false");
    return value === true;
  };
  return {
    text,
    list,
    flag,
    optionalText: (name: string): string | undefined => (input[name] === undefined ? undefined : text(name)),
    optionalList: (name: string): readonly string[] | undefined => (input[name] === undefined ? undefined : list(name)),
    /** One of a closed set. */
    choice<const T extends string>(name: string, values: readonly T[]): T {
      const value = text(name);
      const found = values.find((one) => one === value);
      return found ?? missing(name, `one of ${values.join(", ")}`);
    },
  };
}

function missing(name: string, expected: string): never {
  throw new CountersignError("usage", { pointer: `/${name}`, detail: `${name} must be ${expected}.` });
}
