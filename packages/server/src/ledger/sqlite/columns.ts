/**
 * How a table.ts declaration lies in SQLite: the DDL, and each value in and out. Ids are 16 bytes, hashes 32 (33 with a
 * leading 0x01 for the `sha256:` form), timestamps integers in ms, so a row costs half of what its text would.
 */

import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import { assert } from "@countersign/evidence/errors";
import { hex, parseHex } from "@countersign/evidence/hash";
import { formatId, type IdPrefix, parseId } from "@countersign/evidence/ids";
import type { Column, Table } from "../table.ts";

type Codec = {
  readonly sql: "INTEGER" | "TEXT" | "BLOB";
  readonly encode: (value: unknown, name: string) => SQLInputValue;
  readonly decode: (value: SQLOutputValue) => unknown;
};

/** One column of a table with its codec. */
export type StoredColumn = Codec & { readonly name: string; readonly nullable: boolean };

/** A table as SQLite keeps it: statements, and its columns in the order of their parameters (tenant first). */
export type StoredTable = {
  readonly name: string;
  readonly key: readonly StoredColumn[];
  readonly columns: readonly StoredColumn[];
  readonly ddl: readonly string[];
  readonly select: string;
  readonly upsert: string;
  readonly remove: string;
  /** Columns of each index, the key's columns that break ties included; `key` is the primary key. */
  readonly indexes: ReadonlyMap<string, readonly StoredColumn[]>;
};

const NAME = /^[a-z][a-z0-9_]{0,47}$/;
const SHA256_FORM = "sha256:";

const int: Codec = {
  sql: "INTEGER",
  encode(value, name) {
    assert(Number.isSafeInteger(value), `${name} is a safe integer`);
    return value as number; // isSafeInteger said so
  },
  decode: (value) => value,
};

const text: Codec = {
  sql: "TEXT",
  encode(value, name) {
    assert(typeof value === "string", `${name} is a string`);
    return value;
  },
  decode: (value) => value,
};

const bytes: Codec = {
  sql: "BLOB",
  encode(value, name) {
    assert(value instanceof Uint8Array, `${name} is bytes`);
    return value.slice(); // whoever put it may go on using it
  },
  decode: (value) => value,
};

const bool: Codec = {
  sql: "INTEGER",
  encode(value, name) {
    assert(typeof value === "boolean", `${name} is a boolean`);
    return value ? 1 : 0;
  },
  decode: (value) => value === 1,
};

const json: Codec = {
  sql: "TEXT",
  encode(value, name) {
    const written = JSON.stringify(value);
    assert(typeof written === "string", `${name} is JSON`);
    return written;
  },
  // The column was written by encode, so it is text.
  decode: (value) => JSON.parse(value as string),
};

const ts: Codec = {
  sql: "INTEGER",
  encode(value, name) {
    assert(typeof value === "string", `${name} is a timestamp`);
    const ms = Date.parse(value);
    assert(Number.isSafeInteger(ms) && new Date(ms).toISOString() === value, `${name} is RFC 3339 UTC with ms`);
    return ms;
  },
  decode: (value) => new Date(value as number).toISOString(), // written by encode
};

const hash: Codec = {
  sql: "BLOB",
  encode(value, name) {
    assert(typeof value === "string", `${name} is a hash`);
    const digest = value.startsWith(SHA256_FORM);
    const raw = parseHex(digest ? value.slice(SHA256_FORM.length) : value);
    assert(raw.length === 32, `${name} is a SHA-256 hash`);
    if (!digest) return raw;
    const tagged = new Uint8Array(33);
    tagged[0] = 1;
    tagged.set(raw, 1);
    return tagged;
  },
  decode(value) {
    const raw = value as Uint8Array; // written by encode
    return raw.length === 33 ? SHA256_FORM + hex(raw.subarray(1)) : hex(raw);
  },
};

function idCodec(prefix: IdPrefix): Codec {
  return {
    sql: "BLOB",
    encode(value, name) {
      const raw = typeof value === "string" ? parseId(prefix, value) : undefined;
      assert(raw !== undefined, `${name} is an id with prefix ${prefix}`);
      return raw;
    },
    decode: (value) => formatId(prefix, value as Uint8Array), // written by encode
  };
}

const plain: Readonly<Record<string, Codec>> = { int, text, bytes, bool, json, ts, hash };

