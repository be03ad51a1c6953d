import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { NodeId } from "../../../src/model.ts";
import { parseArrivals } from "../../../src/simulation/decide/arrivals-csv.ts";

const GIB = 1024 ** 3;
const MACHINES = ["node1", "node2"].map((id) => ({ id: id as NodeId, memoryBytes: 64 * GIB, cores: 16 }));
const HEAD = "at,user,minutes,memory_mib";

function problems(...lines: readonly string[]): readonly string[] {
  const arrivals = parseArrivals(lines.join("\n"), MACHINES);
  if (arrivals.kind === "arrivals") return [];
  return arrivals.problems.map(({ line, problem }) => `${line}: ${problem}`);
}

describe("arrivals from CSV", () => {
  it("start with the earliest, in order of time, whatever the order of lines and columns", () => {
    const text = [
      "user,at,memory_mib,minutes,cores,busy_minutes,node",
      "bob,2026-03-02T10:01:00+01:00,2048,90,,,node2",
      "",
      "alice,2026-03-02T09:00:00Z,1024,60,4,10,",
    ].join("\r\n");
    expect(parseArrivals(text, MACHINES)).toEqual({
      kind: "arrivals",
      sessions: [
        expect.objectContaining({ user: "alice", atMs: 0, lifeMs: 3_600_000, memoryBytes: GIB, cores: 4 }),
        expect.objectContaining({ user: "bob", atMs: 60_000, memoryBytes: 2 * GIB, cores: 1, outsideOn: 1 }),
      ],
    });
  });

  it("tell every mistake with its line", () => {
    expect(
      problems(
        `${HEAD},node`,
        "2026-03-02T09:00:00Z,alice,60,1024,",
        "2026-03-02 09:00,bob,60,1024,",
        "2026-03-02T09:00:00Z,,-5,1024,",
        "2026-03-02T09:00:00Z,carol,60",
        "2026-03-02T09:00:00Z,carol,60,1024,node9",
        "2026-13-02T09:00:00Z,carol,0,1e9,",
      ),
    ).toEqual([
      "3: at: no time such as 2026-03-02T09:15:00Z",
      "4: user: no value; minutes: no number",
      "5: 3 values, not 5",
      '6: node: no node is called "node9"',
      "7: at: no such time; minutes: not from 0.01 to a billion; memory_mib: no number",
    ]);
  });

  it("need their columns, each once, and at least one line", () => {
    expect(problems("at,user,user,memory", "x")).toEqual([
      '1: the column "minutes" is missing',
      '1: the column "memory_mib" is missing',
      '1: "memory" is no column; there are at, user, minutes, memory_mib, cores, busy_minutes, node',
      '1: the column "user" is there twice',
    ]);
    expect(problems(HEAD, "")).toEqual(["1: no line follows this one"]);
  });

  it("never throw, whatever the file holds", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (head, body) => {
        const { kind } = parseArrivals(`${head}\n${HEAD}\n${body}`, MACHINES);
        expect(kind).toBe("bad");
        parseArrivals(`${HEAD}\n${body}`, MACHINES);
      }),
    );
  });
});
