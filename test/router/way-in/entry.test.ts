import { describe, expect, it } from "@jest/globals";
import { AppError } from "../../../src/errors.ts";
import type { ServerKey, ServerName, UserName } from "../../../src/model.ts";
import { createEntryRig } from "../../support/entry-rig.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { ALICE, createFakeWorld, NODE1, NODE2, VERDICTS } from "../../support/fake-world.ts";
import { createMemoryStore } from "../../support/memory-store.ts";

const NO_WISH = { labels: [], gpus: 0 };

const traveller = { user: ALICE.user, groups: ["lab"] };
const BEING_STARTED = { key: ALICE, node: NODE2, evidence: "hub-list", ready: false, seenAtMs: 0 } as const;

describe("a first arrival", () => {
  it("is placed, introduced, started and followed", async () => {
    const { clock, entry, world, ended } = createEntryRig();
    entry.open(traveller, ALICE);
    await clock.advance(5000);
    expect(entry.find(ALICE)?.outcome).toEqual({ kind: "arrived", node: NODE1 });
    expect(world.did).toEqual([
      "locate",
      "place",
      "hub node1",
      "introduce node1 ticket-alice-node1",
      "start node1 alice/",
      "follow node1",
      "grows node1 alice/",
    ]);
    expect(world.placer.reserved.size).toBe(0);
    expect(ended).toHaveLength(1);
  });

  it("keeps the reasons", async () => {
    const { clock, entry } = createEntryRig();
    entry.open(traveller, ALICE);
    await clock.advance(5000);
    expect(entry.find(ALICE)?.verdicts[0]?.reasons).toEqual(["most free memory: 3 GB"]);
    const kept = await entry.lastPlacement(ALICE);
    expect(kept).toMatchObject({ node: NODE1, atMs: 1_000_000 });
  });

  it("holds the reservation until the server is ready", async () => {
    const { clock, entry, world } = createEntryRig();
    entry.open(traveller, ALICE);
    await clock.advance(2500);
    expect(world.placer.reserved.size).toBe(1);
    await clock.advance(1000);
    expect(world.placer.reserved.size).toBe(0);
  });
});

describe("sharing", () => {
  it("gives two tabs one journey and one server", async () => {
    const { clock, entry, world } = createEntryRig();
    const [one, two] = [entry.open(traveller, ALICE), entry.open(traveller, ALICE)];
    expect(one.id).toBe(two.id);
    await clock.advance(5000);
    expect(world.did.filter((did) => did.startsWith("start"))).toHaveLength(1);
  });

  it("goes on when every watcher has left", async () => {
    const { clock, entry } = createEntryRig();
    entry.open(traveller, ALICE);
    const leaving = new AbortController();
    const watch = entry.next(ALICE, ({ outcome }) => outcome !== undefined, leaving.signal);
    leaving.abort(new Error("tab closed"));
    await expect(watch).rejects.toThrow("tab closed");
    await clock.advance(5000);
    expect(entry.find(ALICE)?.outcome?.kind).toBe("arrived");
  });

  it("tells a watcher each state, to the end", async () => {
    const { clock, entry } = createEntryRig();
    const { id } = entry.open(traveller, ALICE);
    const { signal } = new AbortController();
    const versions: number[] = [];
    const watching = (async () => {
      for (;;) {
        const journey = await entry.next(ALICE, ({ version }) => version > (versions.at(-1) ?? -1), signal);
        if (journey === undefined) return;
        versions.push(journey.version);
        expect(journey.id).toBe(id);
      }
    })();
    await clock.advance(5000);
    await watching;
    expect(versions.length).toBeGreaterThan(4);
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  });

  it("lets two routers agree on one node", async () => {
    const one = createEntryRig();
    const { clock, world, store } = one;
    const two = createEntryRig({ clock, world, store, router: "router-b" });
    one.entry.open(traveller, ALICE);
    await clock.advance(500);
    world.next = { kind: "placed", node: NODE2 };
    two.entry.open(traveller, ALICE);
    await clock.advance(5000);
    expect(two.entry.find(ALICE)?.outcome).toEqual({ kind: "arrived", node: NODE1 });
    expect(world.did.filter((did) => did.startsWith("hub node2"))).toHaveLength(0);
  });

  it("lets many routers that place on different nodes at the same moment agree on one", async () => {
    const clock = createFakeClock(1_000_000);
    const world = createFakeWorld(clock);
    const store = createMemoryStore(clock);
    const rigs = [NODE1, NODE2, NODE1, NODE2].map((node, i) => {
      const placer = {
        ...world.placer,
        place: () => ({ kind: "placed" as const, node, verdicts: VERDICTS }),
      };
      return createEntryRig({ clock, world: { ...world, placer }, store, router: `router-${i}` });
    });
    for (const { entry } of rigs) entry.open(traveller, ALICE);
    await clock.advance(10_000);
    const ends = rigs.map(({ entry }) => entry.find(ALICE)?.outcome);
    expect(new Set(ends.map((end) => JSON.stringify(end))).size).toBe(1);
    expect(ends[0]?.kind).toBe("arrived");
    expect(new Set(world.did.filter((did) => did.startsWith("start "))).size).toBe(1);
  });

  it("follows the router that was first when both place at once", async () => {
    const { clock, entry, world, store } = createEntryRig();
    world.next = { kind: "placed", node: NODE2 };
    const claim = store.setIfAbsent.bind(store);
    store.setIfAbsent = async (key, value, ttlMs) => {
      await claim(key, JSON.stringify({ node: NODE1, by: "router-b" }), 60_000);
      return claim(key, value, ttlMs);
    };
    entry.open(traveller, ALICE);
    await clock.advance(500);
    expect(world.placer.reserved.size).toBe(0);
    await clock.advance(5000);
    expect(entry.find(ALICE)?.node).toBe(NODE1);
  });
});

