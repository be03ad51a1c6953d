import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { HubView, NodeView } from "../../../../src/model.ts";
import { SILENT } from "../../../../src/nodes/cluster/decide/hub-state.ts";
import {
  afterRestart,
  type HangWatch,
  isHung,
  nextWatch,
  UNWATCHED,
} from "../../../../src/nodes/upkeep/decide/hung-hub.ts";
import { nodeView } from "../../../support/node-views.ts";

const MINUTES = 60_000;
const AFTER = 3 * MINUTES;
/** As a look sees it. */
const silent: HubView = { state: "failing", code: SILENT, detail: "x", sinceMs: 0 };
/** As a start leaves it that could not make it answer. */
const unhealthy: HubView = { ...silent, code: "HUB_NOT_HEALTHY" };
const ready: HubView = { state: "ready", detail: "", sinceMs: 0 };

/** A node that is well, and sampled at that moment. */
function well(hub: HubView, atMs: number, over: Partial<NodeView> = {}): NodeView {
  return nodeView("node1", { hub, load: { takenAtMs: atMs }, ...over });
}

function silentFor(ms: number, watch: HangWatch = UNWATCHED, beganMs = 0): HangWatch {
  const first = nextWatch(watch, well(silent, beganMs), beganMs);
  return nextWatch(first, well(silent, beganMs + ms), beganMs + ms);
}

describe("a hub that runs and does not answer", () => {
  it("hangs once it has been so for long, and not before", () => {
    expect(isHung(silentFor(AFTER - 1), AFTER, AFTER - 1)).toBe(false);
    expect(isHung(silentFor(AFTER), AFTER, AFTER)).toBe(true);
  });

  it.each([
    ["silent to looks", silent],
    ["not made to answer by starts", unhealthy],
  ])("hangs if it is %s", (_, hub) => {
    const watch = nextWatch(nextWatch(UNWATCHED, well(hub, 0), 0), well(hub, AFTER), AFTER);
    expect(isHung(watch, AFTER, AFTER)).toBe(true);
  });

  it("is silent also while a start that somebody asked for fails", () => {
    const starting = nextWatch(silentFor(MINUTES), well({ ...silent, state: "starting" }, MINUTES), MINUTES);
    const failed = nextWatch(starting, well(unhealthy, 2 * MINUTES), 2 * MINUTES);
    expect(nextWatch(failed, well(silent, AFTER), AFTER).silentSinceMs).toBe(0);
  });

  it.each([
    ["the node is down", well(silent, 0, { state: "down" })],
    ["the node's sample is old", well(silent, -10 * MINUTES)],
    ["it answers", well(ready, 0)],
    ["it is gone", well({ ...ready, state: "absent" }, 0)],
    ["it cannot be started", well({ ...silent, code: "DISK_FULL" }, 0)],
  ])("is not watched while %s", (_, view) => {
    const watch = nextWatch(silentFor(AFTER), view, 0);
    expect(watch.silentSinceMs).toBeUndefined();
    expect(isHung(watch, AFTER, 10 * AFTER)).toBe(false);
  });

  it("is left alone for twice as long each time it hangs again, until it has answered for an hour", () => {
    const again = afterRestart(silentFor(AFTER));
    expect(isHung(silentFor(AFTER, again), AFTER, AFTER)).toBe(false);
    expect(isHung(silentFor(2 * AFTER, again), AFTER, 2 * AFTER)).toBe(true);
    const began = nextWatch(again, well(ready, 0), 0);
    expect(nextWatch(began, well(ready, 59 * MINUTES), 59 * MINUTES).restarts).toBe(1);
    expect(nextWatch(began, well(ready, 60 * MINUTES), 60 * MINUTES).restarts).toBe(0);
  });
});

it("is not left alone for longer than an hour, however often it has hung; or for as long as the site says", () => {
  const watch = { silentSinceMs: 0, restarts: 40 };
  expect(isHung(watch, AFTER, 60 * MINUTES - 1)).toBe(false);
  expect(isHung(watch, AFTER, 60 * MINUTES)).toBe(true);
  expect(isHung(watch, 90 * MINUTES, 90 * MINUTES - 1)).toBe(false);
  expect(isHung(watch, 90 * MINUTES, 90 * MINUTES)).toBe(true);
});

it("is never started anew more often than back-off allows, whatever is seen", () => {
  const step = fc.record({
    ms: fc.integer({ min: 1, max: AFTER }),
    hub: fc.constantFrom(silent, unhealthy, ready),
    isUp: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let watch = UNWATCHED;
      let nowMs = 0;
      let silentMs = 0;
      for (const { ms, hub, isUp } of steps) {
        nowMs += ms;
        const isSilent = hub !== ready && isUp;
        silentMs = isSilent && watch.silentSinceMs !== undefined ? silentMs + ms : 0;
        watch = nextWatch(watch, well(hub, nowMs, isUp ? {} : { state: "down" }), nowMs);
        if (!isHung(watch, AFTER, nowMs)) continue;
        expect(silentMs).toBeGreaterThanOrEqual(Math.min(AFTER * 2 ** watch.restarts, 60 * MINUTES));
        watch = afterRestart(watch);
      }
    }),
  );
});
