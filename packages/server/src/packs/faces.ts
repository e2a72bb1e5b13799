/** What this module needs of its neighbours. app.ts hands it in; modules never import each other. */
import type { Disclosure } from "@countersign/evidence/commitment";
import type { Ledger, Reader } from "../ledger/command.ts";
import type { TileReader } from "../ledger/reader.ts";
import type { Timers } from "../ledger/timers.ts";

export type LogReader = Reader & TileReader;

/** The payload store, as far as an export looks into it. */
export type ExportVault = {
  /** The bytes as stored. @throws CountersignError payload-not-found, payload-damaged */
  stored(tenant: string, digest: string): Promise<Uint8Array>;
  /** The plain bytes. @throws CountersignError payload-not-found, payload-damaged, payload-erased */
  open(tenant: string, digest: string): Promise<Uint8Array>;
  /** What opens a commitment of a committed event; undefined when nothing was kept, or its key was destroyed. */
  openDisclosure(reader: Reader, eventId: string, pointer: string): Disclosure | undefined;
  /** Whether the tenant has, or had, a payload of this digest. */
  knows(reader: Reader, digest: string): boolean;
};

/** Files of a policy bundle the tenant published, by path in it; undefined when they are damaged or gone. */
export type PolicyFiles = (tenant: string, digest: string) => Promise<ReadonlyMap<string, Uint8Array> | undefined>;

export type PackParts = {
  readonly ledger: Pick<Ledger, "submit" | "tenants"> & { reader(tenant: string): LogReader | undefined };
  readonly vault: ExportVault;
  readonly policyFiles: PolicyFiles;
  readonly timers: Timers;
  /** Told when reads could not be recorded in time. */
  readonly onTrouble: (cause: unknown) => void;
};
