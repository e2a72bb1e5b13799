#!/usr/bin/env node
import { verifyCommand } from "../src/verify-command.node.ts";

process.exitCode = await verifyCommand(process.argv.slice(2));
