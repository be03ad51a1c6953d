import { afterEach, describe, expect, it } from "@jest/globals";
import type { Service } from "../../../src/ports.ts";
import { createCronSchedule } from "../../../src/rebalancing/io/cron-schedule.ts";
import { createMemoryLog } from "../../support/memory-log.ts";

const EVERY_SECOND = { expression: "* * * * * *", timeZone: "UTC" };
const started: Service[] = [];

afterEach(async () => {
  for (const schedule of started.splice(0)) await schedule.stop();
});

/** Resolves when the schedule has called `times` times; its calls come to `outcome`. */
function called(
  times: number,
  outcome: () => Promise<void>,
  log = createMemoryLog(),
): Promise<readonly number[]> {
  return new Promise((resolve) => {
    const meant: number[] = [];
    const schedule = createCronSchedule(
      EVERY_SECOND,
      (meantAtMs) => {
        meant.push(meantAtMs);
        if (meant.length === times) resolve(meant);
        return outcome();
      },
      log,
    );
    started.push(schedule);
    void schedule.start();
  });
}

describe("the schedule", () => {
  it("calls with the time that was meant, each once", async () => {
    const meant = await called(2, () => Promise.resolve());
    expect(meant.map((ms) => ms % 1000)).toEqual([0, 0]);
    expect(new Set(meant).size).toBe(2);
  });

  it("leaves out what would overlap a run, and waits for that when it stops", async () => {
    const finishing = new AbortController();
    const finished = new Promise<void>((done) => {
      finishing.signal.addEventListener("abort", () => {
        done();
      });
    });
    const meant = await called(1, () => finished);
    await called(2, () => Promise.resolve());
    expect(meant).toHaveLength(1);
    finishing.abort();
  });

  it("goes on after a run that failed, and says so", async () => {
    const log = createMemoryLog();
    await called(2, () => Promise.reject(new Error("no")), log);
    expect(log.lines).toContainEqual(expect.objectContaining({ level: "error" }));
  });
});
