import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { createRouterPolicy } from "../../src/composition/simulation.ts";
import { parseConfig } from "../../src/config.ts";
import type { NodeId } from "../../src/model.ts";
import { createDraw } from "../../src/simulation/decide/draw.ts";
import type { Machine } from "../../src/simulation/decide/machine.ts";
import { comparePolicies, POLICIES, type Result } from "../../src/simulation/decide/policies.ts";
import { reportRebalancing } from "../../src/simulation/decide/rebalance-report.ts";
import { replay, type Scenario } from "../../src/simulation/decide/replay.ts";
import { drawWorkload } from "../../src/simulation/decide/workload.ts";

const GIB = 1024 ** 3;
const config = parseConfig("", { file: "", home: "" });

function machines(count: number, gib: number): readonly Machine[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `node${index + 1}` as NodeId,
    memoryBytes: gib * GIB,
    cores: 16,
  }));
}

function scenario(seed: number, { nodes = 5, users = 250, gib = 64 } = {}): Scenario {
  return {
    machines: machines(nodes, gib),
    sessions: drawWorkload(createDraw(seed), { users, days: 1, machines: nodes }),
    sampling: { everyMs: 2000, delayMs: 500 },
    endMs: 86_400_000,
  };
}

function compare(what: Scenario, seed: number): readonly Result[] {
  return comparePolicies(what, POLICIES, {
    seed,
    createRouter: () => createRouterPolicy(config, what.sampling),
  });
}

const anyScenario = fc.record({
  seed: fc.nat(),
  nodes: fc.integer({ min: 1, max: 6 }),
  users: fc.integer({ min: 2, max: 300 }),
  gib: fc.constantFrom(8, 32, 64),
});

describe("policies compared", () => {
  it("do the same for the same seed", () => {
    expect(compare(scenario(3), 3)).toEqual(compare(scenario(3), 3));
  });

  it("place or reject every session that came through the router, and count nothing below zero", () => {
    fc.assert(
      fc.property(anyScenario, ({ seed, ...size }) => {
        const what = scenario(seed, size);
        for (const { policy, regret, ...result } of compare(what, seed)) {
          expect(result.placed + result.rejected + result.outside).toBe(what.sessions.length);
          for (const figure of Object.values(result)) expect(figure).toBeGreaterThanOrEqual(0);
          if (policy !== "multijhub") expect(result.rejected).toBe(0);
          if (policy === "oracle") expect(regret).toBe(0);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("are all the same on a single node that has room for everybody", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 2, max: 60 }), (seed, users) => {
        const results = compare(scenario(seed, { nodes: 1, users, gib: 2048 }), seed);
        const figures = results.map((result) => ({ ...result, policy: "any" }));
        for (const each of figures) expect(each).toEqual(figures[0]);
      }),
      { numRuns: 30 },
    );
  });

  it("carry the same memory on average where nobody is turned away", () => {
    const means = new Set(compare(scenario(1), 1).map(({ meanUse }) => meanUse));
    expect(means.size).toBe(1);
  });
});

describe("the router in the simulation", () => {
  it("sends the people of one second to different nodes, though no report shows them yet", () => {
    const [lecturer] = scenario(1).sessions;
    const sessions = Array.from({ length: 10 }, (_, atMs) => ({ ...lecturer, user: `user${atMs}`, atMs }));
    const places: (number | undefined)[] = [];
    const what = { ...scenario(1), sessions: sessions as Scenario["sessions"] };
    const router = createRouterPolicy(config, what.sampling);
    replay(what, {
      ...router,
      place(session, scene) {
        const machine = router.place(session, scene);
        places.push(machine);
        return machine;
      },
    });
    expect([...places].sort()).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
  });

  it("turns people away from nodes without memory to spare", () => {
    const full = scenario(1, { nodes: 1, users: 300, gib: 8 });
    expect(replay(full, createRouterPolicy(config, full.sampling)).rejected).toBeGreaterThan(0);
  });

  it.each([1, 2, 3])("turns nobody away for what new servers may grow to, with seed %i", (seed) => {
    const what = scenario(seed, { nodes: 10, users: 500 });
    expect(replay(what, createRouterPolicy(config, what.sampling)).rejected).toBe(0);
  });

  it("overloads nodes for less time than if it expected new servers to stay small", () => {
    const off = parseConfig("placement: { grown_memory: 0M }", { file: "", home: "" });
    const hotMs = [off, config].map((each) =>
      [1, 2, 3].reduce((total, seed) => {
        const what = scenario(seed, { nodes: 20, users: 1000 });
        return total + replay(what, createRouterPolicy(each, what.sampling)).hotMs;
      }, 0),
    );
    expect(hotMs[1]).toBeLessThan((hotMs[0] ?? 0) * 0.75);
  });

  it("still places where nodes report rarely", () => {
    const rare = { ...scenario(1), sampling: { everyMs: 60_000, delayMs: 5000 } };
    expect(replay(rare, createRouterPolicy(config, rare.sampling)).rejected).toBe(0);
  });
});

describe("rebalancing in the simulation", () => {
  function report(what: Scenario, seed = 1) {
    function createRouter(rebalances: boolean) {
      return createRouterPolicy(config, what.sampling, rebalances);
    }
    return reportRebalancing(what, { seed, createRouter });
  }

  it("stops nobody where there is room for all", () => {
    const { stopped, hotNodeMinutes, hotNodeMinutesWithout } = report(scenario(1, { gib: 2048 }));
    expect(stopped).toBe(0);
    expect(hotNodeMinutes).toBe(hotNodeMinutesWithout);
  });

  it("stops idle servers of full nodes; some owners come back to them", () => {
    const { stopped, cameBack, meanUse, meanUseWithout } = report(
      scenario(1, { nodes: 3, users: 1400, gib: 64 }),
    );
    expect(stopped).toBeGreaterThan(0);
    expect(cameBack).toBeGreaterThan(0);
    expect(cameBack).toBeLessThanOrEqual(stopped);
    expect(meanUse).toBeLessThan(meanUseWithout);
  });

  it("does the same for the same seed", () => {
    const what = scenario(2, { nodes: 3, users: 800, gib: 64 });
    expect(report(what)).toEqual(report(what));
  });
});
