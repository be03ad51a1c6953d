import { describe, expect, it } from "@jest/globals";
import { fallSilent, type Report, type Seen } from "../../src/discovery/decide/report.ts";
import { createLeavingNodes } from "../../src/discovery/leaving-nodes.ts";
import type { HomeReading } from "../../src/home-model.ts";
import type { NodeId } from "../../src/model.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { ALICE, NODE1 } from "../support/fake-world.ts";
import { aClaim, aHome } from "../support/homes.ts";
import { createMemoryLog } from "../support/memory-log.ts";

const SERVER: Seen = { key: ALICE, ready: true, evidence: "hub-list" };
const LONG = 100_000;

async function setUp(report: Report | undefined, homes: HomeReading[] = []) {
  const clock = createFakeClock();
  const reports = new Map<NodeId, Report>();
  if (report !== undefined) reports.set(NODE1, report);
  const released: NodeId[] = [];
  const service = createLeavingNodes(
    {
      leaving: () => (released.length === 0 ? [NODE1] : []),
      release: (node) => released.push(node),
      survey: { reports: () => reports, search: () => Promise.resolve() },
      homes: () => homes,
      clock,
      log: createMemoryLog(),
    },
    { everyMs: 10_000, silentMs: LONG },
  );
  await service.start();
  await clock.advance(30_000);
  return { clock, released, stop: () => service.stop() };
}

function answered(servers: Seen[], over: object = {}): Report {
  return { kind: "answered", servers, atMs: 0, ...over };
}

describe("a node that has left the hosts file", () => {
  it.each<[string, Report]>([
    ["its hub lists a server", answered([SERVER], { processes: [] })],
    ["a process runs that its hub does not list", answered([], { processes: [SERVER] })],
    ["its processes were not shown", answered([])],
    ["a server was listed just before", answered([], { processes: [], missed: [ALICE] })],
    ["it is silent and had a server", fallSilent(answered([SERVER]), "no route", 0)],
    ["it has not been silent for long", fallSilent(undefined, "no route", 0)],
  ])("stays while %s", async (_, report) => {
    const { released, stop } = await setUp(report);
    expect(released).toEqual([]);
    await stop();
  });

  it("goes once hub and process table show nothing", async () => {
    const { released, stop } = await setUp(answered([], { processes: [] }));
    expect(released).toEqual([NODE1]);
    await stop();
  });

  it("goes although a dead server's claim names it", async () => {
    const { released, stop } = await setUp(answered([], { processes: [] }), [aHome({ claims: [aClaim()] })]);
    expect(released).toEqual([NODE1]);
    await stop();
  });

  it("goes after a long silence when no home names it", async () => {
    const { clock, released, stop } = await setUp(fallSilent(undefined, "no route", 0));
    await clock.advance(LONG);
    expect(released).toEqual([NODE1]);
    await stop();
  });

  it("stays through any silence while a home names it", async () => {
    const home = aHome({ claims: [aClaim()] });
    const { clock, released, stop } = await setUp(fallSilent(undefined, "no route", 0), [home]);
    await clock.advance(3 * LONG);
    expect(released).toEqual([]);
    await stop();
  });
});
