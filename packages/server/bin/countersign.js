#!/usr/bin/env node
import { launch } from "@countersign/evidence/launch";

await launch(new URL("countersign.ts", import.meta.url), new URL("../dist/bin/countersign.js", import.meta.url));
