// Looks into homes by the router's own reader, as whoever runs it: a line of JSON for each look.
// Usage: read-home.mjs REPOSITORY LABEL UNTIL USER=HOME...
// Leaves /tmp/LABEL.read when all have been read, /tmp/LABEL.lost when none could be any more.
// UNTIL: once; back, when a home that became unreadable can be read again; or a number of seconds
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const [repository, label, until, ...wanted] = process.argv.slice(2);
const { createHomeReader } = await import(`${repository}/dist/discovery/io/home-reader.js`);

// The reader starts its processes without an environment; some guests need theirs for every program: see plain_registers.py.
const needed = ["GLIBC_TUNABLES", "OPENSSL_ia32cap"].filter((name) => process.env[name] !== undefined);
if (needed.length > 0) {
  const starter = `/tmp/${label}.node`;
  const words = needed.map((name) => `${name}='${process.env[name]}'`);
  writeFileSync(starter, `#!/bin/sh\n${words.join(" ")} exec '${process.execPath}' "$@"\n`, { mode: 0o755 });
  process.execPath = starter;
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const clock = { now: () => Date.now() };
const reader = createHomeReader({ clock, log: silent }, { deadlineMs: 2000, concurrency: 4 });
const began = Date.now();
const marks = { read: new Set(), lost: new Set() };

function mark(what, user) {
  if (marks[what].add(user).size === wanted.length) writeFileSync(`/tmp/${label}.${what}`, "");
}

async function look(user, home) {
  const from = Date.now();
  const said = await reader.look(user, home, AbortSignal.timeout(60_000)).then(
    ({ records, oddities }) => ({ records: records.map(({ node }) => node), oddities }),
    ({ message }) => ({ unreadable: message }),
  );
  console.log(JSON.stringify({ user, atMs: from - began, tookMs: Date.now() - from, ...said }));
  mark("records" in said ? "read" : "lost", user);
  return "records" in said;
}

async function follow(user, home) {
  let wasLost = false;
  for (;;) {
    const isRead = await look(user, home);
    const isBack = wasLost && isRead;
    wasLost ||= !isRead;
    if (until === "once" || (until === "back" ? isBack : Date.now() - began >= Number(until) * 1000)) return;
    await sleep(250);
  }
}

await reader.start();
await Promise.all(wanted.map((each) => follow(...each.split("="))));
await reader.stop();
