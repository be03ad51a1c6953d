#!/usr/bin/env node
// Speaks the agent's protocol and does what its input says, for the contract of the agent runner.
// Input: {"progress": ["..."], "samples": [...], "result": ..., "fail": {...}, "hang": true, "print": "...", "exit": 3}
import { createInterface } from "node:readline";

const verb = process.argv.at(-1);
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const input = await new Promise((resolve) => createInterface({ input: process.stdin }).once("line", resolve));
const order = JSON.parse(input);
const spoken = { protocol: order.protocol ?? 1, agent: "test" };

if (verb === "sample") process.stdin.resume().once("end", () => process.exit(0));
for (const text of order.progress ?? []) say({ event: "progress", text });
for (const sample of order.samples ?? []) say({ event: "sample", sample });
if (order.print) process.stdout.write(order.print);
if (order.exit) {
  process.stderr.write("it broke\n");
  process.exit(order.exit);
}
if (order.hang)
  setTimeout(() => process.exit(0), 20_000); // longer than any test waits, and not for ever
else {
  say(
    order.fail ? { ...spoken, ok: false, error: order.fail } : { ...spoken, ok: true, result: order.result },
  );
  process.exit(0);
}
