import { describe, expect, it } from "@jest/globals";
import { AppError } from "../../../src/errors.ts";
import type { LoadSample, NodeId } from "../../../src/model.ts";
import type { NodeAgent } from "../../../src/ports.ts";
import { createLoadSampler } from "../../../src/nodes/load/load-sampler.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createFakeHosts } from "../../support/fake-hosts.ts";
import { createFakeRandom } from "../../support/fake-random.ts";
import { GIB } from "../../support/node-views.ts";

interface Stream {
  readonly node: NodeId;
  readonly input: object;
  readonly startedAtMs: number;
  readonly signal: AbortSignal;
  send(item: unknown): void;
  end(): void;
  fail(err: Error): void;
}

const ITEM = {
  clockMs: 5000,
  cores: 4,
  load1: 0.5,
  memoryTotalBytes: 8 * GIB,
  memoryAvailableBytes: 6 * GIB,
  memoryPressure: null,
  servers: 2,
  users: 1,
};

/** Streams stay open until the test says otherwise; `heedsSignal: false` makes them deaf to their signal. */
function setUp(names: readonly string[], { heedsSignal = true } = {}) {
  const clock = createFakeClock();
  const streams: Stream[] = [];
  const samples: [NodeId, LoadSample][] = [];
  const losses: [NodeId, unknown][] = [];
  const agent: Pick<NodeAgent, "stream"> = {
    stream: (node, _verb, input, onItem, signal) =>
      new Promise((resolve, reject) => {
        streams.push({
          node,
          input,
          startedAtMs: clock.now(),
          signal,
          send: onItem,
          end: resolve,
          fail: reject,
        });
        signal.addEventListener("abort", () => {
          if (heedsSignal) reject(signal.reason as Error);
        });
      }),
  };
  const events = {
    sampled: (node: NodeId, sample: LoadSample) => void samples.push([node, sample]),
    lost: (node: NodeId, cause: unknown) => void losses.push([node, cause]),
  };
  const hosts = createFakeHosts(...names);
  const random = createFakeRandom();
  const sampler = createLoadSampler({ agent, hosts, events, clock, random }, { everyMs: 2000 });
  function latest(node: string): Stream {
    const stream = streams.findLast((each) => each.node === node);
    if (stream === undefined) throw new Error(`no stream to ${node}`);
    return stream;
  }
  function live(): readonly string[] {
    return streams.filter(({ signal }) => !signal.aborted).map(({ node }) => node);
  }
  return { clock, streams, samples, losses, hosts, sampler, latest, live };
}

async function started(names: readonly string[], options?: { heedsSignal?: boolean }) {
  const rig = setUp(names, options);
  await rig.sampler.start();
  await rig.clock.advance(100);
  return rig;
}

describe("samples", () => {
  it("come from one stream a node, with the node's clock compared to ours", async () => {
    const { clock, sampler, streams, samples, latest } = await started(["node1", "node2"]);
    expect(streams.map(({ node, input }) => [node, input]).toSorted()).toEqual([
      ["node1", { everyMs: 2000 }],
      ["node2", { everyMs: 2000 }],
    ]);
    latest("node1").send(ITEM);
    await clock.advance(2000);
    latest("node1").send({ ...ITEM, memoryPressure: 0.25, clockMs: 2100, ignored: "x" });
    expect(samples).toEqual([
      [
        "node1",
        {
          takenAtMs: 100,
          clockOffsetMs: 4900,
          cores: 4,
          load1: 0.5,
          memoryTotalBytes: 8 * GIB,
          memoryAvailableBytes: 6 * GIB,
          servers: 2,
          users: 1,
          serversCountedAtMs: 100,
        },
      ],
      ["node1", expect.objectContaining({ takenAtMs: 2100, clockOffsetMs: 0, memoryPressure: 0.25 })],
    ]);
    await sampler.stop();
  });

  it.each([
    ["what is no sample", "hello"],
    ["no cores", { ...ITEM, cores: 0 }],
    ["no memory", { ...ITEM, memoryTotalBytes: 0 }],
    ["a missing figure", { ...ITEM, load1: undefined }],
    ["a figure that is none", { ...ITEM, servers: "3" }],
    ["nonsense", { ...ITEM, memoryPressure: 7 }],
  ])("are not taken when a node sends %s: the stream is given up and started anew", async (_what, item) => {
    const { clock, sampler, streams, samples, losses, latest } = await started(["node1"]);
    latest("node1").send(item);
    latest("node1").send(ITEM); // too late
    await clock.advance(0);
    expect(samples).toEqual([]);
    expect(losses).toEqual([["node1", expect.objectContaining({ code: "AGENT_ANSWER" })]]);
    await clock.advance(2000);
    expect(streams).toHaveLength(2);
    await sampler.stop();
  });
});

