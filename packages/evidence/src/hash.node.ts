/** Importing this module makes Node's own SHA-256 the implementation behind hash.ts (crypto.hash is the fastest call Node has). */
import { hash } from "node:crypto";
import { installSha256 } from "./hash.ts";

installSha256((bytes) => hash("sha256", bytes, "buffer"));
