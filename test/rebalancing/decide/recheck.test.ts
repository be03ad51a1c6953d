import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { Move, Plan } from "../../../src/plan.ts";
import { plan } from "../../../src/rebalancing/decide/planner.ts";
import type { RebalancePolicy } from "../../../src/rebalancing/decide/policy.ts";
import { objection } from "../../../src/rebalancing/decide/recheck.ts";
import type { Situation } from "../../../src/rebalancing/decide/situation.ts";
import { anyPolicy, anySituation } from "../../support/any-situation.ts";
import {
  busyServer,
  cordonedBy,
  cordonedByUs,
  HOUR,
  MINUTE,
  nodeAt,
  NOW,
  policy,
  server,
  silentServer,
  situation,
} from "../../support/plan-situations.ts";

const UNEVEN = [nodeAt("node1", 92), nodeAt("node2", 20), nodeAt("node3", 30)];
const LEVEL = [nodeAt("node1", 40), nodeAt("node2", 40), nodeAt("node3", 40)];

function made(what: Situation, by: RebalancePolicy = policy): Plan {
  return plan({ ...what, mode: "act" }, by, "p1");
}

/** What is said of the moves of a plan when it is carried out in another situation. */
function objections(moves: readonly Move[], now: Situation, by = policy): readonly (string | undefined)[] {
  return moves.map((move) => objection(move, { situation: now, nodes: made(now, by).nodes, policy: by }));
}

const before = situation(UNEVEN, [server("alice", "node1")]);
const { moves } = made(before);
const [cordon, stop] = moves as [Move, Move];

describe("a move that is looked at again", () => {
  it("is made where nothing has changed", () => {
    expect(moves.map(({ kind }) => kind)).toEqual(["cordon", "stop-server"]);
    expect(objections(moves, before)).toEqual([undefined, undefined]);
  });

  it("is made after those before it", () => {
    const nodes = [nodeAt("node1", 92, {}, cordonedByUs), ...UNEVEN.slice(1)];
    expect(objections([stop], situation(nodes, before.servers))).toEqual([undefined]);
  });

  it.each([
    ["a kernel is busy", [busyServer("alice", "node1")]],
    ["says nothing of itself", [silentServer("alice", "node1")]],
    [
      "active 3 min ago",
      [
        server("alice", "node1", {
          activity: { idleSinceMs: NOW - 3 * MINUTE, idleButTabsSinceMs: NOW - 3 * MINUTE },
        }),
      ],
    ],
    [
      "it was used again, 3 h later",
      [server("alice", "node1", { activity: { idleSinceMs: NOW - 2 * HOUR } })],
    ],
    ["it does not run there any more", []],
    ["it does not run there any more", [server("alice", "node2")]],
    [
      "it does not run there any more",
      [server("alice", "node1", { process: { pid: 4242, startTicks: 78, bootId: "boot" } })],
    ],
  ])("stops no server when %s", (words, servers) => {
    const [said] = objections([stop], situation(UNEVEN, servers));
    expect(said).toContain(words);
  });

  it("stops no server whose owner keeps it", () => {
    const kept = new Map([["alice/", NOW + HOUR]]);
    expect(objections([stop], situation(UNEVEN, before.servers, { kept }))[0]).toMatch(/^kept by its owner/);
  });

  it("stops and closes nothing when the node has cooled", () => {
    const words = "node1 is not hot any more";
    expect(objections([cordon, stop], situation(LEVEL, before.servers))).toEqual([words, words]);
  });

  it("never closes or opens what a person has closed", () => {
    const nodes = [nodeAt("node1", 92, {}, cordonedBy("carol")), ...UNEVEN.slice(1)];
    const uncordon = { id: "1", kind: "uncordon", node: cordon.node, reasons: [] } as const;
    expect(objections([cordon, uncordon], situation(nodes))).toEqual([
      "node1 is cordoned by carol",
      "node1 is not cordoned by rebalancing any more",
    ]);
  });

  it("is not made on a node that is down or gone", () => {
    const down = [{ ...nodeAt("node1", 92), state: "down" } as const, ...UNEVEN.slice(1)];
    expect(objections([cordon, stop], situation(down))).toEqual(["node1 is down", "node1 is down"]);
    expect(objections([cordon], situation(UNEVEN.slice(1)))).toEqual([
      "node1 is not in the hosts file any more",
    ]);
  });

  it("ends no duplicate when the server that was to stay is out of reach, or gone", () => {
    const used = server("alice", "node2", { activity: { idleSinceMs: NOW - 2 * HOUR } });
    const both = situation(LEVEL, [server("alice", "node1"), used]);
    const [end] = made(both).moves as [Move];
    expect(end).toMatchObject({ node: "node1", why: "duplicate" });
    expect(objections([end], both)).toEqual([undefined]);
    const words = "its owner has no other server of this name within reach any more";
    const down = LEVEL.map((view) =>
      view.spec.id === "node2" ? ({ ...view, state: "down" } as const) : view,
    );
    expect(objections([end], situation(down, both.servers))).toEqual([words]);
    expect(objections([end], situation(LEVEL, both.servers.slice(0, 1)))).toEqual([words]);
  });

  it("stops no hub that somebody uses", () => {
    const stopHub = { id: "1", kind: "stop-hub", node: cordon.node, reasons: [] } as const;
    expect(objections([stopHub], before)).toEqual(["1 server runs on node1"]);
    expect(objections([stopHub], situation(UNEVEN))).toEqual([undefined]);
  });
});

describe("in any situation", () => {
  it("no stop of a plan is made that a plan of now would not judge idle", () => {
    fc.assert(
      fc.property(anySituation, anySituation, anyPolicy, (then, now, by) => {
        for (const move of made(then, by).moves) {
          if (move.kind !== "stop-server" || objections([move], now, by)[0] !== undefined) continue;
          const found = now.servers.find(({ key, node }) => key.user === move.key.user && node === move.node);
          const { idleSinceMs, idleButTabsSinceMs } = found?.activity ?? {};
          const sinceMs = move.ignoresTabs ? idleButTabsSinceMs : idleSinceMs;
          expect(now.atMs - (sinceMs ?? now.atMs)).toBeGreaterThanOrEqual(by.idle.afterMs);
        }
      }),
    );
  });

  it("stops that are not for a hot node are made at once, if their node is up", () => {
    fc.assert(
      fc.property(anySituation, anyPolicy, (what, by) => {
        const up = what.cluster.nodes.filter(({ state }) => state === "up").map(({ spec }) => spec.id);
        const stops = made(what, by).moves.filter(
          (move) => move.kind === "stop-server" && move.why !== "hot-node" && up.includes(move.node),
        );
        expect(objections(stops, what, by)).toEqual(stops.map(() => undefined));
      }),
    );
  });
});
