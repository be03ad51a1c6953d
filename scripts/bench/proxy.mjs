// What a proxied request costs: this router beside configurable-http-proxy and nginx, in one run, in turns.
//   npm run bench:proxy [-- --json --seconds N --rounds N --connections N]
import { execFileSync, fork, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import ssh2 from "ssh2";
import { drive, loadTool } from "./load.mjs";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    connections: { type: "string", default: "16" },
  },
});
const PATH = "/n/node1/user/alice/api/x";
const TICKS_PER_SECOND = Number(execFileSync("getconf", ["CLK_TCK"]).toString());
const here = (file) => new URL(file, import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "mjh-bench-"));
const children = [];

/** Remarks go to stderr: stdout is the result. */
function say(text) {
  process.stderr.write(`${text}\n`);
}

async function run(file, settings) {
  const child = fork(here(file), [JSON.stringify(settings ?? {})], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  children.push(child);
  const [message] = await Promise.race([once(child, "message"), exit(child, file)]);
  return { ...message, pid: child.pid };
}

function start(command, args) {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  child.stderr.resume();
  children.push(child);
  return child;
}

async function exit(child, name) {
  const [code] = await once(child, "exit");
  throw new Error(`${name} ended with ${code}`);
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(port) {
  for (let i = 0; i < 200; i += 1) {
    if (await fetch(`http://127.0.0.1:${port}/`).then(Boolean, () => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on ${port}`);
}

async function startChp(backendPort) {
  const command = here("../../node_modules/configurable-http-proxy/bin/configurable-http-proxy");
  if (!existsSync(command)) return undefined;
  const [port, api] = [await freePort(), await freePort()];
  const target = `http://127.0.0.1:${backendPort}`;
  const args = ["--ip", "127.0.0.1", "--port", port, "--api-ip", "127.0.0.1", "--api-port", api];
  const child = start(
    process.execPath,
    [command, ...args, "--default-target", target, "--log-level", "error"].map(String),
  );
  await listening(port);
  const { version } = JSON.parse(readFileSync(join(command, "../../package.json"), "utf8"));
  return { name: `configurable-http-proxy ${version}`, port, pid: child.pid };
}

async function startNginx(backendPort) {
  const nginx = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"].find(existsSync);
  if (nginx === undefined) {
    say("!! nginx is NOT here: its line is missing from this run (apt-get install nginx-light)");
    return undefined;
  }
  const port = await freePort();
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const config = `${userInfo().uid === 0 ? "user root;" : ""}
worker_processes 1; daemon off; pid ${folder}/nginx.pid; error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off; ${temp.join(" ")}
  upstream backend { server 127.0.0.1:${backendPort}; keepalive 64; }
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 1000000000;
    location / {
      proxy_pass http://backend; proxy_http_version 1.1;
      proxy_set_header Connection ""; proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
}
`;
  writeFileSync(join(folder, "nginx.conf"), config);
  const child = start(nginx, ["-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf")]);
  await listening(port);
  return { name: "nginx (no gate, no sessions)", port, pid: child.pid };
}

/** A real sshd where there is one, else an SSH server of this run. */
async function startSsh() {
  const [hostKeyFile, keyFile] = ["host", "id"].map((name) => join(folder, name));
  const sshd = ["/usr/sbin/sshd"].find(existsSync);
  for (const file of [hostKeyFile, keyFile]) writeKey(file);
  const user = userInfo().username;
  const server =
    sshd === undefined
      ? await startOwnSsh(hostKeyFile, keyFile)
      : await startSshd(sshd, hostKeyFile, keyFile);
  const knownHosts = join(folder, "known_hosts");
  writeFileSync(knownHosts, `[127.0.0.1]:${server.port} ${readFileSync(`${hostKeyFile}.pub`, "utf8")}`);
  return { ...server, user, keyFile, knownHosts };
}

function writeKey(file) {
  const pair = ssh2.utils.generateKeyPairSync("ed25519");
  writeFileSync(file, pair.private, { mode: 0o600 });
  writeFileSync(`${file}.pub`, `${pair.public}\n`);
}

async function startOwnSsh(hostKeyFile, keyFile) {
  say("!! sshd is NOT here: the SSH line is against an SSH server in Node (apt-get install openssh-server)");
  const { port } = await run("ssh-process.mjs", { hostKeyFile, authorizedKeyFile: `${keyFile}.pub` });
  return { port, kind: "ssh2 server" };
}

async function startSshd(sshd, hostKeyFile, keyFile) {
  if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true });
  const port = await freePort();
  const settings = {
    Port: port,
    ListenAddress: "127.0.0.1",
    HostKey: hostKeyFile,
    AuthorizedKeysFile: `${keyFile}.pub`,
    PidFile: "none",
    StrictModes: "no",
    UsePAM: "no",
    PermitRootLogin: "prohibit-password",
    AllowTcpForwarding: "yes",
    LogLevel: "ERROR",
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} ${value}\n`);
  writeFileSync(join(folder, "sshd_config"), lines.join(""));
  start(sshd, ["-D", "-e", "-f", join(folder, "sshd_config")]);
  await new Promise((resolve) => setTimeout(resolve, 300));
  return { port, kind: "sshd" };
}

/** CPU of a process and its children so far, all threads, in microseconds. */
function cpuMicros(pid) {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap(statOf);
  return all
    .filter((stat) => stat.pid === pid || stat.parent === pid)
    .reduce((sum, { micros }) => sum + micros, 0);
}

function statOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    const ticks = Number(fields[11]) + Number(fields[12]);
    return [{ pid: Number(pid), parent: Number(fields[1]), micros: (ticks / TICKS_PER_SECOND) * 1e6 }];
  } catch {
    return []; // it ended meanwhile
  }
}

async function measure(proxy, options) {
  const before = cpuMicros(proxy.pid);
  const requests = await drive({ port: proxy.port, path: PATH, cookie: proxy.cookie }, options);
  return {
    cpuUsPerRequest: (cpuMicros(proxy.pid) - before) / requests,
    requestsPerSecond: requests / options.seconds,
  };
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length / 2)] * 10) / 10;
}

function summary(name, rounds) {
  const cpuUsPerRequest = median(rounds.map((round) => round.cpuUsPerRequest));
  return {
    name,
    cpuUsPerRequest,
    requestsPerSecond: Math.round(median(rounds.map((round) => round.requestsPerSecond))),
  };
}

async function main() {
  if (!existsSync(here("../../dist/main.js")))
    throw new Error("run `npm run build` first: what is deployed is measured");
  const tool = loadTool();
  const options = { seconds: Number(values.seconds), connections: Number(values.connections), tool };
  const { port: backendPort } = await run("backend-process.mjs");
  const ssh = await startSsh();
  const proxies = [
    { name: "multijhub, direct", ...(await run("router-process.mjs", { backendPort })) },
    { name: `multijhub, over SSH (${ssh.kind})`, ...(await run("router-process.mjs", { backendPort, ssh })) },
    await startChp(backendPort),
    await startNginx(backendPort),
  ].filter((proxy) => proxy !== undefined);
  say(
    `1 KB answers, ${options.connections} connections, ${values.rounds} rounds of ${options.seconds} s each in turns, load by ${tool}`,
  );
  for (const proxy of proxies) await measure(proxy, { ...options, seconds: 1 });
  const rounds = new Map(proxies.map(({ name }) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const proxy of proxies) rounds.get(proxy.name).push(await measure(proxy, options));
  }
  print([...rounds].map(([name, measured]) => summary(name, measured)));
}

function print(results) {
  // npm keeps a bare --json to itself.
  const isJson = values.json || process.env.npm_config_json === "true";
  if (isJson) process.stdout.write(`${JSON.stringify({ results })}\n`);
  else console.table(Object.fromEntries(results.map(({ name, ...numbers }) => [name, numbers])));
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true, force: true });
}
