import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { NodeId, NodeView } from "../../../../src/model.ts";
import { choose } from "../../../../src/nodes/placement/decide/placement.ts";
import type { PlacementPolicy, PlacementRequest } from "../../../../src/nodes/placement/decide/placement.ts";
import {
  anySnapshot,
  GIB,
  growing,
  loadSample,
  MIB,
  nodeView,
  reservation,
  serverKey,
  snapshotOf,
} from "../../../support/node-views.ts";

const policy: PlacementPolicy = {
  maxSampleAgeMs: 15_000,
  server: { memoryBytes: 512 * MIB, cores: 0.25 },
  headroomBytes: 512 * MIB,
};
const alice: PlacementRequest = { key: serverKey("alice") };

function nodeFor(request: PlacementRequest, ...nodes: readonly NodeView[]): string | undefined {
  const placement = choose(snapshotOf(...nodes), request, policy, 0);
  return placement.kind === "placed" ? placement.node : undefined;
}

function reasons(node: NodeView, request = alice, nowMs = 0): readonly string[] {
  const { verdicts } = choose(snapshotOf(node), request, policy, nowMs);
  return verdicts[0]?.reasons ?? [];
}

describe("choose takes", () => {
  it("the node with most memory to spare", () => {
    const a = nodeView("a", { load: { memoryAvailableBytes: 10 * GIB } });
    expect(nodeFor(alice, a, nodeView("b"))).toBe("b");
  });

  it("the less loaded one where processors are scarcer than memory", () => {
    const a = nodeView("a", { load: { load1: 7 } });
    const b = nodeView("b", { load: { load1: 2, memoryAvailableBytes: 20 * GIB } });
    expect(nodeFor(alice, a, b)).toBe("b");
  });

  it("the heavier weighted of two equally used ones", () => {
    const load = { memoryAvailableBytes: 16 * GIB };
    expect(nodeFor(alice, nodeView("a", { load }), nodeView("b", { load, spec: { weight: 2 } }))).toBe("b");
  });

  it("another node than the ones to avoid, and says why", () => {
    const a = nodeView("a");
    const avoid = new Map([[a.spec.id, "its hub did not start lately"]]);
    expect(nodeFor({ ...alice, avoid }, a, nodeView("b"))).toBe("b");
    expect(reasons(a, { ...alice, avoid })).toEqual(["its hub did not start lately"]);
  });

  it("another node than the one where starts are under way", () => {
    const a = nodeView("a", { reservations: [reservation("a", "bob"), reservation("a", "carol")] });
    expect(nodeFor(alice, a, nodeView("b"))).toBe("b");
  });

  it("another node than the one where new servers are expected to grow", () => {
    const a = nodeView("a", { growing: [growing("bob")] });
    expect(nodeFor(alice, a, nodeView("b", { load: { servers: 3 } }))).toBe("b");
  });

  it("a node however much its new servers may grow, if there is no other", () => {
    const a = nodeView("a", { spec: { maxServers: 1 }, growing: [growing("bob", 64 * GIB)] });
    expect(nodeFor(alice, a)).toBe("a");
  });

  it("a node that is full only of processes which call themselves servers, and which its hub does not list", () => {
    const a = nodeView("a", { spec: { maxServers: 3 }, load: { servers: 20 } });
    expect(nodeFor(alice, a)).toBeUndefined();
    expect(nodeFor(alice, { ...a, listedServers: 2 })).toBe("a");
    expect(nodeFor(alice, { ...a, listedServers: 3 })).toBeUndefined();
  });

  it("the one with fewest servers among equals, though their free memory differs by noise", () => {
    const a = nodeView("a", { load: { servers: 3, memoryAvailableBytes: 30 * GIB } });
    const b = nodeView("b", { load: { servers: 2, memoryAvailableBytes: 30 * GIB - 40 * MIB } });
    expect(nodeFor(alice, a, b)).toBe("b");
  });

  it("the one with fewest servers though load averages say little, where all are busy", () => {
    const a = nodeView("a", { load: { cores: 2, load1: 4.1, servers: 1 } });
    const b = nodeView("b", { load: { cores: 2, load1: 4.9 } });
    const c = nodeView("c", { load: { cores: 2, load1: 7 } });
    expect(nodeFor(alice, a, b, c)).toBe("b");
  });

  it("the node where room is held for it, and another one only if that may not take it", () => {
    const held = { ...alice, heldOn: "a" as NodeId };
    expect(nodeFor(held, nodeView("a", { load: { load1: 7 } }), nodeView("b"))).toBe("a");
    expect(nodeFor(held, nodeView("a", { state: "down" }), nodeView("b"))).toBe("b");
  });

  it("the first by name among equals", () => {
    expect(nodeFor(alice, nodeView("b"), nodeView("a"))).toBe("a");
  });

  it("a node that has the labels asked for", () => {
    const gpu = nodeView("z", { spec: { labels: ["gpu"] }, load: { memoryAvailableBytes: 4 * GIB } });
    expect(nodeFor({ ...alice, labels: ["gpu"] }, nodeView("a"), gpu)).toBe("z");
  });

  it("a node with room for what its owner's servers took", () => {
    const a = nodeView("a", { load: { memoryTotalBytes: 8 * GIB, memoryAvailableBytes: 7.9 * GIB } });
    const b = nodeView("b", { load: { memoryAvailableBytes: 20 * GIB } });
    expect(nodeFor(alice, a, b)).toBe("a");
    expect(nodeFor({ ...alice, learntBytes: 16 * GIB }, a, b)).toBe("b");
  });

  it("a node that places jobs by how many it has, whatever its own memory and load", () => {
    const load = { memoryAvailableBytes: 0, memoryPressure: 1, load1: 99, servers: 2 };
    const edge = nodeView("edge", { spec: { places: "jobs", maxServers: 10 }, load });
    const half = nodeView("half", { load: { memoryAvailableBytes: 16 * GIB } });
    expect(nodeFor(alice, half, edge)).toBe("edge");
    const starts = ["bob", "carol"].map((user) => reservation("edge", user));
    const fuller = nodeView("edge", { spec: edge.spec, load: { servers: 3 }, reservations: starts });
    expect(nodeFor(alice, half, fuller)).toBe("half");
  });

  it("does not count what is held for this very server against it", () => {
    const view = nodeView("a", { spec: { maxServers: 1 }, reservations: [reservation("a", "alice")] });
    expect(nodeFor(alice, view)).toBe("a");
  });
});

