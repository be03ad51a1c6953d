import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { createDraw } from "../../../src/simulation/decide/draw.ts";
import { changesOf, type Session } from "../../../src/simulation/decide/session.ts";
import { resumed, stateOf, withVisits } from "../../../src/simulation/decide/visits.ts";

const MINUTE = 60_000;

/** Starts at 0:10 s, grows after 10 minutes, computes for 20, ends after ten hours. */
const session: Session = {
  user: "alice",
  atMs: 0,
  lifeMs: 600 * MINUTE,
  baseBytes: 1,
  memoryBytes: 100,
  growsAfterMs: 10 * MINUTE,
  cores: 2,
  computesMs: 20 * MINUTE,
};
const STARTS = 10_000;

describe("visits", () => {
  it("come after a session has computed and before it ends, the same ones for the same draws", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const [visited] = withVisits(createDraw(seed), [session]);
        const { calms, ends } = changesOf(session);
        const visitsMs = visited?.visitsMs ?? [];
        expect(visitsMs).toEqual([...visitsMs].sort((a, b) => a - b));
        for (const atMs of visitsMs) expect(atMs > calms.atMs && atMs < ends.atMs).toBe(true);
        expect(withVisits(createDraw(seed), [session])).toEqual([visited]);
      }),
    );
  });
});

describe("a server", () => {
  const visited = { ...session, visitsMs: [100 * MINUTE, 200 * MINUTE] };

  it.each([
    ["is in use before it has computed", 29, { memoryBytes: 100 }],
    ["holds little before its owner has loaded their data", 5, { memoryBytes: 1 }],
    ["is idle since it has computed", 60, { memoryBytes: 100, idleSinceMs: 30 * MINUTE + STARTS }],
    ["is idle since its owner was last there", 300, { memoryBytes: 100, idleSinceMs: 200 * MINUTE }],
  ])("%s", (_, minutes, state) => {
    expect(stateOf(visited, minutes * MINUTE)).toEqual({ startedAtMs: STARTS, ...state });
  });

  it("that was stopped begins anew at the next visit, and ends when it would have ended", () => {
    const anew = resumed(visited, 150 * MINUTE);
    expect(anew).toMatchObject({ atMs: 200 * MINUTE, computesMs: 20 * MINUTE, visitsMs: [] });
    expect(anew && changesOf(anew).ends.atMs).toBe(changesOf(session).ends.atMs);
  });

  it("that was stopped after the last visit is missed by nobody", () => {
    expect(resumed(visited, 250 * MINUTE)).toBeUndefined();
    expect(resumed(session, 250 * MINUTE)).toBeUndefined();
  });
});
