/** Every migration, in order; the schema's version is how many of them a database has had. Only ever appended to. */
import { sql as ledger } from "./0001-ledger.ts";

export const migrations: readonly string[] = [ledger];
