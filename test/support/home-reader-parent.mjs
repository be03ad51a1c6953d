// A router, as far as reading homes goes, until it is killed: `node --import typescript-hook.mjs <this file> HOME`.
import { createHomeReader } from "../../src/discovery/io/home-reader.ts";

const [home] = process.argv.slice(2);
const ports = { clock: { now: () => Date.now() }, log: console };
const reader = createHomeReader(ports, { deadlineMs: 5000, concurrency: 2, execArgv: process.execArgv });
await reader.look("alice", home, new AbortController().signal);
process.stdout.write("looked\n");
