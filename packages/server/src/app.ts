/**
 * The composition root: the only file that names every module. It opens what is shared (ledger, payload store, policy
 * engine), hands each module the slices of its neighbours it asked for, and puts their handlers, tables and chores together.
 */
import "@countersign/evidence/hash.node";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { CountersignError } from "@countersign/evidence/errors";
import { approvalOf } from "./approvals/approvals.ts";
import { approvalProjections } from "./approvals/projections.ts";
import { approvalTables, openApprovals } from "./approvals/routes.ts";
import { approvalSteps } from "./approvals/steps.ts";
import type { AdminOperations } from "./base/admin.ts";
import type { Clock } from "./base/clock.ts";
import type { Config } from "./base/config.ts";
import { type Document, type Http, openHttp } from "./base/http.ts";
import { localCall } from "./base/local.ts";
import type { Log } from "./base/log.ts";
import { openMetrics } from "./base/metrics.ts";
import { pages } from "./base/pages.ts";
import type { Handlers } from "./base/routes.ts";
import { actionBook, actionOf } from "./dispatch/actions.ts";
import { needsOf, withdraw } from "./dispatch/cancel.ts";
import { dispatchProjections } from "./dispatch/projections.ts";
import { dispatchTables, openDispatch } from "./dispatch/routes.ts";
import { openArguments } from "./dispatch/start-action.ts";
import { dueProjections } from "./due-projection.ts";
import { freezeProjections } from "./freezes/projections.ts";
import { freezeTables, openFreezes } from "./freezes/routes.ts";
import { openApiText } from "./generated/openapi.ts";
import { healthHandlers, type Troubles, wellKnown } from "./health.ts";
import { keptProjections } from "./kept-projections.ts";
import { due, openSweeper } from "./ledger/due.ts";
import { type OpenLedger, openLedger } from "./ledger/ledger.ts";
import type { TableProjection } from "./ledger/projection.ts";
import type { Table } from "./ledger/table.ts";
import { systemTimers, type Timers } from "./ledger/timers.ts";
import { channelsOf, openCourier } from "./notifications/courier.ts";
import { type NotifyConfig, notificationOperations, targetsOf } from "./notifications/opening.ts";
import { alarmBreakGlass, announce, notifications } from "./notifications/outbox.ts";
import { openPacks, packTables } from "./packs/routes.ts";
import {
  citePayload,
  keepDisclosure,
  knowsPayload,
  needPayload,
  openDisclosure,
  recordPayload,
} from "./payloads/cite.ts";
import { openPayloadFiles } from "./payloads/files.ts";
import { payloadProjections } from "./payloads/projections.ts";
import { payloadHandlers, recordRead } from "./payloads/routes.ts";
import { openSealKeys } from "./payloads/seal-keys.ts";
import { openVault, type StoredPayload } from "./payloads/store.ts";
import { disclosures, payloadRefs, payloads } from "./payloads/tables.ts";
import { openDoor } from "./people/door.ts";
import { signInProjections } from "./people/projections.ts";
import type { SignInConfig } from "./people/settings.ts";
import { signInTables } from "./people/tables.ts";
import { policyOperations } from "./policy/admin.ts";
import { openChecker } from "./policy/check.ts";
import { openEngineHost } from "./policy/engine-host.ts";
import { openPolicyGate } from "./policy/gate.ts";
import { openPublisher } from "./policy/publish.ts";
import { reexecuteHandlers } from "./policy/reexecute.ts";
import { openReplay } from "./policy/replay-host.ts";
import { openReplays } from "./policy/replays.ts";
import { policyHandlers } from "./policy/routes.ts";
import { openShadows, policyShadows, shadowDifferences } from "./policy/shadow.ts";
import { policyFiles } from "./policy/tables.ts";
import { openUploader, type PolicyPayloads } from "./policy/upload.ts";
import { runTime } from "./runs/close-run.ts";
import { runProjections } from "./runs/projections.ts";
import { openRuns, runTables } from "./runs/routes.ts";
import { viewRun } from "./runs/runs.ts";
import { tenantOperations } from "./tenants/admin.ts";
import { openAuthenticator } from "./tenants/authenticate.ts";
import { loneActMark } from "./tenants/bootstrap.ts";
import { openPeople } from "./tenants/people.ts";
import { tenantProjections } from "./tenants/projections.ts";
import { credentials, peopleByExternalId, people as peopleTable } from "./tenants/tables.ts";
import { VERSION } from "./version.ts";