describe("one user with many names for servers", () => {
  function named(i: number): ServerKey {
    return { user: ALICE.user, server: `s${i}` as ServerName };
  }

  it("crowds out nobody: no more room is held, and others go on", async () => {
    const { clock, entry, world } = createEntryRig();
    for (let i = 0; i < 10; i += 1) entry.open(traveller, named(i));
    expect(() => entry.open(traveller, named(10))).toThrow(AppError);
    expect(() => entry.retry(traveller, named(10))).toThrow("10 other servers of yours are being started");
    expect(entry.retry(traveller, named(3)).id).toBe(entry.find(named(3))?.id);
    const bob = { user: "bob" as UserName, server: ALICE.server };
    entry.open({ user: bob.user, groups: [] }, bob);
    await clock.advance(2500);
    expect(world.placer.reserved.size).toBe(11);
    await clock.advance(60_000);
    expect(entry.open(traveller, named(10)).outcome).toBeUndefined();
  });
});

describe("coming back", () => {
  it("goes straight to a ready server", async () => {
    const { clock, entry, world } = createEntryRig();
    world.servers.set("alice/", NODE2);
    entry.open(traveller, ALICE);
    await clock.advance(0);
    expect(entry.find(ALICE)?.outcome).toEqual({ kind: "arrived", node: NODE2 });
    expect(world.did).toEqual(["locate"]);
  });

  it("wakes the hub of an old sighting", async () => {
    const { clock, entry, world } = createEntryRig();
    world.location = { kind: "found", sighting: { ...BEING_STARTED, ready: true }, others: [] };
    entry.open(traveller, ALICE);
    await clock.advance(1000);
    expect(world.did).toEqual(["locate", "hub node2"]);
    expect(entry.find(ALICE)?.outcome).toEqual({ kind: "arrived", node: NODE2 });
  });

  it("follows a start that somebody else began", async () => {
    const { clock, entry, world } = createEntryRig();
    world.location = { kind: "found", sighting: { ...BEING_STARTED, pending: "spawn" }, others: [] };
    entry.open(traveller, ALICE);
    await clock.advance(5000);
    expect(world.did).toEqual(["locate", "hub node2", "follow node2"]);
  });

  it("permits the start of a server that its hub knows and that is stopped", async () => {
    const { clock, entry, world } = createEntryRig();
    world.location = { kind: "found", sighting: { ...BEING_STARTED, seenAtMs: clock.now() }, others: [] };
    entry.open(traveller, ALICE);
    await clock.advance(5000);
    const acts = world.did.filter((did) => !did.startsWith("hub"));
    expect(acts).toEqual([
      "locate",
      "introduce node2 ticket-alice-node2",
      "start node2 alice/",
      "follow node2",
    ]);
  });

  it("waits for a former server to stop, then places", async () => {
    const { clock, entry, world } = createEntryRig();
    world.location = { kind: "found", sighting: { ...BEING_STARTED, pending: "stop" }, others: [] };
    entry.open(traveller, ALICE);
    await clock.advance(3500);
    expect(world.did).not.toContain("place");
    world.location = { kind: "none" };
    await clock.advance(5000);
    expect(entry.find(ALICE)?.outcome).toEqual({ kind: "arrived", node: NODE1 });
  });

  it("does not start a second server while lists of servers are still old", async () => {
    const { clock, entry, world } = createEntryRig();
    entry.open(traveller, ALICE);
    await clock.advance(5000);
    world.servers.clear();
    world.next = { kind: "placed", node: NODE2 };
    entry.open(traveller, ALICE);
    await clock.advance(5000);
    expect(entry.find(ALICE)?.outcome).toEqual({ kind: "arrived", node: NODE1 });
  });

  it("places anew once the owner has stopped the server", async () => {
    const { clock, entry, world } = createEntryRig();
    entry.open(traveller, ALICE);
    await clock.advance(5000);
    world.servers.clear();
    await entry.forget(ALICE, NODE1);
    world.next = { kind: "placed", node: NODE2 };
    entry.open(traveller, ALICE);
    await clock.advance(5000);
    expect(entry.find(ALICE)?.outcome).toEqual({ kind: "arrived", node: NODE2 });
  });
});

