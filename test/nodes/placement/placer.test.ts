import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { NodeId } from "../../../src/model.ts";
import { createCluster } from "../../../src/nodes/cluster/cluster.ts";
import { createGrowth } from "../../../src/nodes/placement/growth.ts";
import { createPlacer } from "../../../src/nodes/placement/placer.ts";
import { createSizeBook } from "../../../src/nodes/placement/size-book.ts";
import { createReservations } from "../../../src/nodes/placement/reservations.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createFakeHosts } from "../../support/fake-hosts.ts";
import { createMemoryLog } from "../../support/memory-log.ts";
import { GIB, loadSample, MIB, serverKey } from "../../support/node-views.ts";

const policy = {
  maxSampleAgeMs: 15_000,
  server: { memoryBytes: 512 * MIB, cores: 0.25 },
  headroomBytes: 512 * MIB,
};

const MINUTE_MS = 60_000;

/** A cluster of equal nodes, all of them up, behind a real placer. */
function setUp(count: number, load: Parameters<typeof loadSample>[0] = {}) {
  const names = Array.from({ length: count }, (_, index) => `node${index + 1}`);
  const clock = createFakeClock();
  const log = createMemoryLog();
  const hosts = createFakeHosts(...names);
  const reservations = createReservations({ clock }, { expireAfterMs: 200_000 });
  const growth = createGrowth({ clock }, { memoryBytes: 2 * GIB, growsForMs: 30 * MINUTE_MS });
  const cluster = createCluster({ hosts, reservations, growth, clock, log });
  const book = createSizeBook({ clock }, { leastBytes: 512 * MIB, mostBytes: 64 * GIB });
  const sizes = { expected: book.expected, recall: () => Promise.resolve() };
  const placer = createPlacer({ cluster, reservations, growth, sizes, clock, log }, policy);
  function sample(name: string, over: Parameters<typeof loadSample>[0] = {}): void {
    cluster.events.sampled(name as NodeId, loadSample({ ...load, ...over, takenAtMs: clock.now() }));
  }
  for (const name of names) sample(name);
  function place(user: string): string | undefined {
    const placement = placer.place(serverKey(user));
    return placement.kind === "placed" ? placement.node : undefined;
  }
  function startsOn(name: string): number {
    return reservations.byNode().get(name as NodeId)?.length ?? 0;
  }
  /** The server of a user whose start succeeded, where it was placed. */
  function start(user: string): string | undefined {
    const node = place(user);
    if (node !== undefined) placer.started(serverKey(user), node as NodeId);
    return node;
  }
  function growthOn(name: string): readonly number[] {
    return (growth.byNode().get(name as NodeId) ?? []).map(({ memoryBytes }) => memoryBytes);
  }
  return { clock, log, hosts, cluster, growth, book, placer, sample, place, start, startsOn, growthOn };
}

function spread(places: readonly (string | undefined)[]): readonly number[] {
  const counts = new Map<string | undefined, number>();
  for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1);
  return [...counts.values()].toSorted((a, b) => a - b);
}

function users(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `user${index}`);
}

describe("people who arrive in the same second", () => {
  it("spread evenly over equal nodes", () => {
    const { place } = setUp(3);
    expect(spread(users(10).map(place))).toEqual([3, 3, 4]);
  });

  it("spread evenly, however many nodes and people there are, large machines or small", () => {
    const sizes = fc.record({
      nodes: fc.integer({ min: 1, max: 12 }),
      people: fc.integer({ min: 1, max: 60 }),
      gib: fc.constantFrom(64, 256, 1024),
    });
    fc.assert(
      fc.property(sizes, ({ nodes, people, gib }) => {
        const load = { cores: 64, memoryTotalBytes: gib * GIB, memoryAvailableBytes: gib * GIB * 0.9 };
        const { place } = setUp(nodes, load);
        const counts = spread(users(people).map(place));
        expect(counts.at(-1)).toBe(Math.ceil(people / nodes));
        expect(counts).toHaveLength(Math.min(nodes, people));
      }),
      { numRuns: 50 },
    );
  });

  it("spread evenly though the nodes' free memory differs by a little", () => {
    const { place, sample } = setUp(4, { memoryTotalBytes: 512 * GIB, memoryAvailableBytes: 400 * GIB });
    sample("node3", { memoryAvailableBytes: 403 * GIB });
    expect(spread(users(20).map(place))).toEqual([5, 5, 5, 5]);
  });

  it("are refused when there is room for no more, not squeezed in", () => {
    const { place, log } = setUp(2, { memoryTotalBytes: 4 * GIB, memoryAvailableBytes: 2 * GIB });
    expect(users(8).map(place)).toEqual([
      "node1",
      "node2",
      "node1",
      "node2",
      "node1",
      "node2",
      undefined,
      undefined,
    ]);
    expect(log.lines.filter(({ message }) => message === "no node can take a server")).toHaveLength(2);
  });
});

