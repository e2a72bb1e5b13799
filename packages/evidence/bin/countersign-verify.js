#!/usr/bin/env node
import { launch } from "./launch.js";

await launch(new URL("verify.ts", import.meta.url), new URL("../dist/bin/verify.js", import.meta.url));