/** Every module's tables. */
export const tables: readonly Table[] = [
  due,
  ...[credentials, peopleTable, peopleByExternalId],
  ...[payloads, payloadRefs, disclosures],
  ...runTables,
  ...dispatchTables,
  ...[...approvalTables, ...freezeTables, notifications],
  ...[policyFiles, policyShadows, shadowDifferences, ...packTables],
  ...signInTables,
];

/** What their rows must be, for fsck. */
export const projections: readonly TableProjection[] = [
  ...tenantProjections,
  ...payloadProjections,
  ...runProjections,
  ...dispatchProjections,
  ...approvalProjections,
  ...signInProjections,
  ...freezeProjections,
  ...dueProjections,
  ...keptProjections,
];

export type AppOptions = {
  readonly dataDir: string;
  readonly signerDir: string;
  readonly sealDir: string;
  readonly config: Pick<Config, "hostName" | "maxConnections" | "maxBodyBytes" | "policyDeadlineMs"> &
    Partial<Pick<Config, "publicUrl" | "port" | "acceptSignerReset">> &
    NotifyConfig &
    SignInConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly timers?: Timers;
  /** Loads the policies in force ahead of the first decision, and delivers messages: for a server, not for one command. */
  readonly warm: boolean;
};

export type App = {
  readonly ledger: OpenLedger;
  readonly http: Http;
  /** What the command line can ask for. */
  readonly admin: AdminOperations;
  /** A set-up link while nobody can sign in to the only tenant yet: a credential, for whoever started the server. */
  firstRunLink(): Promise<{ readonly url: string } | undefined>;
  /** Takes nothing new, finishes what is under way, lets go of everything. */
  close(): Promise<void>;
};

/** Pause between two sweeps for what has fallen due. */
const SWEEP_EVERY_MS = 1000;

/**
 * Opens a server on a data directory; nothing listens yet.
 *
 * @throws CountersignError as openLedger and openSealKeys
 */
