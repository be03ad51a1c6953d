// How long a person waits, from typing the address to JupyterLab, on a lab that scripts/quickstart has brought up:
// cold and warm through multijhub, beside JupyterHub started by hand over ssh on one of the same nodes.
//   sudo npm run bench:way-in [-- --json] [--rounds N]       Times are in milliseconds; the median of the rounds.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createVisitor } from "../lab.d/visitor.mjs";
import { signIn, waitForServer } from "../lab.d/way-in.mjs";

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, rounds: { type: "string", default: "3" } },
});
const LAB = new URL("../lab", import.meta.url).pathname;
const DEADLINE_MS = 120_000;
const POLL = { pauseMs: 100 };
const USER = "alice";
const PASSWORD = "alice-pw";

const labDir = JSON.parse(lab("status", "--json")).folder;
const settings = Object.fromEntries(
  readFileSync(`${labDir}/lab.env`, "utf8")
    .trim()
    .split("\n")
    .map((line) => [line.split("=")[0], line.replace(/^[^=]*=/, "")]),
);
const { port } = /port: (?<port>\d+)/.exec(readFileSync(`${labDir}/config.yaml`, "utf8")).groups;
const ROUTER = `http://127.0.0.1:${port}`;

function lab(...args) {
  return execFileSync(LAB, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

/** From nothing of ours in the browser to JupyterLab; resolves with the visitor, who is signed in then. */
async function enter(url) {
  const visitor = createVisitor(AbortSignal.timeout(DEADLINE_MS));
  const page = await signIn(visitor, url, USER, PASSWORD);
  const server = await waitForServer(visitor, page, USER, POLL);
  return { visitor, server };
}

async function timed(work) {
  const startedAt = performance.now();
  const result = await work();
  return { ms: performance.now() - startedAt, result };
}

/** Stops alice's server and every hub but the lobby's, which is kept warm, and makes the lobby's node the fuller one. */
async function coolDown() {
  const page = JSON.parse(lab("as-router", process.execPath, ...command("where", USER, "--json")));
  for (const { node } of page.servers) stopServer(node);
  for (const node of ["node2", "node3"]) lab("sh", node, `echo '{"proxy":true}' | multijhub-agent stop-hub`);
  lab("load", "node1", "40", "24000", "1000");
  await sleep(12_000); // the survey, the samples and the assignment of the last round have passed by then
}

/** By the pid that the node's agent names. */
function stopServer(node) {
  const answer = JSON.parse(lab("sh", node, "echo '{}' | multijhub-agent servers").trim().split("\n").at(-1));
  for (const { user, pid } of answer.result.servers) if (user === USER) lab("sh", node, `kill ${pid}`);
}

function command(...args) {
  return [
    new URL("../../dist/main.js", import.meta.url).pathname,
    "--config",
    `${labDir}/config.yaml`,
    ...args,
  ];
}

async function throughRouter() {
  await coolDown();
  const cold = await timed(() => enter(ROUTER));
  const { visitor } = cold.result;
  const warm = await timed(async () => waitForServer(visitor, await visitor.get(`${ROUTER}/`), USER, POLL));
  return { cold: cold.ms, warm: warm.ms };
}

const BY_HAND = `
c.JupyterHub.bind_url = "http://ADDRESS:8000"
c.JupyterHub.db_url = "sqlite:////tmp/by-hand.sqlite"
c.ConfigurableHTTPProxy.command = ["${settings.LAB_PROXY}"]
c.Authenticator.allow_all = True
c.PAMAuthenticator.open_sessions = False
c.Spawner.default_url = "/lab"
c.JupyterHub.pid_file = "/tmp/by-hand.pid"
`;

/** What an administrator does without us: ssh to a node, start JupyterHub, sign in there. */
async function byHand() {
  const address = `${settings.LAB_NET}.13`;
  const config = BY_HAND.replace("ADDRESS", address);
  lab("sh", "node3", `rm -f /tmp/by-hand.*; printf %s '${config}' > /tmp/by-hand.py`);
  const started = performance.now();
  const path = settings.LAB_JUPYTERHUB.replace(/\/[^/]*$/, "");
  const run = `cd /tmp && PATH=${path}:$PATH exec jupyterhub -f /tmp/by-hand.py`;
  const hub = spawn(LAB, ["sh", "node3", run], { stdio: "ignore" });
  try {
    const url = `http://${address}:8000/`;
    while (!(await answers(url))) await sleep(50);
    await enter(url);
    return performance.now() - started;
  } finally {
    lab("sh", "node3", "kill $(cat /tmp/by-hand.pid)"); // it stops its servers and its proxy
    await once(hub, "exit");
  }
}

async function answers(url) {
  const response = await fetch(`${url}hub/api/health`).catch(() => undefined);
  return response?.status === 200;
}

function median(numbers) {
  return Math.round(numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]);
}

const rounds = { "by hand, cold": [], "multijhub, cold": [], "multijhub, warm return": [] };
for (let round = 0; round < Number(values.rounds); round += 1) {
  rounds["by hand, cold"].push(await byHand());
  const { cold, warm } = await throughRouter();
  rounds["multijhub, cold"].push(cold);
  rounds["multijhub, warm return"].push(warm);
}
lab("load", "node1", "0", "24000", "20000");
const results = Object.entries(rounds).map(([name, ms]) => ({
  name,
  ms: median(ms),
  rounds: ms.map(Math.round),
}));
if (values.json) console.log(JSON.stringify({ results }));
else for (const { name, ms } of results) console.log(`${name.padEnd(24)} ${ms} ms`);
