import { describe, expect, it } from "@jest/globals";
import { judgeAll } from "../../../src/checks/decide/finding.ts";
import { NODE_CHECKS } from "../../../src/checks/decide/node-checks.ts";
import { type NodeFacts, parseNodeFacts } from "../../../src/checks/decide/node-facts.ts";
import { FACTS, NOW_MS, nodeSituation } from "../situations.ts";

function bad(facts: Partial<NodeFacts>) {
  return judgeAll("node1", NODE_CHECKS, nodeSituation(facts)).filter(({ level }) => level !== "ok");
}

const BOB = { port: 910, address: "127.0.0.1", uid: 2002, user: "bob", pid: 4711, isOurs: false };
const DISK = { path: "/var/lib/multijhub", freeBytes: 2 ** 40, freeInodes: 10 ** 6 };

describe("a node", () => {
  it("has nothing wrong when all is well", () => {
    expect(bad({})).toEqual([]);
    expect(bad({ listeners: [{ ...BOB, uid: 0, user: "root", isOurs: true }] })).toEqual([]);
  });

  it.each<[string, Partial<NodeFacts>, string, RegExp, RegExp]>([
    ["agent", { agent: { version: "0.1.0", contentHash: "old" } }, "warning", /another/, /provision node1/],
    ["agent", { agent: { version: "0.0.9", contentHash: null } }, "warning", /0\.0\.9/, /provision node1/],
    ["root", { uid: 2050 }, "wrong", /uid 2050/, /become=sudo/],
    ["clock", { clockMs: NOW_MS - 30_000 }, "warning", /30 s behind/, /set-ntp/],
    ["clock", { clockMs: NOW_MS + 600_100 }, "wrong", /600 s ahead/, /set-ntp/],
    ["JupyterHub", { jupyterhub: null }, "wrong", /no JupyterHub/, /pip install/],
    ["JupyterHub", { jupyterhub: { command: "/j", version: "4.1.6" } }, "wrong", /too old/, /pip install/],
    ["JupyterHub", { jupyterhub: { command: "/j", version: "5.5.0" } }, "warning", /advisories/, /5\.5\.1/],
    ["proxy", { proxy: null }, "wrong", /configurable-http-proxy/, /npm install/],
    [
      "ports",
      { listeners: [BOB] },
      "wrong",
      /port 910 is taken .* by bob \(uid 2002, pid 4711\)/,
      /ss -ltnp/,
    ],
    ["ports", { portWarnings: ["every user may listen"] }, "warning", /every user/, /sysctl/],
    ["disk", { disks: [{ ...DISK, freeBytes: 2 ** 20 }] }, "wrong", /1 MiB are free/, /df -h/],
    ["disk", { disks: [{ ...DISK, freeBytes: 2 ** 28 }] }, "warning", /256 MiB are free/, /df -h/],
    ["disk", { disks: [{ ...DISK, freeInodes: 0 }] }, "wrong", /no inode/, /df -i/],
    ["disk", { disks: [{ ...DISK, freeInodes: 10 }] }, "warning", /10 inodes/, /df -i/],
    ["memory", { memoryAvailableBytes: 2 ** 28 }, "warning", /no server is placed/, /memory_headroom/],
    [
      "other hubs",
      { otherHubs: [{ pid: 9, program: "jupyterhub-idle-culler", user: "root" }] },
      "warning",
      /jupyterhub-idle-culler runs already, as root, pid 9/,
      /systemctl status 9/,
    ],
    ["limits", { limits: { openFiles: 256, processes: null } }, "warning", /256 open files/, /limits\.conf/],
    [
      "PAM limits",
      {
        userLimits: [
          { domain: "@students", item: "nproc", value: 200, source: "/etc/security/limits.conf:7" },
        ],
      },
      "warning",
      /sessions of @students may have 200 processes \(nproc\), less than 1024: .*limits\.conf:7/,
      /raise it in \/etc\/security\/limits\.conf$/,
    ],
    ["limits", { limits: { openFiles: null, processes: 100 } }, "warning", /100 processes/, /limits\.conf/],
  ])("is told about its %s: %j", (check, facts, level, message, remedy) => {
    expect(bad(facts)).toEqual([
      {
        subject: "node1",
        check,
        level,
        message: expect.stringMatching(message),
        remedy: expect.stringMatching(remedy),
      },
    ]);
  });

  it.each(["5.5.1", "5.6", "5.10.0", "6.0.0b1"])("takes JupyterHub %s for new enough", (version) => {
    expect(bad({ jupyterhub: { command: "/j", version } })).toEqual([]);
  });
});

describe("what a node tells", () => {
  it("is read, without what would steer a terminal", () => {
    expect(parseNodeFacts({ ...FACTS, hostname: "node1\u001b[2J" })).toMatchObject({ hostname: "node1 [2J" });
  });

  it("is said to be unreadable where it is", () => {
    expect(parseNodeFacts({ ...FACTS, uid: "root" })).toMatch(/uid/);
  });
});
