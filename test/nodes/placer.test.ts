import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { NodeId } from "../../src/model.ts";
import { createCluster } from "../../src/nodes/cluster.ts";
import { createPlacer } from "../../src/nodes/placer.ts";
import { createReservations } from "../../src/nodes/reservations.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { createFakeHosts } from "../support/fake-hosts.ts";
import { createMemoryLog } from "../support/memory-log.ts";
import { GIB, loadSample, MIB, serverKey } from "../support/node-views.ts";

const policy = {
  maxSampleAgeMs: 15_000,
  server: { memoryBytes: 512 * MIB, cores: 0.25 },
  headroomBytes: 512 * MIB,
};

/** A cluster of equal nodes, all of them up, behind a real placer. */
function setUp(count: number, load: Parameters<typeof loadSample>[0] = {}) {
  const names = Array.from({ length: count }, (_, index) => `node${index + 1}`);
  const clock = createFakeClock();
  const log = createMemoryLog();
  const hosts = createFakeHosts(...names);
  const reservations = createReservations({ clock }, { expireAfterMs: 200_000 });
  const cluster = createCluster({ hosts, reservations, clock, log });
  const placer = createPlacer({ cluster, reservations, clock, log }, policy);
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
  return { clock, log, hosts, cluster, placer, sample, place, startsOn };
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

  it("counts until a sample taken after the start shows the server, and not for longer", async () => {
    const { clock, place, placer, sample, startsOn } = setUp(1);
    place("alice");
    await clock.advance(3000);
    sample("node1");
    expect(startsOn("node1")).toBe(1);
    placer.release(serverKey("alice"));
    expect(startsOn("node1")).toBe(1);
    await clock.advance(100);
    sample("node1"); // may have been measured before the server ran
    expect(startsOn("node1")).toBe(1);
    await clock.advance(2000);
    sample("node1", { servers: 1, users: 1 });
    expect(startsOn("node1")).toBe(0);
  });

  it("goes after the end of a start even if no sample comes", async () => {
    const { clock, place, placer, startsOn } = setUp(1);
    place("alice");
    placer.release(serverKey("alice"));
    placer.release(serverKey("alice"));
    await clock.advance(15_000);
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

  it("no more binds a server whose start ended", () => {
    const { place, placer, sample } = setUp(2);
    const first = place("alice") ?? "";
    placer.release(serverKey("alice"));
    sample(first, { memoryAvailableBytes: 2 * GIB });
    expect(place("alice")).not.toBe(first);
  });

  it("is not known of a server nobody placed", () => {
    const { placer, startsOn } = setUp(1);
    placer.release(serverKey("mallory"));
    expect(startsOn("node1")).toBe(0);
  });
});

describe("limits", () => {
  it("hold while people come, go and samples arrive in any order", () => {
    const limit = 3;
    const steps = fc.array(
      fc.oneof(
        fc.record({ do: fc.constant("place" as const), user: fc.nat(9) }),
        fc.record({ do: fc.constant("release" as const), user: fc.nat(9) }),
        fc.record({ do: fc.constant("sample" as const), user: fc.nat(2) }),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (list) => {
        const { hosts, place, placer, sample, startsOn } = setUp(0);
        hosts.adopt([1, 2].map((n) => ({ ...specOf(`node${n}`), maxServers: limit })));
        sample("node1");
        sample("node2");
        for (const step of list) {
          if (step.do === "place") place(`user${step.user}`);
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
