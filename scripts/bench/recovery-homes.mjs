// Homes in a temporary folder: some with a server, some planted by people who would like to be sent elsewhere, the rest
// as most homes are.
import { lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BOOT_ID = "7f2c6a1e-3b7d-4c1a-9f55-0a1b2c3d4e5f";
const FIRST_UID = 20_000;
const RUNTIME = [".local", "share", "jupyter", "runtime"];
const isRoot = process.getuid() === 0;

/** Hostile users are as many as a tenth of the servers, at least one of each kind. */
export function plantHomes({ homes, servers, nodes }) {
  const root = mkdtempSync(join(tmpdir(), "mjh-recovery-"));
  const users = Array.from({ length: homes }, (_, index) => userAt(index, nodes));
  const live = users.slice(0, servers);
  const hostile = users.slice(servers, servers + Math.max(KINDS.length, Math.floor(servers / 10)));
  for (const [index, user] of users.entries()) {
    const runtime = makeHome(root, user, index % 3 === 0 && index >= servers + hostile.length);
    if (index < servers) writeLive(runtime, user, users[(index + 1) % servers]);
  }
  for (const [index, user] of hostile.entries()) {
    const victim = live[index % live.length];
    KINDS[index % KINDS.length](runtimeOf(root, user), user, victim, runtimeOf(root, victim));
  }
  return {
    root,
    nodes: Array.from({ length: nodes }, (_, index) => nodeAt(index)),
    users: new Map(users.map((user) => [user.name, user])),
    live,
    // None of them has a server.
    hostile: hostile.map(({ name }) => ({ name })),
    bootId: BOOT_ID,
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

function userAt(index, nodes) {
  const uid = isRoot ? FIRST_UID + index : process.getuid();
  return {
    name: `user${index}`,
    uid,
    node: nodeAt(index % nodes),
    pid: 1000 + index,
    startTicks: 50_000 + index,
  };
}

function nodeAt(index) {
  return `node${index + 1}`;
}

function makeHome(root, user, isNew) {
  let path = join(root, user.name);
  for (const part of isNew ? [""] : ["", ...RUNTIME]) {
    path = join(path, part);
    mkdirSync(path, { mode: 0o755 });
    own(path, user);
  }
  return path;
}

function runtimeOf(root, { name }) {
  return join(root, name, ...RUNTIME);
}

/** A record; beside it what a crash on another node has left, and what Jupyter itself writes. */
function writeLive(runtime, user, other) {
  write(runtime, user, recordOf(user));
  write(runtime, user, recordOf({ ...user, node: other.node, pid: 999 }));
  writeFileSync(join(runtime, `jpserver-${user.pid}.json`), "{}");
}

const KINDS = [
  function anothersRecord(runtime, user, victim) {
    write(runtime, user, recordOf(victim));
  },
  function anothersProcess(runtime, user, { node, pid, startTicks }) {
    write(runtime, user, recordOf({ ...user, node, pid, startTicks }));
  },
  function noProcess(runtime, user, { node }) {
    write(runtime, user, recordOf({ ...user, node, pid: 7 }));
  },
  function linkToAnothers(runtime, user, victim, theirs) {
    link(join(theirs, recordName(victim)), join(runtime, recordName(victim)), user);
  },
  function directoryOfAnother(runtime, user, victim, theirs) {
    rmSync(runtime, { recursive: true });
    link(theirs, runtime, user);
  },
];

function link(target, path, user) {
  symlinkSync(target, path);
  own(path, user);
}

function write(runtime, user, record) {
  const path = join(runtime, recordName(record));
  writeFileSync(path, JSON.stringify(record));
  own(path, user);
}

function recordName({ node, pid }) {
  return `jhub-${node}-${pid}.json`;
}

function recordOf({ name, node, pid, startTicks }) {
  return {
    version: 1,
    node,
    host: node,
    user: name,
    server: "",
    baseUrl: `/n/${node}/user/${name}/`,
    port: 40_000,
    pid,
    startTicks,
    bootId: BOOT_ID,
    startedAtMs: Date.now() - 3_600_000,
    writtenAtMs: Date.now(),
    lastActivityMs: Date.now(),
    kernels: { open: 1, busy: 0 },
    terminals: { open: 0, busy: 0 },
    connections: 1,
    rssBytes: 200_000_000,
    cpuSeconds: 10,
  };
}

function own(path, { uid }) {
  if (isRoot) lchownSync(path, uid, uid);
}