describe("choose says why", () => {
  it.each<[string, NodeView, readonly string[]]>([
    [
      "down",
      nodeView("a", { state: "down", detail: "no route to host", lastSeenMs: -240_000 }),
      ["down: no route to host, last heard from 4 min ago"],
    ],
    ["down since ever", nodeView("a", { state: "down" }), ["down"]],
    ["not yet heard", nodeView("a", { state: "unknown" }), ["not heard from yet"]],
    ["stale", nodeView("a", { load: { takenAtMs: -35_000 } }), ["its load was last reported 35 s ago"]],
    [
      "draining",
      nodeView("a", { closure: { state: "cordoned", words: "cordoned by alice: a new kernel" } }),
      ["cordoned by alice: a new kernel"],
    ],
    [
      "full",
      nodeView("a", {
        spec: { maxServers: 3 },
        load: { servers: 2 },
        reservations: [reservation("a", "bob")],
      }),
      ["full: 3 of at most 3 servers, 1 of them starting"],
    ],
    [
      "short of memory",
      nodeView("a", { load: { memoryAvailableBytes: 1.2 * GIB }, reservations: [reservation("a", "bob")] }),
      [
        "not enough memory: 1.2 GiB free, 512 MiB of it held for starts under way; " +
          "it takes 512 MiB for the server and 512 MiB to spare",
      ],
    ],
    [
      "no room for a hub's state",
      nodeView("a", { load: { stateDisk: { freeBytes: 20 * MIB, totalBytes: GIB } } }),
      ["the disk of its state directory is full: 20 MiB free, it takes 64 MiB"],
    ],
    [
      "thrashing",
      nodeView("a", { load: { memoryPressure: 0.6 } }),
      ["short of memory: its tasks wait for memory 60 % of the time"],
    ],
  ])("%s", (_name, view, expected) => {
    expect(reasons(view)).toEqual(expected);
  });

  it("counting what new servers are expected to take, but not this very one", () => {
    const three = ["alice", "bob", "carol", "dave"].map((user) => growing(user, GIB / 2));
    expect(reasons(nodeView("a", { growing: three }))).toContain(
      "memory 13 % used with this server: 30.0 GiB of 32.0 GiB free, " +
        "1.5 GiB expected as 3 new servers grow, 512 MiB for it",
    );
    expect(reasons(nodeView("a", { growing: [growing("bob", GIB)] }))[1]).toContain(
      ", 1.0 GiB expected as 1 new server grows,",
    );
  });

  it("in jobs, for a node that places jobs", () => {
    const spec = { places: "jobs", maxServers: 8 } as const;
    const starts = [reservation("edge", "bob")];
    expect(reasons(nodeView("edge", { spec, load: { servers: 2 }, reservations: starts }))).toEqual([
      "the only node that can take this server now",
      "jobs 50 % used with this server: 4 of at most 8",
      "2 servers running, 1 starting",
    ]);
    expect(reasons(nodeView("edge", { spec, load: { servers: 8 } }))).toEqual([
      "full: 8 of at most 8 servers",
    ]);
    expect(reasons(nodeView("edge", { spec: { places: "jobs" }, load: { servers: 8 } }))[1]).toBe(
      "servers are jobs on other machines: 9 with this one",
    );
  });

  it("with every reason at once", () => {
    const view = nodeView("a", {
      closure: { state: "draining", words: "draining, asked by alice" },
      spec: { maxServers: 0 },
      load: { memoryAvailableBytes: 0 },
    });
    expect(reasons(view, { ...alice, labels: ["gpu"] })).toEqual([
      expect.stringContaining("draining"),
      'does not have the label "gpu"',
      "full: 0 of at most 0 servers",
      expect.stringContaining("not enough memory: 0 MiB free"),
    ]);
  });

  it("for the node that was taken, and in which order the others stand", () => {
    const a = nodeView("a", { load: { memoryAvailableBytes: 20 * GIB, servers: 3 } });
    const b = nodeView("b", { load: { servers: 1 }, reservations: [reservation("b", "bob")] });
    const c = nodeView("c", { state: "down" });
    expect(choose(snapshotOf(c, a, b), alice, policy, 0)).toEqual({
      kind: "placed",
      node: "b",
      verdicts: [
        {
          node: "b",
          accepted: true,
          score: 0.09,
          reasons: [
            "the least used of the 2 nodes that can take this server, going by its memory",
            "memory 9 % used with this server: 30.0 GiB of 32.0 GiB free, 512 MiB held for 1 start under way, 512 MiB for it",
            "load 6 % of 8 cores with this server",
            "1 server running, 1 starting",
          ],
        },
        {
          node: "a",
          accepted: true,
          score: 0.39,
          reasons: [
            "memory 39 % used with this server: 20.0 GiB of 32.0 GiB free, 512 MiB for it",
            "load 3 % of 8 cores with this server",
            "3 servers running",
          ],
        },
        { node: "c", accepted: false, reasons: ["down"] },
      ],
    });
  });

  it("has no node to offer where there is none", () => {
    expect(choose(snapshotOf(), alice, policy, 0)).toEqual({ kind: "none", verdicts: [] });
  });
});

