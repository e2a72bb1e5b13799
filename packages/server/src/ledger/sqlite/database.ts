/**
 * Opens the database file with the settings the ledger's promises rest on, and refuses weaker ones by name.
 * WAL with synchronous=FULL: a commit that returned is fsynced. Checkpoints of the WAL are run by the writer.
 */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { CountersignError } from "@countersign/evidence/errors";
import { migrations } from "../../migrations/all.ts";
import { syncDirectory } from "../sync-directory.ts";
import type { Table } from "../table.ts";
import { type StoredTable, storedTable } from "./columns.ts";

/** "CsLg": says whose file this is (SQLite file format §1.3.11). */
const APPLICATION_ID = 0x43734c67;
const PAGE_BYTES = 8192;
const CACHE_KIB = 64 * 1024;
const BUSY_MS = 5_000;

/**
 * The one connection that writes. Creates and migrates the file.
 *
 * @throws CountersignError schema-newer, data-unsafe (the setting and what it must be, or a file that is not ours)
 */
export function openForWriting(path: string, tables: readonly Table[]): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_MS });
  try {
    database.exec(`PRAGMA page_size=${PAGE_BYTES}`); // takes effect at creation only
    database.exec("PRAGMA journal_mode=WAL");
    database.exec("PRAGMA synchronous=FULL");
    database.exec("PRAGMA wal_autocheckpoint=0");
    database.exec("PRAGMA recursive_triggers=ON"); // so that REPLACE meets the fence around entries, too
    database.exec("PRAGMA foreign_keys=ON");
    database.exec("PRAGMA trusted_schema=OFF");
    database.exec("PRAGMA temp_store=MEMORY");
    database.exec(`PRAGMA cache_size=-${CACHE_KIB}`);
    migrate(database);
    declareTables(database, tables.map(storedTable));
    checkSettings(database);
    syncDirectory(dirname(path)); // the file's own name must survive a power cut, too
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A connection for reads; it sees what is committed. */
export function openForReading(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
  database.exec("PRAGMA trusted_schema=OFF");
  database.exec("PRAGMA query_only=ON");
  database.exec(`PRAGMA cache_size=-${CACHE_KIB}`);
  return database;
}

/** @throws CountersignError schema-newer, data-unsafe when the file belongs to another program */
export function checkSchemaVersion(database: DatabaseSync): number {
  const version = pragma(database, "user_version");
  const application = pragma(database, "application_id");
  if (version > 0 && application !== APPLICATION_ID) {
    throw new CountersignError("data-unsafe", { detail: "The database file was not written by Countersign." });
  }
  if (version > migrations.length) {
    throw new CountersignError("schema-newer", {
      detail: `Its schema has version ${version}; this program knows up to ${migrations.length}.`,
    });
  }
  return version;
}

/** Every object of the schema with its statement; SQLite's own (automatic indexes) are not among them. */
export function schemaOf(database: DatabaseSync): ReadonlyMap<string, string> {
  const rows = database.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").all();
  return new Map(rows.map(({ name, sql }) => [String(name), String(sql)]));
}

/** The schema this version makes for these modules. */
export function expectedSchema(tables: readonly Table[]): ReadonlyMap<string, string> {
  const database = new DatabaseSync(":memory:");
  try {
    migrate(database);
    declareTables(database, tables.map(storedTable));
    return schemaOf(database);
  } finally {
    database.close();
  }
}

function migrate(database: DatabaseSync): void {
  const version = checkSchemaVersion(database);
  if (version === 0) {
    const foreign = database.prepare("SELECT count(*) AS n FROM sqlite_schema").get();
    if (foreign?.n !== 0) {
      throw new CountersignError("data-unsafe", { detail: "The database file was not written by Countersign." });
    }
  }
  for (let next = version; next < migrations.length; next++) {
    database.exec("BEGIN IMMEDIATE");
    database.exec(migrations[next]!);
    database.exec(`PRAGMA application_id=${APPLICATION_ID}`);
    database.exec(`PRAGMA user_version=${next + 1}`);
    database.exec("COMMIT");
  }
}

/** Creates the modules' tables. One that exists with another shape needs a migration, and is refused until it has one. */
function declareTables(database: DatabaseSync, tables: readonly StoredTable[]): void {
  const existing = database.prepare("SELECT sql FROM sqlite_schema WHERE name = ?");
  database.exec("BEGIN IMMEDIATE");
  for (const table of tables) {
    for (const statement of table.ddl) {
      const name = /^CREATE (?:TABLE|INDEX) (\S+)/.exec(statement)?.[1] ?? "";
      const found = existing.get(name)?.sql;
      if (found === undefined) database.exec(statement);
      else if (found !== statement) {
        throw new CountersignError("data-unsafe", {
          detail: `${name} has another shape in the database than in this version, and no migration changes it.`,
        });
      }
    }
  }
  database.exec("COMMIT");
}

function checkSettings(database: DatabaseSync): void {
  const required: readonly (readonly [name: string, value: number | string])[] = [
    ["journal_mode", "wal"],
    ["synchronous", 2],
    ["page_size", PAGE_BYTES],
  ];
  for (const [name, value] of required) {
    const found = Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    if (found !== value) {
      throw new CountersignError("data-unsafe", { detail: `SQLite's ${name} is ${found}; it must be ${value}.` });
    }
  }
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}

/** Size of the write-ahead log beside the database; 0 when there is none. */
export function walBytes(path: string): number {
  return statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}