export async function openApp(options: AppOptions): Promise<App> {
  const { dataDir, signerDir, sealDir, config, clock, log, timers = systemTimers } = options;
  const metrics = openMetrics();
  const ledger = await openLedger({
    dataDir,
    signerDir,
    tables,
    clock,
    timers,
    alarm: (what, detail) => log.error({ detail }, what),
    acceptSignerReset: config.acceptSignerReset === "yes",
  });
  const closers: (() => unknown)[] = [() => ledger.close()];
  try {
    const keys = openSealKeys(sealDir);
    closers.unshift(() => keys.close());
    const files = openPayloadFiles(join(dataDir, "payloads"), {
      timers,
      onTrouble: (detail) => log.error({ detail }, "payloads could not be moved to their places"),
    });
    closers.unshift(() => files.close());
    const vault = openVault({ files, keys, clock, metrics });
    const random16 = () => randomBytes(16);
    const people = openPeople({ ledger, clock, keepDisclosure, seals: { ...vault, lookupHash: keys.lookupHash } });

    const engine = { deadlineMs: config.policyDeadlineMs, clock, timers, metrics, log };
    const host = openEngineHost(engine);
    closers.unshift(() => host.close());
    const policy = openPolicyGate({ ledger, host, openPayload: vault.open, log });
    const check = openChecker(engine);
    const policyPayloads: PolicyPayloads<StoredPayload> = {
      putPublic: (tenant, bytes, mediaType) => vault.put(tenant, bytes, { mediaType, classification: "public" }),
      putSealed: (tenant, bytes, mediaType) => vault.put(tenant, bytes, { mediaType, classification: "internal" }),
      need: needPayload,
      cite: citePayload,
      record: (tx, payload) => recordPayload(tx, payload, null),
    };
    const policyParts = { ledger, payloads: policyPayloads, gate: policy, check };
    const uploader = openUploader(policyParts);
    const publisher = openPublisher({ ...policyParts, host, loneActMark, node: "local" });

    const replays = openReplays({ timers, deadlineMs: config.policyDeadlineMs });
    closers.unshift(() => replays.close());

    const dispatchVault = {
      ...vault,
      openDisclosure: openDisclosure.bind(undefined, vault),
      needPayload,
      citePayload,
      keepDisclosure,
    };
    const targets = targetsOf(config);
    const steps = approvalSteps(
      actionBook,
      (tx, about) => announce(tx, channelsOf(targets), about),
      (tx, approvalId) => {
        log.error({ tenant: tx.tenant, approval: approvalId }, "break-glass was used");
        alarmBreakGlass(tx, channelsOf(targets), approvalId);
      },
    );
    const dispatch = openDispatch({
      ledger,
      vault: dispatchVault,
      policy,
      approvals: steps,
      runTime: { ...runTime, view: viewRun },
      reportUnnamed: metrics.unnamedReport,
      nowMs: clock.nowMs,
      monotonicMs: clock.monotonicMs,
      random16,
      pause: (ms, signal) => pause(timers, ms, signal),
    });
    const approvals = openApprovals(
      {
        ledger,
        actions: actionBook,
        async openArguments(reader, actionId) {
          const record = actionOf(reader, actionId);
          if (record === undefined) return undefined;
          const { bytes, disclosure } = await openArguments({ vault: dispatchVault }, reader, record);
          return { bytes, salt: disclosure[0] };
        },
        renew: dispatch.renew,
        nowMs: clock.nowMs,
        bundleOf: policy.bundleOf,
        sealDisclosure: vault.sealDisclosure,
        keepDisclosure,
        random16,
      },
      steps,
    );
    const runs = openRuns({
      ledger,
      actions: {
        needs: (action) => needsOf(steps, action),
        withdraw: (tx, action, reason, derived) => withdraw(steps, tx, action, reason, derived),
      },
      aliasFor: people.aliasOf,
      sealDisclosure: vault.sealDisclosure,
      keepDisclosure,
      random16,
    });

    const freezes = openFreezes({ ledger, knownAlias: people.knownAlias });

    let port = config.port ?? 0;
    const door = openDoor({
      ledger,
      clock,
      log,
      directory: people,
      seals: { ...vault, lookupHash: keys.lookupHash },
      loneActMark,
      random: randomBytes,
      config,
      port: () => port,
      // A command that looks in for a moment shows no pages.
      ...(options.warm ? {} : { console: null }),
    });

    const packs = openPacks({
      ledger,
      vault: { ...dispatchVault, knows: knowsPayload },
      policyFiles: policy.filesOf,
      timers,
      onTrouble: (cause) => log.error({ err: cause }, "reads could not be recorded"),
    });
    closers.unshift(() => packs.access.close());

    const sweeper = openSweeper({
      ledger,
      nowMs: clock.nowMs,
      after: timers.after,
      chores: [...runs.chores, ...dispatch.chores, ...approvals.chores, ...door.chores],
      onTrouble: (chore, tenant, cause) => log.error({ chore, tenant, err: cause }, "something due could not be done"),
      everyMs: SWEEP_EVERY_MS,
    });
    closers.unshift(() => sweeper.close());

    // A command that looks in for a moment has not the server's settings: it must not spend a message's attempts.
    const courier = options.warm
      ? openCourier({
          ledger,
          targets,
          linkOf: (approvalId) => new URL(`/approvals/${approvalId}`, door.origin()).href,
          isWaiting: (reader, approvalId) => approvalOf(reader, approvalId)?.state === "REQUESTED",
          nowMs: clock.nowMs,
          after: timers.after,
          everyMs: SWEEP_EVERY_MS,
          log,
          metrics,
        })
      : undefined;
    closers.unshift(() => courier?.close());

    const shadows = openShadows({
      ledger,
      vault: dispatchVault,
      filesOf: policy.filesOf,
      openHost: () => openReplay({ timers, deadlineMs: config.policyDeadlineMs }),
      after: timers.after,
      onTrouble: (tenant, cause) => log.error({ tenant, err: cause }, "the policy in shadow could not decide"),
    });
    closers.unshift(() => shadows.close());

    const troubles: Troubles = new Map([
      ["ledger", () => ledger.trouble()],
      ["policy", () => host.trouble()],
    ]);
    const handlers: Handlers = {
      ...healthHandlers({ ledger, troubles }),
      ...payloadHandlers({ ledger, vault }),
      ...runs.handlers,
      ...dispatch.handlers,
      ...approvals.handlers,
      ...freezes.handlers,
      ...policyHandlers({
        ...policyParts,
        vault: dispatchVault,
        replays,
        uploader,
        publisher,
        async argumentsOf(reader, actionId) {
          const record = actionOf(reader, actionId);
          if (record === undefined) return undefined;
          const opened = await whatIsThere(() => openArguments({ vault: dispatchVault }, reader, record));
          return opened?.bytes;
        },
        async recordRead(digest, by) {
          await ledger.submit(recordRead, { digest }, by);
        },
        nowMs: clock.nowMs,
      }),
      ...shadows.handlers,
      ...reexecuteHandlers({ ledger, vault: dispatchVault, filesOf: policy.filesOf, replays }),
      ...packs.handlers,
    };
    const metricsPage: Document = {
      path: "/metrics",
      roles: ["operator", "admin"],
      contentType: metrics.contentType,
      read: () => metrics.text(),
    };
    const http = openHttp({
      handlers,
      documents: [...pages(openApiText), wellKnown(ledger, VERSION), metricsPage],
      authenticate: openAuthenticator(ledger, clock),
      identifyBrowser: door.identifyBrowser,
      overTls: () => door.origin().startsWith("https:"),
      mount: door.mount,
      newestCheckpoint: (tenant) => ledger.reader(tenant)?.checkpoint,
      log,
      metrics,
      clock,
      limits: config,
    });
    closers.unshift(() => http.close());
    metrics.gauge("ledger_waiting_commands", "Commands waiting for a batch.", () => ledger.waiting());
    if (options.warm) await Promise.all(ledger.tenants().map((tenant) => policy.refresh(tenant)));

    const admin: AdminOperations = {
      ...tenantOperations({ ledger, people, hostName: config.hostName }),
      ...policyOperations({ ledger, uploader, publisher }),
      ...packs.admin,
      ...freezes.admin,
      ...notificationOperations({ ledger }),
      ...door.admin,
      "api.call": localCall(handlers, people.knownAlias),
    };
    let closing: Promise<void> | undefined;
    const listening: Http = {
      ...http,
      async listen(host, wanted) {
        // Port 0 becomes a number here; links for people carry it.
        port = await http.listen(host, wanted);
        return port;
      },
    };
    const firstRunLink = () => door.firstRunLink({ type: "system", id: "countersign" });
    return { ledger, http: listening, admin, firstRunLink, close: () => (closing ??= closeAll(closers)) };
  } catch (cause) {
    await closeAll(closers);
    throw cause;
  }
}

/** What is erased, gone or damaged is not there. */
async function whatIsThere<T>(open: () => Promise<T>): Promise<T | undefined> {
  try {
    return await open();
  } catch (cause) {
    if (cause instanceof CountersignError) return undefined;
    throw cause;
  }
}

/** In the order given; a part that cannot close keeps nobody else from it. */
async function closeAll(closers: readonly (() => unknown)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of closers) {
    try {
      await close();
    } catch (cause) {
      failures.push(cause);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, "not everything could be closed");
}

/** Resolves after `ms`, or at once when aborted. */
function pause(timers: Timers, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const cancel = timers.after(ms, done);
    function done(): void {
      signal.removeEventListener("abort", done);
      cancel();
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
