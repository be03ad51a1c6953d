import { describe, expect, it } from "@jest/globals";
import { createLoop, createSharedWork, startAll } from "../src/lifecycle.ts";
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

describe("createSharedWork", () => {
  const NEVER = new AbortController().signal;

  it("shares a run by key, and starts anew after it", async () => {
    let runs = 0;
    const work = createSharedWork(async (key: string) => {
      runs += 1;
      return Promise.resolve(key + String(runs));
    });
    expect(await Promise.all([work.join("a", NEVER), work.join("a", NEVER), work.join("b", NEVER)])).toEqual([
      "a1",
      "a1",
      "b2",
    ]);
    expect(await work.join("a", NEVER)).toBe("a3");
  });

  it("lets everybody leave, and stops what is left", async () => {
    const clock = createFakeClock();
    let ended: unknown;
    const work = createSharedWork((_: string, stopping) =>
      clock.sleep(1000, stopping).catch((err: unknown) => {
        ended = err;
        throw err;
      }),
    );
    const caller = new AbortController();
    const outcome = expect(work.join("a", caller.signal)).rejects.toBe("left");
    caller.abort("left");
    await outcome;
    expect(ended).toBeUndefined();
    await work.stop();
    expect(ended).toMatchObject({ code: "STOPPING" });
    await expect(work.join("a", NEVER)).rejects.toMatchObject({ code: "STOPPING" });
  });
});
