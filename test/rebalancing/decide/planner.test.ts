import { describe, expect, it } from "@jest/globals";
import type { NodeId } from "../../../src/model.ts";
import { plan } from "../../../src/rebalancing/decide/planner.ts";
import type { RebalancePolicy } from "../../../src/rebalancing/decide/policy.ts";
import type { Past, Situation } from "../../../src/rebalancing/decide/situation.ts";
import { GIB, reservation, serverKey } from "../../support/node-views.ts";
import {
  brief,
  busyServer,
  cordonedBy,
  cordonedByUs,
  draining,
  HOUR,
  MINUTE,
  nodeAt,
  notice,
  NOW,
  policy,
  server,
  silentServer,
  situation,
} from "../../support/plan-situations.ts";

function movesIn(what: Situation, by: RebalancePolicy = policy): readonly string[] {
  return brief(plan(what, by, "p1"));
}

function nothingIn(what: Situation): string | undefined {
  return plan(what, policy, "p1").nothing;
}

const uneven = [nodeAt("node1", 20), nodeAt("node2", 92), nodeAt("node3", 30)];

describe("on a hot node", () => {
  it("closes it, and stops idle servers until it would not be hot any more", () => {
    const servers = ["alice", "bob", "carol", "dave", "erin"].map((user) => server(user, "node2"));
    const made = plan(situation(uneven, servers), { ...policy, caps: { ...policy.caps, perNode: 9 } }, "p1");
    expect(brief(made)).toEqual([
      "cordon node2",
      "stop alice on node2 (hot-node)",
      "stop bob on node2 (hot-node)",
      "stop carol on node2 (hot-node)",
      "stop dave on node2 (hot-node)",
    ]);
    expect(made.nodes).toEqual([
      {
        node: "node1",
        standing: "cold",
        before: 0.2,
        after: 0.35,
        words: "memory 20 % used, 47 % on average",
      },
      {
        node: "node2",
        standing: "hot",
        before: 0.92,
        after: 0.72,
        words: "memory 92 % used, 47 % on average",
      },
      {
        node: "node3",
        standing: "cold",
        before: 0.3,
        after: 0.35,
        words: "memory 30 % used, 47 % on average",
      },
    ]);
    expect(made.leftAlone).toEqual([]);
  });

  it("says for every stop what it rests on, and what comes of it", () => {
    const { moves } = plan(situation(uneven, [server("alice", "node2")]), policy, "p1");
    expect(moves[1]).toEqual({
      id: "2",
      kind: "stop-server",
      node: "node2",
      key: serverKey("alice"),
      process: { pid: 4242, startTicks: 77, bootId: "boot" },
      why: "hot-node",
      idleSinceMs: NOW - 5 * HOUR,
      ignoresTabs: false,
      expectedOn: "node1",
      notBeforeMs: NOW + 15 * MINUTE,
      reasons: [
        "node2 is hot: memory 92 % used, 47 % on average",
        "idle for 5 h",
        "frees 5.0 GiB; its owner's next one is expected on node1",
        "not before 15 min from now: its owner is told first",
      ],
    });
  });

  it("leaves those alone that are in use, and says with what", () => {
    const servers = [busyServer("alice", "node2"), server("bob", "node2")];
    const made = plan(situation(uneven, servers), policy, "p1");
    expect(brief(made)).toEqual(["cordon node2", "stop bob on node2 (hot-node)"]);
    expect(made.leftAlone).toEqual([
      { key: serverKey("alice"), node: "node2", why: "a kernel is busy", startedAtMs: NOW - 100 * HOUR },
    ]);
  });

  it("stops first what has held most memory idle for longest", () => {
    const servers = [
      server("alice", "node2", { activity: { memoryBytes: 6 * GIB, idleSinceMs: NOW - 2 * HOUR } }),
      server("bob", "node2", { activity: { memoryBytes: 2 * GIB, idleSinceMs: NOW - 50 * HOUR } }),
    ];
    const caps = { ...policy.caps, perNode: 1 };
    expect(movesIn(situation(uneven, servers), { ...policy, caps })[1]).toBe("stop bob on node2 (hot-node)");
  });

  it("stops first what its owner was told of, at the time they were told", () => {
    const servers = [server("alice", "node2"), server("bob", "node2")];
    const notices = [notice("bob", "node2", NOW - HOUR)];
    const { moves } = plan(situation(uneven, servers, { notices }), policy, "p1");
    expect(moves[1]).toMatchObject({ key: { user: "bob" }, notBeforeMs: NOW - 45 * MINUTE });
    expect(moves[1]?.reasons).toHaveLength(3);
  });

  it("tells an owner anew who has used the server since they were told", () => {
    const notices = [notice("alice", "node2", NOW - 50 * HOUR)];
    const { moves } = plan(situation(uneven, [server("alice", "node2")], { notices }), policy, "p1");
    expect(moves[1]).toMatchObject({ notBeforeMs: NOW + 15 * MINUTE });
  });

  it("stops nobody where processors are what is scarce: idle servers take none", () => {
    const nodes = [nodeAt("node1", 20), nodeAt("node2", 30, { load1: 12 }), nodeAt("node3", 30)];
    const made = plan(situation(nodes, [server("alice", "node2")]), policy, "p1");
    expect(brief(made)).toEqual(["cordon node2"]);
    expect(made.leftAlone[0]?.why).toBe("idle, but it takes no processors, which are what is scarce there");
  });

  it("stops nobody for next to nothing", () => {
    const small = server("alice", "node2", { activity: { memoryBytes: GIB / 8 } });
    const made = plan(situation(uneven, [small]), policy, "p1");
    expect(brief(made)).toEqual(["cordon node2"]);
    expect(made.leftAlone[0]?.why).toBe("idle, but it holds only 128 MiB");
  });

  it("stops nobody whom no other node has room for", () => {
    const nodes = [nodeAt("node1", 60), nodeAt("node2", 95), nodeAt("node3", 60, {}, cordonedBy("alice"))];
    const big = server("alice", "node2", { activity: { memoryBytes: 20 * GIB } });
    const made = plan(situation(nodes, [big]), policy, "p1");
    expect(brief(made)).toEqual(["cordon node2"]);
    expect(made.leftAlone[0]?.why).toBe("idle, but no other node has room for it");
  });

  it("sends nobody to a node that already carries more for its weight", () => {
    const [light, full] = [nodeAt("node1", 60), nodeAt("node3", 0)];
    const nodes = [
      { ...light, spec: { ...light.spec, weight: 0.5 } },
      nodeAt("node2", 92),
      { ...full, spec: { ...full.spec, maxServers: 0 } },
    ];
    const made = plan(situation(nodes, [server("alice", "node2")]), policy, "p1");
    expect(brief(made)).toEqual(["cordon node2"]);
    expect(made.leftAlone[0]?.why).toBe("idle, but no other node has room for it");
  });

  it("believes the hub of a node, not its processes, about how many servers it has", () => {
    const light = nodeAt("node1", 20, { servers: 20 });
    const limited = { ...light, spec: { ...light.spec, maxServers: 3 } };
    const servers = [server("alice", "node2")];
    expect(movesIn(situation([limited, nodeAt("node2", 92)], servers))).toEqual(["cordon node2"]);
    const listed = { ...limited, listedServers: 2 };
    expect(movesIn(situation([listed, nodeAt("node2", 92)], servers))).toContain(
      "stop alice on node2 (hot-node)",
    );
  });

  it("counts what is starting on a node as taken", () => {
    const starts = [reservation("node1", "erin", { memoryBytes: 60 * GIB })];
    const nodes = [{ ...nodeAt("node1", 20), reservations: starts }, nodeAt("node2", 92)];
    expect(movesIn(situation(nodes, [server("alice", "node2")]))).toEqual(["cordon node2"]);
  });

  it("waits for figures that show the last stop there", () => {
    const past = { moves: [{ ...server("erin", "node2"), atMs: NOW - 1000 }], hot: [] };
    const made = plan(situation(uneven, [server("alice", "node2")], { past }), policy, "p1");
    expect(brief(made)).toEqual(["cordon node2"]);
    expect(made.leftAlone[0]?.why).toBe(
      "idle, but the load of node2 was last reported before the last stop there",
    );
  });

  it("stays hot until it is clearly not", () => {
    const nodes = [nodeAt("node1", 20), nodeAt("node2", 80)];
    const hot = ["node2" as NodeId];
    expect(movesIn(situation(nodes))).toEqual([]);
    expect(movesIn(situation(nodes, [], { past: { moves: [], hot } }))).toEqual(["cordon node2"]);
  });

  it("is not hot where all are as full", () => {
    expect(nothingIn(situation([nodeAt("node1", 93), nodeAt("node2", 91)]))).toBe(
      "balanced: 2 nodes at 91 % to 93 %",
    );
  });
});

