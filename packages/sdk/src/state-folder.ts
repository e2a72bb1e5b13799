/** Where this user's programs keep state (XDG base directories), for outboxes that were given no folder. */
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";

/** The default outbox of clients of the gate at `url`. */
export function outboxFolder(url: string): string {
  const base = process.env.XDG_STATE_HOME || join(homedir(), ".local", "state");
  return join(base, "countersign", "outbox", createHash("sha256").update(url).digest("hex").slice(0, 16));
}
