import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { NodeId } from "../../../src/model.ts";
import { createReports, lastReportMs, nextReportMs } from "../../../src/simulation/decide/machine.ts";
import { createTally } from "../../../src/simulation/decide/tally.ts";

const GIB = 1024 ** 3;
const MACHINE = { id: "node1" as NodeId, memoryBytes: 10 * GIB, cores: 4 };

function change(atMs: number, gib: number, cores = 0, servers = 0) {
  return { atMs, memoryBytes: gib * GIB, cores, servers };
}

describe("a machine's report", () => {
  it("shows what was when it was taken, not what is", () => {
    const reports = createReports([MACHINE]);
    reports.note(0, change(1000, 2, 0, 1));
    reports.note(0, change(3000, 3, 0, 1));
    expect(reports.sample(0, 2000)).toMatchObject({ memoryAvailableBytes: 8 * GIB, servers: 1 });
    expect(reports.sample(0, 4000)).toMatchObject({ memoryAvailableBytes: 5 * GIB, servers: 2 });
  });

  it("has load averages as a kernel keeps them: after their span, 63 % of what runs", () => {
    const reports = createReports([MACHINE]);
    reports.note(0, change(0, 0, 1));
    expect(reports.sample(0, 60_000)).toMatchObject({ load1: 0.63, load5: 0.18 });
    expect(reports.sample(0, 300_000)).toMatchObject({ load1: 0.99, load5: 0.63 });
  });

  it("has pressure while more memory is wanted than there is, and never less than none free", () => {
    const reports = createReports([MACHINE]);
    reports.note(0, change(0, 12));
    expect(reports.sample(0, 2000)).toMatchObject({ memoryAvailableBytes: 0, memoryPressure: 1 });
  });

  it("comes a delay after it was taken; the first to show a change is the first taken after it", () => {
    const sampling = fc.record({ everyMs: fc.integer({ min: 1, max: 1e5 }), delayMs: fc.nat(1e5) });
    fc.assert(
      fc.property(sampling, fc.nat(1e7), (how, atMs) => {
        const arrivesMs = nextReportMs(atMs, how);
        expect(lastReportMs(arrivesMs, how)).toBeGreaterThanOrEqual(atMs);
        expect(lastReportMs(arrivesMs - 1, how)).toBeLessThan(Math.max(atMs, 1));
      }),
    );
  });
});

describe("the tally", () => {
  it("counts the time above 90 % of the memory, and that with more computing than cores", () => {
    const tally = createTally([MACHINE]);
    tally.change(0, 0, change(0, 9, 4, 1));
    tally.change(0, 1, change(1000, 0.5, 0, 1));
    tally.change(0, 1, change(3000, -0.5, 0, -1));
    tally.change(0, 0, change(5000, 0, 1));
    tally.change(0, 0, change(6000, -9, -5, -1));
    expect(tally.toll(10_000)).toMatchObject({ hotMs: 3000, pressed: 0, worstUse: 0.95 });
  });

  it("counts each session once that was there while memory was short, not those before or after", () => {
    const tally = createTally([MACHINE]);
    tally.change(0, 0, change(0, 1, 0, 1));
    tally.change(0, 0, change(1000, -1, 0, -1));
    for (const session of [1, 2, 3]) tally.change(0, session, change(2000, 4, 0, 1));
    tally.change(0, 1, change(3000, -4, 0, -1));
    tally.change(0, 4, change(4000, 1, 0, 1));
    expect(tally.toll(10_000)).toMatchObject({ pressed: 3, worstUse: 1.2 });
  });
});