describe("caps", () => {
  const servers = ["alice", "bob", "carol", "dave", "erin"].map((user) => server(user, "node2"));

  it("keep most servers of a node for later runs, and say so", () => {
    const made = plan(situation([nodeAt("node1", 10), nodeAt("node2", 99)], servers), policy, "p1");
    expect(made.moves.filter(({ kind }) => kind === "stop-server")).toHaveLength(3);
    expect(made.leftAlone.map(({ why }) => why)).toEqual(
      Array(2).fill("idle, but at most 3 servers of a node a run"),
    );
  });

  it("hold for all plans of ten minutes together", () => {
    const moves = Array.from({ length: 3 }, (_, index) => ({
      ...server(`user${index}`, "node2"),
      atMs: NOW - 9 * MINUTE,
    }));
    const what = situation([nodeAt("node1", 10), nodeAt("node2", 99)], servers, { past: { moves, hot: [] } });
    expect(movesIn(what)).toEqual(["cordon node2"]);
    expect(movesIn({ ...what, atMs: NOW + 2 * MINUTE }, { ...policy, maxSampleAgeMs: HOUR })).toHaveLength(4);
  });

  it("go to those first that have not refused to stop, whatever these say they hold", () => {
    const liars = [1, 2, 3].map((n) => server(`liar${n}`, "node2", { activity: { memoryBytes: 7 * GIB } }));
    const others = [1, 2, 3].map((n) => server(`user${n}`, "node2"));
    const refusals = liars.map(({ key, node }) => ({ key, node, atMs: NOW - HOUR }));
    const nodes = [nodeAt("node1", 10), nodeAt("node2", 99)];
    function stopsAfter(past: Past) {
      const { moves } = plan(situation(nodes, [...liars, ...others], { past }), policy, "p1");
      return moves.flatMap((move) => (move.kind === "stop-server" ? [move.key.user] : []));
    }
    expect(stopsAfter({ moves: [], hot: [] })).toContain("liar1");
    expect(stopsAfter({ moves: [], hot: [], refusals })).toEqual(["user1", "user2", "user3"]);
  });

  it("spare owners who were moved today", () => {
    const moves = [{ ...server("alice", "node9"), atMs: NOW - 20 * HOUR }];
    const made = plan(
      situation(uneven, [server("alice", "node2")], { past: { moves, hot: [] } }),
      policy,
      "p1",
    );
    expect(made.leftAlone[0]?.why).toBe("idle, but at most 1 server of a user a day");
  });
});

