import { describe, expect, it } from "@jest/globals";
import { CLUSTER_CHECKS } from "../../../src/checks/decide/cluster-checks.ts";
import { judgeAll } from "../../../src/checks/decide/finding.ts";
import type { ClusterSituation } from "../../../src/checks/decide/homes.ts";
import type { NodeFacts } from "../../../src/checks/decide/node-facts.ts";
import { ALICE, clusterSituation } from "../situations.ts";

function bad(second: Partial<NodeFacts>, changes: Partial<ClusterSituation> = {}) {
  const findings = judgeAll("all nodes", CLUSTER_CHECKS, clusterSituation(second, changes));
  return findings.filter(({ level }) => level !== "ok");
}

function folder(change: object): Partial<NodeFacts> {
  return { accounts: [{ ...ALICE, folder: { ...ALICE.folder, ...change } }] };
}

function account(change: object): Partial<NodeFacts> {
  return { accounts: [{ ...ALICE, account: { ...ALICE.account, ...change } }] };
}

const NO_ALICE = { accounts: [{ name: "alice", account: null, folder: null }] };

describe("all nodes", () => {
  it("have nothing wrong when all is well", () => {
    expect(bad({})).toEqual([]);
  });

  it.each<[string, Partial<NodeFacts>, string, RegExp, RegExp]>([
    ["accounts", NO_ALICE, "wrong", /no account on node2/, /useradd -M -u 2001 -d \/home\/alice alice/],
    ["accounts", account({ uid: 3001 }), "wrong", /2001 on node1, 3001 on node2/, /usermod -u 2001 alice/],
    ["accounts", account({ home: "/u/alice" }), "wrong", /\/u\/alice on node2/, /usermod -d \/home\/alice/],
    [
      "homes",
      { accounts: [{ ...ALICE, folder: { problem: "gone" } }] },
      "wrong",
      /node2: gone/,
      /findmnt -T/,
    ],
    ["homes", folder({ inode: 5 }), "wrong", /on node2 is not the one on node1/, /nfs-setup\/client node/],
    [
      "homes",
      folder({ changedMs: 5 }),
      "wrong",
      /on node2 is not the one on node1/,
      /nfs-setup\/client node/,
    ],
    ["home group", { group: null }, "wrong", /no group multijhub on node2/, /groupadd --gid 990 multijhub/],
    ["home group", { group: { name: "multijhub", gid: 5 } }, "wrong", /5 on node2/, /groupmod -g 990/],
    ["access lists", folder({ acl: null }), "warning", /no access lists/, /home: \{read: false\}/],
    ["access lists", { aclTools: [] }, "warning", /node2 has no setfacl/, /apt-get install acl/],
    [
      "Kerberos",
      folder({ options: "rw,sec=krb5p" }),
      "warning",
      /Kerberos tickets/,
      /nfs-setup\/grant --homes/,
    ],
    ["SQLite on homes", folder({ fileSystem: "nfs4" }), "warning", /on nfs4/, /NotebookNotary\.db_file/],
  ])("are told about %s: %j", (check, second, level, message, remedy) => {
    expect(bad(second).filter((finding) => finding.check === check)).toEqual([
      {
        subject: "all nodes",
        check,
        level,
        message: expect.stringMatching(message),
        remedy: expect.stringMatching(remedy),
      },
    ]);
  });

  it("are the same home on a network file system although a client keeps an old change time", () => {
    const nfs = folder({ fileSystem: "nfs4", changedMs: 5 });
    expect(bad(nfs).filter(({ check }) => check === "homes")).toEqual([]);
  });
});

describe("the router", () => {
  it.each<[string, Partial<ClusterSituation>, RegExp, RegExp]>([
    [
      "another home",
      { routerHomes: new Map([["alice", { inode: 3, changedMs: 5 }]]) },
      /not the one/,
      /read: false/,
    ],
    ["no home", { routerHomes: new Map([["alice", { problem: "missing" }]]) }, /cannot look/, /read: false/],
    ["no membership", { routerGids: [7] }, /not in gid 990/, /usermod -aG multijhub/],
  ])("is told about %s", (_, changes, message, remedy) => {
    const found = bad({}, changes);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ level: "wrong" });
    expect(found[0]?.message).toMatch(message);
    expect(found[0]?.remedy).toMatch(remedy);
  });

  it("needs neither homes nor group where it reads none", () => {
    const changes = { readsHomes: false, routerGids: [], routerHomes: new Map<string, never>() };
    expect(bad({ group: null }, changes)).toEqual([]);
  });

  it("says how to have homes compared when nobody was named", () => {
    const found = bad({}, { accounts: [], routerHomes: new Map<string, never>() });
    expect(new Set(found.map(({ level }) => level))).toEqual(new Set(["skipped"]));
    expect(found[0]?.remedy).toContain("--user");
  });
});