describe("a start that a hub refuses", () => {
  it("because it was restarted and forgot the permit is asked for again", async () => {
    const { clock, entry, world } = createEntryRig();
    world.serverFailure = new AppError("START_NOT_PERMITTED", "node1: servers are started from the entrance");
    entry.open(traveller, ALICE);
    await clock.advance(3500);
    world.serverFailure = undefined;
    await clock.advance(10_000);
    expect(entry.find(ALICE)?.outcome).toEqual({ kind: "arrived", node: NODE1 });
    expect(world.did.filter((did) => did.startsWith("introduce"))).toHaveLength(2);
  });
});

describe("the claim of a dead server", () => {
  it("may be replaced by the start that its absence led to", async () => {
    const { clock, entry, world } = createEntryRig();
    world.location = { kind: "none", supersedes: "its-claim" };
    entry.open(traveller, ALICE);
    await clock.advance(5000);
    expect(world.did).toContain("introduce node1 ticket-alice-node1-its-claim");
  });
});

describe("a silent node", () => {
  const silent = { kind: "unknown", silent: [{ node: NODE2, reason: "no answer" }] } as const;

  it("is waited for, and nothing is started meanwhile", async () => {
    const { clock, entry, world } = createEntryRig();
    world.location = silent;
    entry.open(traveller, ALICE);
    await clock.advance(30_000);
    expect(entry.find(ALICE)?.obstacle).toMatchObject({ mayStartElsewhere: false });
    expect(world.did).not.toContain("place");
    world.servers.set("alice/", NODE2);
    await clock.advance(1000);
    expect(entry.find(ALICE)?.outcome).toEqual({ kind: "arrived", node: NODE2 });
  });

  it("may be given up only by the user and only after the wait", async () => {
    const { clock, entry, world } = createEntryRig();
    world.location = silent;
    entry.open(traveller, ALICE);
    await clock.advance(30_000);
    expect(entry.decide(ALICE, { kind: "elsewhere" })).toBe(false);
    await clock.advance(31_000);
    expect(entry.find(ALICE)?.obstacle).toMatchObject({ mayStartElsewhere: true });
    expect(entry.decide(ALICE, { kind: "elsewhere" })).toBe(true);
    await clock.advance(5000);
    expect(entry.find(ALICE)?.outcome).toEqual({ kind: "arrived", node: NODE1 });
  });

  it("needs no second wait when it has long been silent", async () => {
    const { clock, entry, world } = createEntryRig();
    const lastSeenMs = clock.now() - 3_600_000;
    world.location = { kind: "unknown", silent: [{ node: NODE2, reason: "no answer", lastSeenMs }] };
    entry.open(traveller, ALICE);
    await clock.advance(0);
    expect(entry.decide(ALICE, { kind: "elsewhere" })).toBe(true);
  });

  it("is not waited for without end", async () => {
    const { clock, entry, world } = createEntryRig();
    world.location = silent;
    entry.open(traveller, ALICE);
    await clock.advance(601_000);
    expect(entry.find(ALICE)?.outcome).toMatchObject({ kind: "failed", code: "NODE_UNREACHABLE" });
  });
});

