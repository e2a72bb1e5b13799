import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkBody,
  checkParams,
  checkQuery,
  type JsonBodyOperation,
  routes,
} from "@countersign/evidence/generated/wire-shapes";
import type { ShapeFault } from "@countersign/evidence/shape-fault";
import { type OperationName, operations } from "@countersign/evidence/wire";
import fc from "fast-check";
import type { TSchema } from "typebox";
import { arbitraryOf, runs } from "./arbitrary.ts";
import { shapeOf } from "./gen/shape.ts";
import { bodyKind, type OperationDefinition, type Operations } from "./gen/wire-shapes.ts";
import { mutationsOf } from "./mutation.ts";

const table: Operations = operations;
const names = Object.keys(operations) as OperationName[]; // the keys of the table are its operations' names

type Part = {
  readonly name: string;
  readonly schema: TSchema;
  readonly check: (value: unknown) => readonly ShapeFault[];
};

/** Every part of every request that has a schema. */
const parts: readonly Part[] = names.flatMap((name) => {
  const operation: OperationDefinition = table[name]!;
  // Where a part has a schema the table says so in its type; the walk over all operations loses which.
  const schemaOf = (part: unknown) => part as TSchema;
  return [
    ...(operation.params === undefined
      ? []
      : [{ name: `${name} params`, schema: schemaOf(operation.params), check: (v: unknown) => checkParams(name, v) }]),
    ...(operation.query === undefined
      ? []
      : [{ name: `${name} query`, schema: schemaOf(operation.query), check: (v: unknown) => checkQuery(name, v) }]),
    ...(bodyKind(operation) !== "json"
      ? []
      : [
          {
            name: `${name} body`,
            schema: schemaOf(operation.body),
            check: (v: unknown) => checkBody(name as JsonBodyOperation, v),
          },
        ]),
  ];
});

test("wire: generated requests of every operation are accepted, one thing wrong gives one fault", () => {
  for (const { name, schema, check } of parts) {
    const shape = shapeOf(schema);
    fc.assert(
      fc.property(arbitraryOf(schema), fc.nat(), (value, pick) => {
        assert.deepEqual(check(value), [], name);
        const mutations = mutationsOf(shape, value);
        for (let i = 0; i < 6; i++) {
          const { name: mutation, pointer, wrong, make } = mutations[(pick + i * 7) % mutations.length]!;
          const found = check(make()).map((fault) => [fault.pointer, fault.wrong]);
          assert.deepEqual(found, [[pointer, wrong]], `${name}: ${mutation} at ${pointer}`);
        }
      }),
      runs(40),
    );
  }
});

test("wire: an operation without query or parameters takes none", () => {
  for (const name of names) {
    const { query, params }: OperationDefinition = table[name]!;
    if (query === undefined) {
      assert.deepEqual(checkQuery(name, {}), []);
      assert.deepEqual(wrongs(checkQuery(name, { tenant: "other" })), [["/tenant", "unknown"]]);
    }
    if (params === undefined) {
      assert.deepEqual(checkParams(name, {}), []);
      assert.deepEqual(wrongs(checkParams(name, { x: "y" })), [["/x", "unknown"]]);
    }
  }
});

test("wire: nothing is coerced: numbers as text, text as numbers, a query name given twice", () => {
  assert.deepEqual(wrongs(checkQuery("listRuns", { limit: 5 })), [["/limit", "value"]]);
  assert.deepEqual(wrongs(checkQuery("listRuns", { limit: ["5", "6"] })), [["/limit", "value"]]);
  assert.deepEqual(wrongs(checkBody("reportOutcome", { status: "SUCCEEDED", attempt: "1" })), [["/attempt", "value"]]);
});

test("wire: what the server decides cannot be sent", () => {
  const body = { tool: "terraform", args: {} };
  assert.deepEqual(checkBody("requestAction", body), []);
  for (const member of ["tenant", "actor", "decision", "policy", "run_seq", "integrity", "initiator", "ts", "event_id"])
    assert.deepEqual(wrongs(checkBody("requestAction", { ...body, [member]: "x" })), [[`/${member}`, "unknown"]]);
});

test("wire: a body that is no object is refused at the top", () => {
  for (const value of [undefined, null, [], "x", 1])
    assert.deepEqual(
      checkBody("closeRun", value).map((fault) => fault.pointer),
      [""],
    );
});

test("wire: the route table is the operations without their schemas", () => {
  assert.deepEqual(Object.keys(routes), names);
  for (const name of names) {
    const { method, path, roles } = table[name]!;
    const route = routes[name];
    assert.deepEqual([route.method, route.path, route.roles], [method, path, roles]);
    assert.equal(route.body, bodyKind(table[name]!));
  }
});

function wrongs(found: readonly ShapeFault[]): readonly (readonly [string, string])[] {
  return found.map((fault) => [fault.pointer, fault.wrong]);
}