describe("a stream", () => {
  it.each([
    [
      "fails",
      (stream: Stream) => {
        stream.fail(new AppError("NODE_UNREACHABLE", "connection lost"));
      },
      "NODE_UNREACHABLE",
    ],
    [
      "ends",
      (stream: Stream) => {
        stream.end();
      },
      "AGENT_ANSWER",
    ],
  ])("that %s is told and started anew within a second", async (_what, act, code) => {
    const { clock, sampler, streams, losses, latest } = await started(["node1"]);
    latest("node1").send(ITEM);
    act(latest("node1"));
    await clock.advance(1000);
    expect(losses).toEqual([["node1", expect.objectContaining({ code })]]);
    expect(streams).toHaveLength(2);
    await sampler.stop();
  });

  it.each([true, false])(
    "that stalls is given up and started anew, even if it heeds its signal: %s",
    async (heedsSignal) => {
      const { clock, sampler, losses, streams, latest } = await started(["node1"], { heedsSignal });
      latest("node1").send(ITEM);
      await clock.advance(9000);
      latest("node1").send(ITEM);
      await clock.advance(9900);
      expect(losses).toEqual([]);
      await clock.advance(1200);
      expect(losses).toEqual([["node1", expect.objectContaining({ code: "NODE_TIMEOUT" })]]);
      expect(streams[0]?.signal.aborted).toBe(true);
      expect(streams).toHaveLength(2);
      await sampler.stop();
    },
  );

  it("has half a minute for its first sample", async () => {
    const { clock, sampler, losses } = await started(["node1"]);
    await clock.advance(29_000);
    expect(losses).toEqual([]);
    await clock.advance(1100);
    expect(losses).toHaveLength(1);
    await sampler.stop();
  });

  it("that keeps failing is tried less and less often, and never given up", async () => {
    const { clock, sampler, streams, latest } = await started(["node1"]);
    for (let i = 0; i < 120; i += 1) {
      if (!latest("node1").signal.aborted) latest("node1").fail(new Error("refused"));
      await clock.advance(1000);
    }
    const gaps = streams.slice(1).map(({ startedAtMs }, i) => startedAtMs - (streams[i]?.startedAtMs ?? 0));
    expect(gaps[0]).toBeLessThan(2500);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(23_500);
    expect(streams.length).toBeGreaterThan(8);
    expect(streams.length).toBeLessThan(25);
    await sampler.stop();
  });

  it("is tried at once when the node is known to be reachable again", async () => {
    const { clock, sampler, streams, latest } = await started(["node1"]);
    for (let i = 0; i < 6; i += 1) {
      latest("node1").fail(new Error("refused"));
      await clock.advance(i < 5 ? 40_000 : 10);
    }
    const before = streams.length;
    sampler.retryNow("node1" as NodeId);
    await clock.advance(10);
    expect(streams).toHaveLength(before + 1);
    await sampler.stop();
  });
});

describe("the nodes followed", () => {
  it("are those of the hosts file, as it changes", async () => {
    const { clock, sampler, hosts, live } = await started(["node1", "node2"]);
    hosts.set("node2", "node3");
    await clock.advance(100);
    expect(live().toSorted()).toEqual(["node2", "node3"]);
    hosts.set("node2@10.0.0.9", "node3");
    await clock.advance(100);
    expect(live()).toEqual(["node3", "node2"]);
    await sampler.stop();
    expect(live()).toEqual([]);
    hosts.set("node4");
    await clock.advance(100);
    expect(live()).toEqual([]);
  });

  it("may be three hundred, connected one after another within seconds", async () => {
    const names = Array.from({ length: 300 }, (_, index) => `n${index}`);
    const { clock, sampler, live, samples, latest } = await started(names);
    expect(live().length).toBeLessThan(60);
    await clock.advance(3000);
    expect(live()).toHaveLength(300);
    for (const name of names) latest(name).send(ITEM);
    expect(samples).toHaveLength(300);
    await sampler.stop();
    await sampler.stop();
    expect(live()).toEqual([]);
  });
});