describe("a reservation", () => {
  it("holds for the same server: asking again gives the same node and takes no more room", () => {
    const { place, placer, startsOn } = setUp(3);
    const first = place("alice");
    place("bob");
    expect(place("alice")).toBe(first);
    expect(startsOn(first ?? "")).toBe(1);
    expect(placer.explain(serverKey("alice")).verdicts[0]?.reasons[0]).toBe(
      "room is held here for this server already",
    );
  });

  it("does not hold anybody on a node that went down", () => {
    const { place, cluster } = setUp(2);
    const first = place("alice");
    cluster.events.lost(first as NodeId, new Error("no route to host"));
    expect(place("alice")).not.toBe(first);
  });

  it("is not made by explain", () => {
    const { placer, startsOn } = setUp(1);
    expect(placer.explain(serverKey("alice"))).toMatchObject({ kind: "placed", node: "node1" });
    expect(startsOn("node1")).toBe(0);
  });

  it("is held until the node has counted its servers again, however many samples come before", async () => {
    const { clock, start, sample, startsOn } = setUp(1);
    const countedMs = clock.now();
    start("alice");
    await clock.advance(4000);
    sample("node1", { serversCountedAtMs: countedMs });
    expect(startsOn("node1")).toBe(1);
    await clock.advance(1000);
    sample("node1", { serversCountedAtMs: clock.now() });
    expect(startsOn("node1")).toBe(0);
  });

  it("counts until a sample taken after the start shows the server, and not for longer", async () => {
    const { clock, place, placer, sample, startsOn } = setUp(1);
    place("alice");
    await clock.advance(3000);
    sample("node1");
    expect(startsOn("node1")).toBe(1);
    placer.started(serverKey("alice"), "node1" as NodeId);
    expect(startsOn("node1")).toBe(1);
    await clock.advance(100);
    sample("node1"); // may have been measured before the server ran
    expect(startsOn("node1")).toBe(1);
    await clock.advance(2000);
    sample("node1", { servers: 1, users: 1 });
    expect(startsOn("node1")).toBe(0);
  });

  it("is given back at once when the start failed", () => {
    const { place, placer, startsOn, growthOn } = setUp(1);
    place("alice");
    placer.release(serverKey("alice"));
    expect(startsOn("node1")).toBe(0);
    expect(growthOn("node1")).toEqual([]);
  });

  it("goes after a start even if no sample comes", async () => {
    const { clock, start, placer, startsOn } = setUp(1);
    start("alice");
    await clock.advance(1000);
    placer.started(serverKey("alice"), "node1" as NodeId);
    await clock.advance(14_000);
    expect(startsOn("node1")).toBe(0);
  });

  it("expires when nobody ever says how the start ended", async () => {
    const { clock, place, startsOn } = setUp(1);
    place("alice");
    await clock.advance(199_000);
    expect(startsOn("node1")).toBe(1);
    await clock.advance(1000);
    expect(startsOn("node1")).toBe(0);
  });

  it("no more binds a server that has started", () => {
    const { place, start, sample } = setUp(2);
    const first = start("alice") ?? "";
    sample(first, { memoryAvailableBytes: 2 * GIB });
    expect(place("alice")).not.toBe(first);
  });

  it("is not known of a server nobody placed", () => {
    const { placer, startsOn } = setUp(1);
    placer.release(serverKey("mallory"));
    expect(startsOn("node1")).toBe(0);
  });
});

