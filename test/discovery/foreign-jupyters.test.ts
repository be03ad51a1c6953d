import { describe, expect, it } from "@jest/globals";
import { fallSilent, type Report } from "../../src/discovery/decide/report.ts";
import { createForeignJupyters } from "../../src/discovery/foreign-jupyters.ts";
import type { HomeReading } from "../../src/home-model.ts";
import type { NodeId } from "../../src/model.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { ALICE, NODE1, NODE2 } from "../support/fake-world.ts";
import { aHome } from "../support/homes.ts";

const NEVER = new AbortController().signal;
const ANSWERED: Report = { kind: "answered", servers: [], atMs: 0 };

function setUp(home: HomeReading | (() => HomeReading), answers: Record<string, unknown>) {
  const clock = createFakeClock();
  const asked: object[] = [];
  const reports = new Map<NodeId, Report>([
    [NODE1, ANSWERED],
    [NODE2, ANSWERED],
    ["node3" as NodeId, fallSilent(undefined, "no route", 0)],
  ]);
  const jupyters = createForeignJupyters(
    {
      homes: { reading: typeof home === "function" ? home : () => home },
      survey: { reports: () => reports },
      agent: {
        call(node, verb, input) {
          asked.push({ node, verb, ...input });
          const answer = answers[node];
          return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
        },
      },
      clock,
    },
    { lookMs: 3000, keepMs: 60_000 },
  );
  return { clock, asked, of: () => jupyters.of(ALICE.user, NEVER) };
}

describe("a user's own Jupyters", () => {
  it("are found by the pids that the home tells, on nodes that answer", async () => {
    const { asked, of } = setUp(aHome({ foreign: [7, 8] }), {
      node1: new Error("no answer"),
      node2: { jupyters: [{ pid: 8 }, { pid: 9 }] },
    });
    expect(await of()).toEqual([{ pid: 7 }, { pid: 8, node: NODE2 }]);
    expect(asked).toEqual([
      { node: NODE1, verb: "own-jupyters", user: "alice", pids: [7, 8] },
      { node: NODE2, verb: "own-jupyters", user: "alice", pids: [7, 8] },
    ]);
  });

  it("cost nothing where the home tells of none", async () => {
    const { asked, of } = setUp(aHome(), {});
    expect(await of()).toEqual([]);
    expect(asked).toEqual([]);
  });

  it("are asked for once a minute at most", async () => {
    const { clock, asked, of } = setUp(aHome({ foreign: [7] }), { node1: { jupyters: [{ pid: 7 }] } });
    await of();
    await clock.advance(59_000);
    expect(await of()).toEqual([{ pid: 7, node: NODE1 }]);
    expect(asked).toHaveLength(2);
    await clock.advance(2000);
    await of();
    expect(asked).toHaveLength(4);
  });

  it("are asked for once however many ask, and whatever names the home shows meanwhile", async () => {
    const home = { foreign: [7] };
    const { clock, asked, of } = setUp(() => aHome(home), { node1: { jupyters: [{ pid: 7 }] } });
    await Promise.all([of(), of(), of()]);
    expect(asked).toHaveLength(2);
    home.foreign = [7, 8];
    expect(await of()).toEqual([{ pid: 7, node: NODE1 }, { pid: 8 }]);
    expect(asked).toHaveLength(2);
    await clock.advance(5001);
    await of();
    expect(asked.at(-1)).toMatchObject({ pids: [7, 8] });
    expect(asked).toHaveLength(4);
  });
});
