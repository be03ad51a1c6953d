import { describe, expect, it } from "@jest/globals";
import { createLoop, startAll } from "../src/lifecycle.ts";
import { createFakeClock } from "./support/fake-clock.ts";
import { createMemoryLog } from "./support/memory-log.ts";

describe("createLoop", () => {
  it("survives a failed step, never overlaps, and stops", async () => {
    const clock = createFakeClock();
    const log = createMemoryLog();
    let steps = 0;
    let running = 0;
    let overlapped = false;
    const loop = createLoop(
      "sweep",
      1000,
      async (signal) => {
        overlapped ||= running > 0;
        running += 1;
        steps += 1;
        await clock.sleep(1500, signal).finally(() => (running -= 1));
        if (steps === 1) throw new Error("home does not answer");
      },
      { clock, log },
    );
    await loop.start();
    await clock.advance(6000);
    expect({ steps, overlapped }).toEqual({ steps: 3, overlapped: false });
    expect(log.lines.map((line) => line.message)).toEqual(["loop step failed"]);
    await loop.stop();
    await clock.advance(60_000);
    expect(steps).toBe(3);
  });
});

describe("startAll", () => {
  function recorder(seen: string[], name: string, fails = false) {
    return {
      start: () => {
        seen.push(`+${name}`);
        return fails ? Promise.reject(new Error(name)) : Promise.resolve();
      },
      stop: () => {
        seen.push(`-${name}`);
        return Promise.resolve();
      },
    };
  }

  it("stops what had started when a start fails", async () => {
    const seen: string[] = [];
    const services = [recorder(seen, "a"), recorder(seen, "b"), recorder(seen, "c", true)];
    await expect(startAll(services)).rejects.toThrow("c");
    expect(seen).toEqual(["+a", "+b", "+c", "-b", "-a"]);
  });

  it("stops in reverse order, once", async () => {
    const seen: string[] = [];
    const stop = await startAll([recorder(seen, "a"), recorder(seen, "b")]);
    await stop();
    await stop();
    expect(seen).toEqual(["+a", "+b", "-b", "-a"]);
  });
});