describe("on a draining node", () => {
  const nodes = [nodeAt("node1", 20), nodeAt("node2", 30, {}, draining), nodeAt("node3", 30)];

  it("stops idle servers, and lists the busy ones", () => {
    const servers = [
      server("alice", "node2"),
      busyServer("bob", "node2", "a terminal has a running command"),
    ];
    const made = plan(situation(nodes, servers), policy, "p1");
    expect(brief(made)).toEqual(["stop alice on node2 (draining-node)"]);
    expect(made.moves[0]?.reasons[0]).toBe("node2 is to become empty: draining, asked by alice");
    expect(made.leftAlone).toMatchObject([{ key: { user: "bob" }, why: "a terminal has a running command" }]);
  });

  it("moves nobody to a node that it would make hot", () => {
    const full = [nodeAt("node1", 74), nodeAt("node2", 30, {}, draining)];
    expect(nothingIn(situation(full, [server("alice", "node2")]))).toBe(
      "no candidates: every server on node2 is without another node to go to",
    );
  });

  it("does not compare it with the others", () => {
    const made = plan(situation(nodes), policy, "p1");
    expect(made.nodes[1]).toEqual({
      node: "node2",
      standing: "not counted",
      before: 0.3,
      after: 0.3,
      words: "draining, asked by alice",
    });
    expect(made.nothing).toBe("balanced: 2 nodes at 20 % to 30 %");
  });
});

describe("orders to nodes", () => {
  it("opens again what has cooled, if rebalancing closed it", () => {
    const closed = nodeAt("node2", 60, {}, cordonedByUs);
    expect(movesIn(situation([nodeAt("node1", 50), closed]))).toEqual(["uncordon node2"]);
  });

  it("leaves what a person has closed to that person", () => {
    const closed = nodeAt("node2", 5, {}, cordonedBy("alice"));
    expect(movesIn(situation([nodeAt("node1", 50), closed]))).toEqual([]);
  });

  it("does not open a node while its figures may be of before the last stop there", () => {
    const past = { moves: [{ ...server("alice", "node2"), atMs: NOW - 5 * MINUTE }], hot: [] };
    const closed = nodeAt("node2", 60, {}, cordonedByUs);
    expect(movesIn(situation([nodeAt("node1", 50), closed], [], { past }))).toEqual([]);
  });

  it("never closes the last open node", () => {
    const nodes = [
      nodeAt("node1", 99),
      nodeAt("node2", 80, {}, cordonedByUs),
      nodeAt("node3", 5, {}, cordonedBy("bob")),
    ];
    expect(movesIn(situation(nodes, [], { past: { moves: [], hot: ["node1" as NodeId] } }))).toEqual([]);
  });

  it("closes no hot node where those left open are as good as full", () => {
    const nodes = ["node1", "node2", "node3"].map((id) => nodeAt(id, 76));
    expect(movesIn(situation([...nodes, nodeAt("node4", 99)]))).toEqual([]);
  });
});

