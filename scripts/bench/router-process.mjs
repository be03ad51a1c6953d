// The router's own parts as they are deployed (dist), with one node: gate, sessions, headers, streaming.
import { createNodeDialer } from "../../dist/nodes/ssh/io/node-dialer.js";
import { createSshPool } from "../../dist/nodes/ssh/io/ssh-pool.js";
import { createFrontServer } from "../../dist/router/front/io/front-server.js";
import { createNodeProxy } from "../../dist/router/proxy/io/node-proxy.js";
import { createRevocations } from "../../dist/router/sign-in/revocations.js";
import { createSessions } from "../../dist/router/sign-in/sessions.js";
import { createLog, createSystemClock, createSystemRandom } from "../../dist/system.js";

const { backendPort, ssh } = JSON.parse(process.argv[2]);
const clock = createSystemClock();
const random = createSystemRandom();
const log = createLog("error");

const spec = {
  id: "node1",
  address: "127.0.0.1",
  sshPort: ssh?.port ?? 22,
  sshUser: ssh?.user ?? "root",
  become: "none",
  transport: ssh === undefined ? "direct" : "ssh",
  weight: 1,
  labels: [],
};
const specOf = (node) => (node === spec.id ? spec : undefined);
const pool = createSshPool(
  { specOf, clock, random, log },
  { keyFile: ssh?.keyFile ?? "/nonexistent", knownHostsFiles: ssh ? [ssh.knownHosts] : [], useAgent: false },
);
const values = new Map();
const store = {
  get: async (key) => values.get(key),
  set: async (key, value) => void values.set(key, value),
  setIfAbsent: async (key, value) => !values.has(key) && values.set(key, value) !== undefined,
  delete: async (key) => void values.delete(key),
};
const revocations = createRevocations({ clock, store, log }, { totalMs: 8 * 3_600_000 });
const masterKeys = [new Uint8Array(32).fill(7)];
const sessions = createSessions(
  { clock, random, store, log, revocations },
  { masterKeys: () => masterKeys, isSecure: false, adminUsers: [], adminGroups: [] },
);
const limits = { idleTimeoutMs: 600_000, maxHeaderSize: 65_536 };
const proxy = createNodeProxy(
  {
    dialer: createNodeDialer({ pool, specOf, clock }),
    sessions,
    log,
    isKnown: (node) => node === spec.id,
    onUpstreamFailure: () => undefined,
  },
  {
    ...limits,
    port: backendPort,
    dialTimeoutMs: 10_000,
    answerTimeoutMs: 600_000,
    maxConnections: 1000,
    stalledReaderMs: 120_000,
    isTls: false,
  },
);
const app = (_request, response) => response.writeHead(404).end();
const front = createFrontServer({ app, proxy, log }, { host: "127.0.0.1", port: 0, drainMs: 100, ...limits });
await front.start();
const { cookies } = await sessions.begin({ user: "alice", groups: [] }, "node1");
process.send({ port: front.address().port, cookie: cookies[0].replace(/;.*/, "") });
process.on("SIGINT", () => process.exit(0));
