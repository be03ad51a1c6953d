import { describe, expect, it } from "@jest/globals";
import type { NodeView } from "../../../src/model.ts";
import { createLoadHistory } from "../../../src/nodes/load/load-history.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createMemoryLog } from "../../support/memory-log.ts";
import { loadSample, nodeView } from "../../support/node-views.ts";

const MINUTE = 60_000;

/** Two nodes, of which the first tells of its load as long as it is not silent. */
async function setUp(keepMost = 100) {
  const clock = createFakeClock();
  const state = { isSilent: false };
  const last = { atMs: clock.now() };
  function views(): readonly NodeView[] {
    if (!state.isSilent) last.atMs = clock.now();
    const sample = {
      takenAtMs: last.atMs,
      load1: 2,
      cores: 4,
      memoryTotalBytes: 100,
      memoryAvailableBytes: 75,
    };
    const { spec, reservations, growing } = nodeView("node2");
    const silent: NodeView = { spec, state: "unknown", detail: "", troubles: [], reservations, growing };
    return [nodeView("node1", { load: loadSample(sample) }), silent];
  }
  const cluster = { snapshot: () => ({ takenAtMs: clock.now(), nodes: views() }) };
  const history = createLoadHistory(
    { cluster, clock, log: createMemoryLog() },
    { everyMs: MINUTE, keepMost },
  );
  await history.start();
  return { clock, state, history };
}

describe("the history of load", () => {
  it("has a point of every node that tells, each minute", async () => {
    const { clock, history } = await setUp();
    const beganMs = clock.now();
    await clock.advance(2 * MINUTE);
    expect(history.of("node1")).toMatchObject([
      { atMs: beganMs, memory: 0.25, load: 0.5 },
      { atMs: beganMs + MINUTE },
      { atMs: beganMs + 2 * MINUTE },
    ]);
    expect([history.of("node2"), history.of("node9")]).toEqual([[], []]);
    await history.stop();
  });

  it("has a gap while a node is silent", async () => {
    const { clock, state, history } = await setUp();
    const beganMs = clock.now();
    state.isSilent = true;
    await clock.advance(3 * MINUTE);
    state.isSilent = false;
    await clock.advance(MINUTE);
    expect(history.of("node1").map(({ atMs }) => atMs - beganMs)).toEqual([0, 4 * MINUTE]);
    await history.stop();
  });

  it("forgets the oldest", async () => {
    const { clock, history } = await setUp(3);
    await clock.advance(10 * MINUTE);
    expect(history.of("node1")).toHaveLength(3);
    await history.stop();
  });
});