describe("duplicates", () => {
  it("ends the one that is used less, wherever it runs", () => {
    const servers = [
      server("alice", "node1", { activity: { idleSinceMs: NOW - 90 * MINUTE } }),
      server("alice", "node3"),
    ];
    expect(movesIn(situation([nodeAt("node1", 20), nodeAt("node3", 30)], servers))).toEqual([
      "stop alice on node3 (duplicate)",
    ]);
  });

  it("keeps one that says nothing of itself: it may be in use", () => {
    const servers = [server("alice", "node1"), silentServer("alice", "node3")];
    expect(movesIn(situation([nodeAt("node1", 20), nodeAt("node3", 30)], servers))).toEqual([
      "stop alice on node1 (duplicate)",
    ]);
  });

  it("ends none whose other one is on a node that is not heard", () => {
    const servers = [server("alice", "node1"), busyServer("alice", "node3")];
    const down = { ...nodeAt("node3", 30), state: "down" as const };
    expect(movesIn(situation([nodeAt("node1", 20), nodeAt("node2", 20), down], servers))).toEqual([]);
  });
});

describe("idle for too long", () => {
  const forgotten = server("alice", "node1", { activity: { idleSinceMs: NOW - 80 * HOUR } });

  it("is stopped wherever it is, if the site wants that", () => {
    const what = situation([nodeAt("node1", 20)], [forgotten, server("bob", "node1")]);
    expect(movesIn(what)).toEqual(["stop alice on node1 (idle-too-long)"]);
    expect(movesIn(what, { ...policy, idle: { afterMs: HOUR } })).toEqual([]);
  });
});

describe("hubs", () => {
  const quiet = [nodeAt("node1", 20), nodeAt("node2", 20)];
  const empty = { node: "node1" as NodeId, isRunning: true, emptySinceMs: NOW - 2 * HOUR, isKept: false };

  it.each([
    ["that nobody has used for long are stopped", {}, {}, ["stop-hub node1"]],
    ["that are kept go on", { isKept: true }, {}, []],
    ["that were used lately go on", { emptySinceMs: NOW - MINUTE }, {}, []],
    ["that do not run are left so", { isRunning: false }, {}, []],
    ["with a server go on", {}, { servers: [busyServer("alice", "node1")] }, []],
  ])("%s", (_, hub, over, moves) => {
    expect(movesIn(situation(quiet, [], { hubs: [{ ...empty, ...hub }], ...over }))).toEqual(moves);
  });

  it("with a start under way go on", () => {
    const nodes = [{ ...nodeAt("node1", 20), reservations: [reservation("node1", "alice")] }];
    expect(movesIn(situation(nodes, [], { hubs: [empty] }))).toEqual([]);
  });

  it("are started where owners of stopped servers are expected, and not stopped there", () => {
    const hubs = [
      { node: "node1" as NodeId, isRunning: false, isKept: false },
      { node: "node3" as NodeId, isRunning: false, isKept: false },
    ];
    const what = situation(uneven, [server("alice", "node2")], { hubs });
    expect(movesIn(what)).toContain("warm-hub node1");
    expect(movesIn(what)).not.toContain("warm-hub node3");
    expect(movesIn({ ...what, hubs: [empty] })).not.toContain("stop-hub node1");
  });
});

describe("a plan without moves names the reason", () => {
  it.each<[string, Situation]>([
    ["balanced: 2 nodes at 20 % to 30 %", situation([nodeAt("node1", 20), nodeAt("node2", 30)])],
    ["off: rebalancing is switched off", situation(uneven, [], { mode: "off" })],
    ["too little is known: there are no nodes", situation([])],
    [
      "too little is known: node1: down: no route to host; node2: its load was last reported 60 s ago",
      situation([
        { ...nodeAt("node1", 20), state: "down", detail: "no route to host" },
        nodeAt("node2", 99, { takenAtMs: NOW - MINUTE }),
        nodeAt("node3", 20),
      ]),
    ],
    [
      "no candidates: every server on node2 is busy",
      situation([nodeAt("node1", 20), nodeAt("node2", 95, {}, cordonedByUs)], [busyServer("alice", "node2")]),
    ],
    [
      "no candidates: node2 is hot, but no server runs there",
      situation([nodeAt("node1", 20), nodeAt("node2", 95, {}, cordonedByUs)]),
    ],
    [
      "no candidates: of 2 servers on node2 1 is busy, 1 is kept by its owner",
      situation(
        [nodeAt("node1", 20), nodeAt("node2", 95, {}, cordonedByUs)],
        [busyServer("alice", "node2"), server("bob", "node2")],
        { kept: new Map([["bob/", NOW + HOUR]]) },
      ),
    ],
  ])("%s", (words, what) => {
    const made = plan(what, policy, "p1");
    expect(made.moves).toEqual([]);
    expect(made.nothing).toBe(words);
  });
});
