import { describe, expect, it } from "@jest/globals";
import { AppError } from "../../../src/errors.ts";
import { createMoves } from "../../../src/router/servers/moves.ts";
import { createEntryRig } from "../../support/entry-rig.ts";
import { ALICE, NODE1, NODE2 } from "../../support/fake-world.ts";

const NO_WISH = { labels: [], gpus: 0 };

const traveller = { user: ALICE.user, groups: [] };

/** alice's server runs on node1; a new one would go to node2. */
function setUp() {
  const rig = createEntryRig();
  const { world, entry, remedies, audit, clock } = rig;
  world.servers.set("alice/", NODE1);
  world.next = { kind: "placed", node: NODE2 };
  const moves = createMoves({ ...world, wayIn: entry, remedies, audit, clock }, { deadlineMs: 5000 });
  return { ...rig, moves };
}

describe("a move", () => {
  it("holds room elsewhere, stops the server, and goes the normal way in to that node", async () => {
    const { moves, world, clock } = setUp();
    expect(await moves.move(traveller, ALICE, NODE1)).toBeUndefined();
    await clock.advance(5000);
    const acts = world.did.filter((what) => /^(place|stop|start) ?/.test(what));
    expect(acts).toEqual(["place", "stop node1 alice/", "place", "start node2 alice/"]);
    expect(world.servers.get("alice/")).toBe(NODE2);
    expect([...world.placer.reserved]).toEqual([]);
  });

  it("goes off the node although that would be chosen once it is empty", async () => {
    const { moves, world, clock, entry } = setUp();
    await moves.move(traveller, ALICE, NODE1);
    world.next = { kind: "placed", node: NODE1 };
    expect(entry.explain(ALICE, NO_WISH).node).toBe(NODE2);
    await clock.advance(5000);
    expect(world.servers.get("alice/")).toBe(NODE2);
    await clock.advance(300_000);
    expect(entry.explain(ALICE, NO_WISH).node).toBe(NODE1);
  });

  it("comes back rather than to nowhere when no hub starts elsewhere", async () => {
    const { moves, world, clock } = setUp();
    world.hubFailure = new AppError("HUB_NOT_HEALTHY", "broken", {});
    world.goodHubs.add(NODE1);
    await moves.move(traveller, ALICE, NODE1);
    await clock.advance(10_000);
    expect(world.servers.get("alice/")).toBe(NODE1);
  });

  it("is refused where no other node would take the server, and stops nothing", async () => {
    const { moves, world } = setUp();
    world.next = { kind: "none" };
    expect(await moves.move(traveller, ALICE, NODE1)).toMatchObject({ kind: "refused", why: "nowhere" });
    expect(world.servers.get("alice/")).toBe(NODE1);
    expect(world.did.join()).not.toMatch(/stop|place/);
  });

  it("is refused where the server is best off already", async () => {
    const { moves, world } = setUp();
    world.next = { kind: "placed", node: NODE1 };
    expect(await moves.move(traveller, ALICE, NODE1)).toMatchObject({ why: "best" });
    expect(world.did.join()).not.toMatch(/stop|place/);
  });

  it("is refused off a node on which the server is no longer", async () => {
    const { moves, world } = setUp();
    expect(await moves.move(traveller, ALICE, NODE2)).toMatchObject({ why: "not-now" });
    expect(world.did.join()).not.toMatch(/stop|place/);
  });

  it("gives the room back when the server does not end", async () => {
    const { moves, world, entry } = setUp();
    world.hubApi.stopServer = () => Promise.reject(new AppError("HUB_UNREACHABLE", "no answer", {}));
    await expect(moves.move(traveller, ALICE, NODE1)).rejects.toMatchObject({ code: "HUB_UNREACHABLE" });
    expect([...world.placer.reserved]).toEqual([]);
    world.next = { kind: "placed", node: NODE1 };
    expect(entry.explain(ALICE, NO_WISH).node).toBe(NODE1);
  });

  it("is one, however often it is asked for at once", async () => {
    const { moves, world, clock } = setUp();
    await Promise.all([moves.move(traveller, ALICE, NODE1), moves.move(traveller, ALICE, NODE1)]);
    await clock.advance(5000);
    expect(world.did.filter((what) => what.startsWith("stop"))).toHaveLength(1);
    expect(world.servers.get("alice/")).toBe(NODE2);
  });

  it("is written down, and the stop before it", async () => {
    const { moves, audit } = setUp();
    await moves.move(traveller, ALICE, NODE1);
    const what = { by: "alice", user: "alice", server: "", node: "node1" };
    expect(audit.acts).toEqual([
      { audit: "stop", ...what },
      { audit: "user-move", ...what, to: "node2" },
    ]);
  });
});
