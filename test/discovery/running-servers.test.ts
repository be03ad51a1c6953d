import { describe, expect, it } from "@jest/globals";
import type { Answered, Report, Seen } from "../../src/discovery/decide/report.ts";
import { createRunningServers } from "../../src/discovery/running-servers.ts";
import type { HomeReading } from "../../src/home-model.ts";
import type { NodeId, UserName } from "../../src/model.ts";
import { ALICE, NODE1, NODE2 } from "../support/fake-world.ts";
import { aHome } from "../support/homes.ts";
import { serverKey } from "../support/node-views.ts";

const UIDS: Readonly<Record<string, number>> = { alice: 2001, mallory: 2666 };
const LISTED: Seen = { key: ALICE, ready: true, evidence: "hub-list" };

function aProcess(uid: number, key = ALICE): Seen {
  return { key, ready: false, evidence: "process-list", uid };
}

function answered(servers: readonly Seen[], over: Partial<Answered> = {}): Report {
  return { kind: "answered", servers, atMs: 0, ...over };
}

async function lookAt(reports: Record<string, Report>, areAccountsAway = false) {
  const homes = new Map<UserName, HomeReading>([[ALICE.user, aHome()]]);
  const running = createRunningServers({
    survey: {
      reports: () => new Map(Object.entries(reports) as [NodeId, Report][]),
      refresh: () => Promise.resolve(),
    },
    homes: {
      reading: (user) => homes.get(user) ?? { kind: "unreadable", atMs: 0, reason: "no such home" },
      refresh: () => Promise.resolve(undefined),
    },
    accounts: {
      find: (_, name) => {
        const uid = UIDS[name];
        if (areAccountsAway) return Promise.reject(new Error("no answer"));
        return Promise.resolve(uid === undefined ? undefined : { name, uid, gid: uid, home: "", groups: [] });
      },
    },
  });
  await running.lookAfresh([NODE1, NODE2], new AbortController().signal);
  const seen = running.sightings().map(({ node, key }) => `${key.user} on ${node}`);
  return { seen, counts: running.homeCounts() };
}

describe("everybody's servers", () => {
  it("are those that hubs list, and where a hub is away, those of processes", async () => {
    const { seen, counts } = await lookAt({
      node1: answered([LISTED]),
      node2: answered([aProcess(2666, serverKey("mallory"))]),
    });
    expect(seen).toEqual(["alice on node1", "mallory on node2"]);
    expect(counts).toEqual({ users: 2, unreadableHomes: 1 });
  });

  it.each<[string, Report]>([
    ["its hub is away", answered([aProcess(2666)])],
    ["its hub does not list it", answered([], { processes: [aProcess(2666)] })],
  ])("hold none that a process of somebody else makes up where %s", async (_, node2) => {
    const { seen } = await lookAt({ node1: answered([LISTED]), node2 });
    expect(seen).toEqual(["alice on node1"]);
  });

  it("count nobody whom a process makes up", async () => {
    const made = ["x1", "x2", "x3"].map((name) => aProcess(2666, serverKey(name)));
    const { counts } = await lookAt({ node1: answered([LISTED]), node2: answered(made) });
    expect(counts).toEqual({ users: 1, unreadableHomes: 0 });
  });

  it("hold no process while nobody can tell whose it is", async () => {
    const { seen } = await lookAt({ node1: answered([LISTED]), node2: answered([aProcess(2001)]) }, true);
    expect(seen).toEqual(["alice on node1"]);
  });
});