function storedColumn(name: string, column: Column): StoredColumn {
  assert(NAME.test(name), `column ${name} is snake_case`);
  const nullable = column.endsWith("?");
  const base = nullable ? column.slice(0, -1) : column;
  // The type of Column admits only declared prefixes behind `id:`.
  const codec = base.startsWith("id:") ? idCodec(base.slice(3) as IdPrefix) : plain[base];
  assert(codec !== undefined, `column ${name} has a known type`);
  if (!nullable) return { name, nullable, ...codec };
  return {
    name,
    nullable,
    sql: codec.sql,
    encode: (value, at) => (value === null ? null : codec.encode(value, at)),
    decode: (value) => (value === null ? null : codec.decode(value)),
  };
}

/** Names the ledger keeps for its own tables; a module's table is `m_` and its name, so none can meet. */
export function storedTable(table: Table): StoredTable {
  assert(NAME.test(table.name), `table ${table.name} is snake_case`);
  const name = `m_${table.name}`;
  const key = Object.entries(table.key).map(([column, type]) => storedColumn(column, type));
  const columns = Object.entries(table.columns).map(([column, type]) => storedColumn(column, type));
  const all = [...key, ...columns];
  assert(new Set(all.map((column) => column.name)).size === all.length, `columns of ${table.name} are distinct`);
  assert(
    all.every((column) => column.name !== "tenant"),
    `${table.name} leaves the tenant to the ledger`,
  );

  const indexes = new Map<string, readonly StoredColumn[]>([["key", key]]);
  const ddl = [
    `CREATE TABLE ${name} (\n  tenant INTEGER NOT NULL,\n${all
      .map((column) => `  ${column.name} ${column.sql}${column.nullable ? "" : " NOT NULL"},\n`)
      .join("")}  PRIMARY KEY (${["tenant", ...key.map((column) => column.name)].join(", ")})\n) STRICT, WITHOUT ROWID`,
  ];
  for (const [index, names] of Object.entries(table.indexes)) {
    assert(NAME.test(index) && index !== "key", `index ${index} of ${table.name} is snake_case and not "key"`);
    const leading = names.map((wanted) => {
      const column = all.find((candidate) => candidate.name === wanted);
      assert(column !== undefined, `index ${index} of ${table.name} names column ${wanted}`);
      return column;
    });
    const ordered = [...leading, ...key.filter((column) => !leading.includes(column))];
    indexes.set(index, ordered);
    ddl.push(
      `CREATE INDEX ${name}_${index} ON ${name} (${["tenant", ...ordered.map((column) => column.name)].join(", ")})`,
    );
  }

  const where = ["tenant", ...key.map((column) => column.name)].map((column) => `${column} = ?`).join(" AND ");
  const names = ["tenant", ...all.map((column) => column.name)];
  return {
    name,
    key,
    columns,
    ddl,
    indexes,
    select: `SELECT ${all.map((column) => column.name).join(", ")} FROM ${name} WHERE ${where}`,
    upsert: `INSERT OR REPLACE INTO ${name} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
    remove: `DELETE FROM ${name} WHERE ${where}`,
  };
}

/** The parameters of a key, without the tenant. */
export function encodeKey(table: StoredTable, key: Readonly<Record<string, unknown>>): SQLInputValue[] {
  return table.key.map((column) => column.encode(key[column.name], `${table.name}.${column.name}`));
}

/** The parameters of a row, without the tenant; a member the table does not declare is our mistake. */
export function encodeRow(table: StoredTable, row: Readonly<Record<string, unknown>>): SQLInputValue[] {
  const out: SQLInputValue[] = [];
  for (const column of table.key) out.push(column.encode(row[column.name], `${table.name}.${column.name}`));
  for (const column of table.columns) out.push(column.encode(row[column.name], `${table.name}.${column.name}`));
  return out;
}

/** A row as commands see it, from what `select` returned. */
export function decodeRow(
  table: StoredTable,
  row: Readonly<Record<string, SQLOutputValue>>,
): Readonly<Record<string, unknown>> {
  const out: Record<string, unknown> = {};
  for (const column of table.key) out[column.name] = column.decode(row[column.name] ?? null);
  for (const column of table.columns) out[column.name] = column.decode(row[column.name] ?? null);
  return out;
}

/** The same from the parameters of a row. */
export function decodeValues(table: StoredTable, values: readonly SQLOutputValue[]): Readonly<Record<string, unknown>> {
  const out: Record<string, unknown> = {};
  [...table.key, ...table.columns].forEach((column, i) => {
    out[column.name] = column.decode(values[i] ?? null);
  });
  return out;
}
