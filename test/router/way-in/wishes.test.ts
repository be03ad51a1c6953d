import { describe, expect, it } from "@jest/globals";
import { AppError } from "../../../src/errors.ts";
import type { NodeId, ServerName } from "../../../src/model.ts";
import { createEntryRig } from "../../support/entry-rig.ts";
import { createFakeDirectory } from "../../support/fake-directory.ts";
import { serverKey } from "../../support/node-views.ts";

const CHOICES = [
  { name: "any", title: "Any machine", labels: [], gpus: 0 },
  { name: "gpu", title: "With a GPU", labels: ["gpu"], gpus: 1 },
];
const KEY = serverKey("alice");
const alice = { user: KEY.user, groups: [] };
const arrived = { kind: "arrived", node: "node1" as NodeId };

describe("a user who may choose a kind of machine", () => {
  it("is asked before their first start, and gets what they chose", async () => {
    const { clock, entry, world } = createEntryRig({ choices: CHOICES });
    entry.open(alice, KEY);
    await clock.advance(5000);
    expect(entry.find(KEY)?.obstacle).toMatchObject({
      kind: "wish",
      offers: [{ name: "any", title: "Any machine" }, { name: "gpu" }],
    });
    expect(entry.decide(KEY, { kind: "wish", name: "none" })).toBe(false);
    expect(entry.decide(KEY, { kind: "wish", name: "gpu" })).toBe(true);
    await clock.advance(10_000);
    expect(entry.find(KEY)?.outcome).toEqual(arrived);
    expect(world.did).toContain("place 1 gpu");
    expect(world.did).toContain("introduce node1 ticket-alice-node1-GPU-1");
  });

  it("is not asked again", async () => {
    const { clock, entry, world } = createEntryRig({ choices: CHOICES });
    expect(await entry.prefer(KEY, "gpu")).toBe(true);
    expect(await entry.prefer(KEY, "nonsense")).toBe(false);
    entry.open(alice, KEY);
    await clock.advance(10_000);
    expect(entry.find(KEY)?.outcome).toEqual(arrived);
    expect(world.did).toContain("place 1 gpu");
  });

  it("fills no store with servers that do not exist", async () => {
    const { entry, store } = createEntryRig({ choices: CHOICES });
    for (let i = 0; i < 200; i++) {
      await entry.prefer({ ...KEY, server: `made-up-${i}` as ServerName }, "gpu");
    }
    await entry.prefer(KEY, "gpu");
    const kept = (await store.get("wishes:alice")) ?? "";
    expect(kept).toContain("made-up-199");
    expect(kept.length).toBeLessThan(4000);
    expect(await entry.recall(KEY)).toMatchObject({ labels: ["gpu"], gpus: 1 });
  });

  it("is asked for ten minutes, and then told so", async () => {
    const { clock, entry } = createEntryRig({ choices: CHOICES });
    entry.open(alice, KEY);
    for (let minute = 0; minute < 10; minute += 1) await clock.advance(60_000);
    await clock.advance(10_000);
    expect(entry.find(KEY)?.outcome).toMatchObject({ kind: "failed", code: "UNDECIDED" });
  });

  it("is asked although the store is away, and gets what they chose", async () => {
    const { clock, entry, store, world } = createEntryRig({ choices: CHOICES });
    store.setDown(true);
    entry.open(alice, KEY);
    await clock.advance(5000);
    entry.decide(KEY, { kind: "wish", name: "gpu" });
    await clock.advance(10_000);
    expect(world.did).toContain("place 1 gpu");
  });
});

describe("where there is nothing to choose", () => {
  it("nobody is asked, and members of a group go where its labels are", async () => {
    const { clock, entry, world } = createEntryRig();
    entry.open({ ...alice, groups: ["ml", "staff"] }, KEY);
    await clock.advance(10_000);
    expect(entry.find(KEY)?.outcome).toEqual(arrived);
    expect(world.did).toContain("place 0 ml");
  });
});

describe("groups that ask for labels", () => {
  it("count by the word of the router's system too, and it is told whose word it is", async () => {
    const directory = createFakeDirectory({ alice: ["alice", "ml"] });
    const { clock, entry, world } = createEntryRig({ directory });
    entry.open({ ...alice, groups: ["staff"] }, KEY);
    await clock.advance(10_000);
    expect(entry.find(KEY)?.outcome).toEqual(arrived);
    expect(world.did).toContain("place 0 ml");
    expect(await entry.recall(KEY)).toEqual({
      labels: ["ml"],
      gpus: 0,
      memberships: [
        { group: "alice", from: "system", labels: [] },
        { group: "ml", from: "system", labels: ["ml"] },
      ],
      trouble: "",
    });
  });

  it("are those the sign-in told last, until it tells others", async () => {
    const { clock, entry, world } = createEntryRig();
    entry.open({ ...alice, groups: ["ml", "staff"] }, KEY);
    await clock.advance(10_000);
    expect((await entry.recall(KEY)).memberships).toEqual([{ group: "ml", from: "sign-in", labels: ["ml"] }]);
    world.servers.clear();
    await clock.advance(60_000);
    entry.open(alice, KEY);
    await clock.advance(10_000);
    expect(await entry.recall(KEY)).toMatchObject({ labels: [], memberships: [] });
  });

  it("hold up no start for long where the system hangs", async () => {
    const directory = createFakeDirectory();
    directory.state = "hangs";
    const { clock, entry, world } = createEntryRig({ directory });
    entry.open(alice, KEY);
    await clock.advance(2000);
    expect(world.did).toContain("place");
    await clock.advance(10_000);
    expect(entry.find(KEY)?.outcome).toEqual(arrived);
  });
});

describe("a GPU that another server got in the same moment", () => {
  it("is not the end: another one is looked for", async () => {
    const { clock, entry, world } = createEntryRig({ choices: CHOICES });
    await entry.prefer(KEY, "gpu");
    world.serverFailure = new AppError("GPU_TAKEN", "node1: another server has GPU-1 now");
    entry.open(alice, KEY);
    await clock.advance(4000);
    world.serverFailure = undefined;
    await clock.advance(20_000);
    expect(entry.find(KEY)?.outcome).toEqual(arrived);
    expect(world.did.filter((what) => what === "place 1 gpu").length).toBeGreaterThan(1);
  });
});