describe("a new server", () => {
  it("is expected to grow, evenly less as time goes by", async () => {
    const { clock, start, growthOn } = setUp(1);
    start("alice");
    expect(growthOn("node1")).toEqual([2 * GIB]);
    await clock.advance(15 * MINUTE_MS);
    expect(growthOn("node1")).toEqual([GIB]);
    await clock.advance(15 * MINUTE_MS);
    expect(growthOn("node1")).toEqual([]);
  });

  it("is expected to take no more what it was measured to have taken", () => {
    const { start, growth, growthOn } = setUp(1);
    start("alice");
    growth.measured("node1" as NodeId, [{ key: serverKey("alice"), rssBytes: 0.5 * GIB }]);
    expect(growthOn("node1")).toEqual([1.5 * GIB]);
    growth.measured("node1" as NodeId, [{ key: serverKey("alice"), rssBytes: 3 * GIB }]);
    expect(growthOn("node1")).toEqual([0]);
  });

  it("is expected to grow no more once its node does not measure it any more, but not before it did", () => {
    const { start, growth, growthOn } = setUp(1);
    start("alice");
    growth.measured("node1" as NodeId, []);
    expect(growthOn("node1")).toHaveLength(1);
    growth.measured("node1" as NodeId, [{ key: serverKey("alice"), rssBytes: 0 }]);
    growth.measured("node2" as NodeId, []);
    expect(growthOn("node1")).toHaveLength(1);
    growth.measured("node1" as NodeId, []);
    expect(growthOn("node1")).toEqual([]);
  });

  it("is expected to grow to what its owner's servers took", async () => {
    const { clock, start, sample, book, growthOn, placer } = setUp(1);
    for (let minute = 0; minute <= 10; minute += 5) {
      book.note("node1" as NodeId, { key: serverKey("alice"), rssBytes: 6 * GIB });
      await clock.advance(5 * MINUTE_MS);
    }
    sample("node1");
    start("alice");
    expect(growthOn("node1")).toEqual([6 * GIB]);
    expect(placer.explain(serverKey("alice")).verdicts[0]?.reasons).toEqual(
      expect.arrayContaining([expect.stringContaining("6.0 GiB for it, as its owner's servers took lately")]),
    );
  });

  it("is expected to grow no more once it was stopped there, or started elsewhere", () => {
    const { start, placer, growthOn } = setUp(2);
    start("alice");
    placer.stopped(serverKey("alice"), "node2" as NodeId);
    expect(growthOn("node1")).toHaveLength(1);
    placer.started(serverKey("alice"), "node2" as NodeId);
    expect([growthOn("node1"), growthOn("node2")]).toEqual([[], [2 * GIB]]);
    placer.stopped(serverKey("alice"), "node2" as NodeId);
    expect(growthOn("node2")).toEqual([]);
  });

  it("sends the next people elsewhere, though its node's figures show nothing of it yet", async () => {
    const { clock, sample, start } = setUp(4, { memoryAvailableBytes: 20 * GIB });
    sample("node1", { memoryAvailableBytes: 24 * GIB });
    const places: (string | undefined)[] = [];
    for (const user of users(6)) {
      places.push(start(user));
      await clock.advance(1000);
      for (const name of ["node2", "node3", "node4"]) sample(name);
      sample("node1", { memoryAvailableBytes: 24 * GIB });
    }
    expect(spread(places)).toEqual([1, 1, 1, 3]);
  });

  it("costs nobody a place: people are refused as if nobody grew", async () => {
    const { clock, sample, start, place } = setUp(1, {
      memoryTotalBytes: 4 * GIB,
      memoryAvailableBytes: 2 * GIB,
    });
    for (const user of users(3)) expect(start(user)).toBe("node1");
    await clock.advance(1000);
    sample("node1");
    expect(place("alice")).toBe("node1");
    sample("node1", { memoryAvailableBytes: GIB });
    expect(place("bob")).toBeUndefined();
  });
});

describe("limits", () => {
  it("hold while people come, go and samples arrive in any order", () => {
    const limit = 3;
    const steps = fc.array(
      fc.oneof(
        fc.record({ do: fc.constant("place" as const), user: fc.nat(9) }),
        fc.record({ do: fc.constant("release" as const), user: fc.nat(9) }),
        fc.record({ do: fc.constant("start" as const), user: fc.nat(9) }),
        fc.record({ do: fc.constant("sample" as const), user: fc.nat(2) }),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (list) => {
        const { hosts, place, start, placer, sample, startsOn } = setUp(0);
        hosts.adopt([1, 2].map((n) => ({ ...specOf(`node${n}`), maxServers: limit })));
        sample("node1");
        sample("node2");
        for (const step of list) {
          if (step.do === "place") place(`user${step.user}`);
          else if (step.do === "start") start(`user${step.user}`);
          else if (step.do === "release") placer.release(serverKey(`user${step.user}`));
          else sample(`node${step.user}`);
          expect(startsOn("node1")).toBeLessThanOrEqual(limit);
          expect(startsOn("node2")).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });
});

function specOf(name: string) {
  const [spec] = createFakeHosts(name).all();
  if (spec === undefined) throw new Error("no node");
  return spec;
}
