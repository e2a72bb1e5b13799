/** Limits that code without the schemas needs too; spec/evidence-event.md. The browser never loads the schema library. */

/** An entry is at most this long: the tlog-tiles bundle limit. */
export const MAX_ENTRY_BYTES = 65_535;
/** Open actions a run may have at once, so that its state stays bounded. */
export const MAX_OPEN_ACTIONS = 64;
/** Runs above a run: a child of a child of … has at most this many. */
export const MAX_RUN_ANCESTORS = 8;
/** People a run was for before it passed to another. */
export const MAX_PASSED_ON = 8;
