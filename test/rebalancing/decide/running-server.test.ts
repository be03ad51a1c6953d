import { describe, expect, it } from "@jest/globals";
import { toRunningServer } from "../../../src/rebalancing/decide/running-server.ts";
import type { Sighting } from "../../../src/sighting.ts";
import { NODE1 } from "../../support/fake-world.ts";
import { aRecord } from "../../support/homes.ts";

const OFFSET_MS = 5000;
const QUIET = { kernels: { open: 1, busy: 0 }, terminals: { open: 0, busy: 0 }, connections: 0 };

function sighting(over: Partial<Sighting> = {}): Sighting {
  const record = aRecord();
  return { key: record.key, node: NODE1, evidence: "hub-list", ready: true, seenAtMs: 0, record, ...over };
}

describe("a server as plans take it", () => {
  it("has the times of its node in the router's clock", () => {
    const times = { startedAtMs: 10_000, writtenAtMs: 100_000, unchangedSinceMs: 200_000 };
    const record = aRecord({ ...QUIET, ...times, idleSinceMs: 60_000, idleButTabsSinceMs: 50_000 });
    expect(toRunningServer(sighting({ record }), { clockOffsetMs: OFFSET_MS })).toMatchObject({
      startedAtMs: 5000,
      process: { pid: record.pid, startTicks: record.startTicks, bootId: record.bootId },
      activity: { saidAtMs: 95_000, idleSinceMs: 55_000, idleButTabsSinceMs: 45_000 },
    });
  });

  it("has said nothing later than it was first seen to say it", () => {
    const record = aRecord({ writtenAtMs: 9e12, unchangedSinceMs: 1000 });
    expect(toRunningServer(sighting({ record }), {}).activity?.saidAtMs).toBe(1000);
  });

  it("is no larger than the largest that its node has measured, whatever its record says", () => {
    const record = aRecord({ rssBytes: 9e15 });
    expect(toRunningServer(sighting({ record }), { largestServerBytes: 2e9 }).activity?.memoryBytes).toBe(
      2e9,
    );
    const small = aRecord({ rssBytes: 1e9 });
    expect(toRunningServer(sighting({ record: small }), { largestServerBytes: 2e9 }).activity).toMatchObject({
      memoryBytes: 1e9,
    });
  });

  it.each([
    [{ kernels: { open: 2, busy: 1 } }, "a kernel is busy"],
    [{ kernels: { open: 2, busy: 2 } }, "2 kernels are busy"],
    [{ terminals: { open: 1, busy: 1 } }, "a program runs in a terminal"],
    [{ connections: 3 }, "it is open in a browser"],
    [{}, "its processes compute, or it does not say"],
  ])("is in use, in words: %j", (over, busyWith) => {
    const { activity } = toRunningServer(sighting({ record: aRecord({ ...QUIET, ...over }) }), {});
    expect(activity).toMatchObject({ busyWith });
    expect(activity).not.toHaveProperty("idleSinceMs");
  });

  it.each([{ ready: false, pending: "spawn" }, { pending: "stop" }, { isOrphan: true }] as const)(
    "cannot be judged while it is %j",
    (over) => {
      const server = toRunningServer(sighting(over), {});
      expect(server).not.toHaveProperty("process");
      expect(server).not.toHaveProperty("activity");
    },
  );

  it("says nothing of itself without a record", () => {
    const { key, node, evidence, ready, seenAtMs } = sighting();
    const bare = { key, node, evidence, ready, seenAtMs, startedAt: "1970-01-01T00:01:00Z" };
    expect(toRunningServer(bare, { clockOffsetMs: OFFSET_MS })).toEqual({ key, node, startedAtMs: 60_000 });
  });
});