describe("failures", () => {
  it("says that no node is available, and why", async () => {
    const { clock, entry, world } = createEntryRig();
    world.next = { kind: "none" };
    entry.open(traveller, ALICE);
    await clock.advance(0);
    expect(entry.find(ALICE)).toMatchObject({
      outcome: { kind: "failed", code: "NO_NODE_AVAILABLE" },
      verdicts: [{ node: NODE1 }, { node: NODE2, reasons: ["down: no answer"] }],
    });
  });

  it("tries another node when a hub does not start, and leaves that one alone for a while", async () => {
    const { clock, entry, world } = createEntryRig();
    world.hubFailure = new AppError("JUPYTERHUB_MISSING", "no jupyterhub there", {});
    world.goodHubs.add(NODE2);
    entry.open(traveller, ALICE);
    await clock.advance(5000);
    expect(entry.find(ALICE)?.outcome).toEqual({ kind: "arrived", node: NODE2 });
    expect(JSON.stringify(entry.find(ALICE)?.steps)).toContain("no jupyterhub there; another node is tried");
    const bob: ServerKey = { ...ALICE, user: "bob" as UserName };
    expect(entry.explain(bob, NO_WISH)).toMatchObject({
      node: NODE2,
      verdicts: [{ node: NODE1, reasons: ["its hub did not start lately: no jupyterhub there"] }],
    });
    await clock.advance(120_000);
    expect(entry.explain(bob, NO_WISH)).toMatchObject({ node: NODE1 });
  });

  it("stays where a server belongs, even if its hub does not start", async () => {
    const { clock, entry, world } = createEntryRig();
    world.hubFailure = new AppError("JUPYTERHUB_MISSING", "no jupyterhub there", {});
    world.location = { kind: "found", sighting: BEING_STARTED, others: [] };
    entry.open(traveller, ALICE);
    await clock.advance(5000);
    expect(entry.find(ALICE)?.outcome).toMatchObject({ kind: "failed", code: "JUPYTERHUB_MISSING" });
    expect(world.did).not.toContain("place");
  });

  it("ends when no hub starts", async () => {
    const { clock, entry, world } = createEntryRig();
    world.hubFailure = new AppError("DISK_FULL", "no space", {});
    entry.open(traveller, ALICE);
    await clock.advance(5000);
    expect(entry.find(ALICE)?.outcome).toMatchObject({ kind: "failed", code: "DISK_FULL" });
    expect(world.did.filter((did) => did.startsWith("hub"))).toEqual(["hub node1", "hub node2"]);
    world.goodHubs.add(NODE1);
    entry.retry(traveller, ALICE);
    await clock.advance(5000);
    expect(entry.find(ALICE)?.outcome).toEqual({ kind: "arrived", node: NODE1 });
  });

  it("says what failed where there is no other node", async () => {
    const { clock, entry, world } = createEntryRig();
    world.hubFailure = new AppError("DISK_FULL", "no space", {});
    world.nodes = [NODE1];
    entry.open(traveller, ALICE);
    await clock.advance(5000);
    expect(entry.find(ALICE)?.outcome).toMatchObject({ kind: "failed", code: "DISK_FULL" });
    expect(world.did.filter((did) => did.startsWith("hub"))).toEqual(["hub node1"]);
  });

  it.each(["hubFailure", "serverFailure"] as const)(
    "after a %s leaves nothing half-started",
    async (kind) => {
      const { clock, entry, world, assignments } = createEntryRig();
      const remedy = "free the port";
      world[kind] = new AppError("PORT_TAKEN", "port 910 is taken by bob", { remedy });
      entry.open(traveller, ALICE);
      await clock.advance(5000);
      expect(entry.find(ALICE)?.outcome).toMatchObject({ kind: "failed", code: "PORT_TAKEN", remedy });
      expect(world.placer.reserved.size).toBe(0);
      expect(await assignments.find(ALICE)).toBeUndefined();
    },
  );

  it("keeps a failure for a reload, and begins anew on retry", async () => {
    const { clock, entry, world } = createEntryRig();
    world.hubFailure = new AppError("DISK_FULL", "no space", {});
    const { id } = entry.open(traveller, ALICE);
    await clock.advance(2000);
    expect(entry.open(traveller, ALICE)).toMatchObject({ id, outcome: { kind: "failed" } });
    world.hubFailure = undefined;
    expect(entry.retry(traveller, ALICE).outcome).toBeUndefined();
    await clock.advance(5000);
    expect(entry.find(ALICE)?.outcome?.kind).toBe("arrived");
  });

  it("forgets a failure after a while", async () => {
    const { clock, entry, world } = createEntryRig();
    world.hubFailure = new AppError("DISK_FULL", "no space", {});
    const { id } = entry.open(traveller, ALICE);
    await clock.advance(62_000);
    expect(entry.open(traveller, ALICE).id).not.toBe(id);
  });

  it.each([
    ["hubMs", "HUB_NOT_HEALTHY", 121_000],
    ["serverMs", "SERVER_TIMEOUT", 121_000],
  ] as const)("bounds %s", async (what, code, afterMs) => {
    const { clock, entry, world } = createEntryRig();
    world[what] = 10_000_000;
    entry.open(traveller, ALICE);
    await clock.advance(afterMs);
    expect(entry.find(ALICE)?.outcome).toMatchObject({ kind: "failed", code });
  });

  it("does not show what was not meant to be shown", async () => {
    const { clock, entry, world, log } = createEntryRig();
    world.hubFailure = new TypeError("secret is undefined");
    entry.open(traveller, ALICE);
    await clock.advance(2000);
    expect(JSON.stringify(entry.find(ALICE))).not.toContain("secret");
    expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(1);
  });

  it("goes on alone when the store is down", async () => {
    const { clock, entry, store, log, world } = createEntryRig();
    store.setDown(true);
    entry.open(traveller, ALICE);
    await clock.advance(5000);
    expect(entry.find(ALICE)?.outcome?.kind).toBe("arrived");
    expect(log.lines.some(({ message }) => message.includes("deciding alone"))).toBe(true);
    world.servers.clear();
    world.next = { kind: "placed", node: NODE2 };
    entry.open(traveller, ALICE);
    await clock.advance(5000);
    expect(entry.find(ALICE)?.node).toBe(NODE1);
  });

  it("survives a store that is emptied in the middle", async () => {
    const { clock, entry, store } = createEntryRig();
    entry.open(traveller, ALICE);
    await clock.advance(500);
    store.wipe();
    await clock.advance(5000);
    expect(entry.find(ALICE)?.outcome).toEqual({ kind: "arrived", node: NODE1 });
  });

  it("ends when the router stops, and starts nothing after that", async () => {
    const { clock, entry, world } = createEntryRig();
    entry.open(traveller, ALICE);
    await clock.advance(500);
    await entry.stop();
    expect(entry.find(ALICE)?.outcome).toMatchObject({ kind: "failed", code: "STOPPING" });
    expect(world.placer.reserved.size).toBe(0);
    entry.retry(traveller, ALICE);
    await clock.advance(5000);
    expect(world.did.filter((did) => did.startsWith("start"))).toHaveLength(0);
  });
});