describe("for any cluster", () => {
  it("there is often a choice between several nodes: what follows is not proved of next to nothing", () => {
    const accepted = fc
      .sample(anySnapshot, { numRuns: 300, seed: 1 })
      .map(
        (snapshot) =>
          choose(snapshot, alice, policy, 0).verdicts.filter((verdict) => verdict.accepted).length,
      );
    expect(accepted.filter((count) => count >= 3).length).toBeGreaterThan(50);
    expect(accepted.filter((count) => count === 0).length).toBeGreaterThan(3);
  });

  const anyRequest: fc.Arbitrary<PlacementRequest> = fc
    .record({ user: fc.constantFrom("alice", "zoe"), labels: fc.subarray(["gpu"]) })
    .map(({ user, labels }) => ({ key: serverKey(user), labels }));

  it("the order of nodes does not matter, and the same snapshot gives the same answer", () => {
    const shuffled = anySnapshot.chain((snapshot) =>
      fc.record({
        snapshot: fc.constant(snapshot),
        nodes: fc.shuffledSubarray([...snapshot.nodes], { minLength: snapshot.nodes.length }),
      }),
    );
    fc.assert(
      fc.property(shuffled, anyRequest, ({ snapshot, nodes }, request) => {
        const answer = choose(snapshot, request, policy, 0);
        expect(choose(snapshotOf(...nodes), request, policy, 0)).toEqual(answer);
        expect(choose(snapshot, request, policy, 0)).toEqual(answer);
      }),
    );
  });

  it("the node taken is up, fresh, not draining, labelled, below its limit and has the memory", () => {
    fc.assert(
      fc.property(anySnapshot, anyRequest, (snapshot, request) => {
        const answer = choose(snapshot, request, policy, 0);
        if (answer.kind === "none") return;
        const view = snapshot.nodes.find(({ spec }) => spec.id === answer.node);
        const { reservations = [], load = loadSample({ memoryAvailableBytes: -1 }) } = view ?? {};
        const others = reservations.filter(({ key }) => key.user !== request.key.user);
        const held = others.reduce((total, { memoryBytes }) => total + memoryBytes, 0);
        expect(view).toMatchObject({ state: "up" });
        expect(view).not.toHaveProperty("closure");
        expect(request.labels?.every((label) => view?.spec.labels.includes(label))).toBe(true);
        expect(load.takenAtMs).toBeGreaterThanOrEqual(-policy.maxSampleAgeMs);
        expect(load.servers + others.length).toBeLessThan(view?.spec.maxServers ?? Infinity);
        const roomBytes = load.memoryAvailableBytes - held - policy.server.memoryBytes;
        expect(view?.spec.places === "jobs" || roomBytes >= policy.headroomBytes).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("every node gets one verdict, with at least one reason", () => {
    fc.assert(
      fc.property(anySnapshot, anyRequest, (snapshot, request) => {
        const { verdicts } = choose(snapshot, request, policy, 0);
        expect(verdicts.map(({ node }) => node).toSorted()).toEqual(
          snapshot.nodes.map(({ spec }) => spec.id).toSorted(),
        );
        expect(verdicts.every(({ reasons: why }) => why.length > 0)).toBe(true);
      }),
    );
  });

  it("more free memory never makes a node worse", () => {
    fc.assert(
      fc.property(anySnapshot, anyRequest, fc.nat(7), fc.nat(64), (snapshot, request, index, more) => {
        const node = snapshot.nodes[index]?.spec.id;
        const better = snapshotOf(
          ...snapshot.nodes.map((view) => (view.spec.id === node ? withMemory(view, more * GIB) : view)),
        );
        const rank = rankOf(choose(snapshot, request, policy, 0).verdicts, node);
        expect(rankOf(choose(better, request, policy, 0).verdicts, node)).toBeLessThanOrEqual(rank);
      }),
      { numRuns: 1000 },
    );
  });

  it("what new servers may grow to refuses nobody, and never makes a node better", () => {
    fc.assert(
      fc.property(anySnapshot, anyRequest, fc.nat(7), (snapshot, request, index) => {
        const node = snapshot.nodes[index]?.spec.id;
        const grown = snapshotOf(
          ...snapshot.nodes.map((view) =>
            view.spec.id === node ? { ...view, growing: [...view.growing, growing("dave", 9 * GIB)] } : view,
          ),
        );
        const before = choose(snapshot, request, policy, 0).verdicts;
        const after = choose(grown, request, policy, 0).verdicts;
        expect(after.filter((each) => !each.accepted)).toEqual(before.filter((each) => !each.accepted));
        expect(rankOf(after, node)).toBeGreaterThanOrEqual(rankOf(before, node));
      }),
      { numRuns: 1000 },
    );
  });

  it("another start under way never makes a node better", () => {
    fc.assert(
      fc.property(anySnapshot, anyRequest, fc.nat(7), (snapshot, request, index) => {
        const node = snapshot.nodes[index]?.spec.id;
        const busier = snapshotOf(
          ...snapshot.nodes.map((view) =>
            view.spec.id === node
              ? { ...view, reservations: [...view.reservations, reservation(view.spec.id, "erin")] }
              : view,
          ),
        );
        const rank = rankOf(choose(snapshot, request, policy, 0).verdicts, node);
        expect(rankOf(choose(busier, request, policy, 0).verdicts, node)).toBeGreaterThanOrEqual(rank);
      }),
      { numRuns: 1000 },
    );
  });
});

function withMemory(view: NodeView, moreBytes: number): NodeView {
  if (view.load === undefined) return view;
  const { memoryTotalBytes, memoryAvailableBytes } = view.load;
  const available = Math.min(memoryTotalBytes, memoryAvailableBytes + moreBytes);
  return { ...view, load: { ...view.load, memoryAvailableBytes: available } };
}

/** Position among the accepted; rejected ones share the last. */
function rankOf(
  verdicts: readonly { readonly node: string; readonly accepted: boolean }[],
  node: string | undefined,
): number {
  const rank = verdicts.findIndex((verdict) => verdict.node === node && verdict.accepted);
  return rank === -1 ? Infinity : rank;
}
