#!/usr/bin/env node
import { launch } from "@countersign/evidence/launch";

await launch(new URL("mcp.ts", import.meta.url), new URL("../dist/bin/mcp.js", import.meta.url));
