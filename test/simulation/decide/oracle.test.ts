import { describe, expect, it } from "@jest/globals";
import type { NodeId } from "../../../src/model.ts";
import { createOracle } from "../../../src/simulation/decide/oracle.ts";
import type { Scene } from "../../../src/simulation/decide/policy.ts";
import type { Session } from "../../../src/simulation/decide/session.ts";

const GIB = 1024 ** 3;
const MACHINES = ["a", "b"].map((id) => ({ id: id as NodeId, memoryBytes: 10 * GIB, cores: 4 }));

function session(gib: number, over: Partial<Session> = {}): Session {
  return {
    user: "alice",
    atMs: 0,
    lifeMs: 3_600_000,
    baseBytes: 0,
    memoryBytes: gib * GIB,
    growsAfterMs: 0,
    cores: 0,
    computesMs: 0,
    ...over,
  };
}

function scene(nowMs = 0): Scene {
  return { nowMs, machines: MACHINES, samples: () => [] };
}

describe("the oracle", () => {
  it("takes the machine it fills least", () => {
    const oracle = createOracle(MACHINES);
    oracle.arrived?.(session(3), 0);
    oracle.arrived?.(session(2), 1);
    expect(oracle.place(session(1), scene())).toBe(1);
  });

  it("knows what servers will grow to that take nothing yet", () => {
    const oracle = createOracle(MACHINES);
    oracle.arrived?.(session(9, { growsAfterMs: 600_000 }), 0);
    oracle.arrived?.(session(1), 1);
    expect(oracle.place(session(1), scene())).toBe(1);
  });

  it("knows what ends before the session grows", () => {
    const oracle = createOracle(MACHINES);
    oracle.arrived?.(session(9, { lifeMs: 600_000 }), 0);
    oracle.arrived?.(session(5), 1);
    expect(oracle.place(session(5, { growsAfterMs: 700_000 }), scene())).toBe(0);
  });

  it("makes a machine hot for as short as it can", () => {
    const oracle = createOracle(MACHINES);
    oracle.arrived?.(session(6, { lifeMs: 1_800_000 }), 0);
    oracle.arrived?.(session(5), 1);
    expect(oracle.place(session(5), scene())).toBe(0);
  });

  it("has forgotten what is over", () => {
    const oracle = createOracle(MACHINES);
    oracle.arrived?.(session(8), 0);
    oracle.arrived?.(session(1, { lifeMs: 36_000_000 }), 1);
    expect(oracle.place(session(1, { atMs: 7_200_000 }), scene(7_200_000))).toBe(0);
  });
});
