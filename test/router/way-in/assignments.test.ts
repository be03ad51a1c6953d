import { describe, expect, it } from "@jest/globals";
import type { NodeId } from "../../../src/model.ts";
import { createAssignments, SERVERS_CHANGED } from "../../../src/router/way-in/assignments.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { ALICE, NODE1, NODE2 } from "../../support/fake-world.ts";
import { createMemoryLog } from "../../support/memory-log.ts";
import { createMemoryStore } from "../../support/memory-store.ts";

const OPTIONS = { startMs: 200_000, settledMs: 30_000, placementMs: 86_400_000 };

const GONE = "gone" as NodeId;

function setUp() {
  const clock = createFakeClock(1_000_000);
  const store = createMemoryStore(clock);
  const log = createMemoryLog();
  function router(name: string) {
    return createAssignments(
      { store, clock, log, isNode: (node) => node !== GONE },
      { ...OPTIONS, router: name },
    );
  }
  return { clock, store, router };
}

describe("assignments", () => {
  it("are the first router's, whoever asks", async () => {
    const { router } = setUp();
    const [a, b] = [router("a"), router("b")];
    expect(await Promise.all([a.propose(ALICE, NODE1), b.propose(ALICE, NODE2)])).toEqual([NODE1, NODE1]);
    await b.drop(ALICE);
    expect(await b.find(ALICE)).toMatchObject({ node: NODE1, by: "a" });
    await a.drop(ALICE);
    expect(await b.find(ALICE)).toBeUndefined();
  });

  it("are known to the others again after the store was emptied", async () => {
    const { store, router } = setUp();
    await router("a").propose(ALICE, NODE1);
    store.wipe();
    await store.refill();
    expect(await router("b").propose(ALICE, NODE2)).toBe(NODE1);
  });

  it("to a node that there is not keep nobody from being assigned to another", async () => {
    const { store, router } = setUp();
    await store.set("assignment:alice/", JSON.stringify({ node: GONE, by: "b" }), 60_000);
    const a = router("a");
    expect(await a.find(ALICE)).toBeUndefined();
    expect(await a.propose(ALICE, NODE1)).toBe(NODE1);
    expect(await a.find(ALICE)).toEqual({ node: NODE1, by: "a" });
  });

  it("made while the store was away are put back, but not in place of another router's", async () => {
    const { clock, store, router } = setUp();
    const [a, b] = [router("a"), router("b")];
    store.setDown(true);
    expect(await a.propose(ALICE, NODE1)).toBe(NODE1);
    store.setDown(false);
    expect(await b.propose(ALICE, NODE2)).toBe(NODE2);
    await store.refill();
    expect(await a.find(ALICE)).toMatchObject({ node: NODE2, by: "b" });
    store.wipe();
    await clock.advance(OPTIONS.startMs);
    await store.refill();
    expect(await b.find(ALICE)).toBeUndefined();
  });

  it("tell every router which node has a server more or less", async () => {
    const { clock, store, router } = setUp();
    const heard: string[] = [];
    store.subscribe(SERVERS_CHANGED, (text) => heard.push(text));
    const a = router("a");
    await a.propose(ALICE, NODE1);
    await a.settle(ALICE, NODE1);
    await a.forget(ALICE, NODE2);
    await a.forget(ALICE);
    await clock.advance(0);
    expect(heard).toEqual([NODE1, NODE2]);
  });
});
