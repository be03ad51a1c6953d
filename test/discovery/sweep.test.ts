import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createSweep, type Sweep } from "../../src/discovery/sweep.ts";
import { AppError } from "../../src/errors.ts";
import type { Claim, HomeLook } from "../../src/home-model.ts";
import type { NodeId, ServerName, UserName } from "../../src/model.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";
import { createMemoryLog } from "../support/memory-log.ts";

const [ALICE, BOB, CAROL] = ["alice", "bob", "carol"] as [UserName, UserName, UserName];
const NEVER = new AbortController().signal;

function empty(over: Partial<HomeLook> = {}): HomeLook {
  return { ownerUid: 2001, records: [], claims: [], unfinished: [], jupyters: [], oddities: [], ...over };
}

function claimOf(user: UserName): Claim {
  const key = { user, server: "" as ServerName };
  return { id: "x".repeat(16), key, node: "node1" as NodeId, bootId: "boot", createdAtMs: 0 };
}

let clock: FakeClock;
let sweep: Sweep;
let log: ReturnType<typeof createMemoryLog>;
/** Who was looked at, in order. */
let looked: UserName[];
let known: UserName[];
let everybody: UserName[];
let answers: Map<UserName, HomeLook | Error | "hangs">;

beforeEach(() => {
  clock = createFakeClock(1000);
  log = createMemoryLog();
  looked = [];
  known = [];
  everybody = [];
  answers = new Map();
  sweep = createSweep(
    {
      reader: {
        async look(user, home, signal) {
          expect(home).toBe(`/home/${user}`);
          looked.push(user);
          const answer = answers.get(user) ?? empty();
          if (answer === "hangs") await clock.sleep(1_000_000, signal);
          if (answer instanceof Error) throw answer;
          return answer as HomeLook;
        },
      },
      places: {
        homeOf: (user) => Promise.resolve(`/home/${user}`),
        everybody: () => Promise.resolve(everybody),
      },
      known: () => known,
      clock,
      log,
    },
    { everyMs: 10_000, scanEveryMs: 600_000, fanOut: 2, rememberMs: 60_000 },
  );
});
afterEach(() => sweep.stop());

describe("sweep", () => {
  it("looks at once for whoever waits, and not again while the look is fresh enough", async () => {
    expect(sweep.reading(ALICE)).toBeUndefined();
    expect(await sweep.refresh(ALICE, 1000, NEVER)).toMatchObject({ kind: "read", atMs: 1000 });
    await clock.advance(900);
    expect(await sweep.refresh(ALICE, 1000, NEVER)).toMatchObject({ atMs: 1000 });
    expect(looked).toEqual([ALICE]);
    await clock.advance(200);
    expect(await sweep.refresh(ALICE, 1000, NEVER)).toMatchObject({ atMs: 2100 });
    expect(sweep.readings().get(ALICE)).toBe(sweep.reading(ALICE));
  });

  it("shares one look among all who ask", async () => {
    await Promise.all([sweep.refresh(ALICE, 0, NEVER), sweep.refresh(ALICE, 0, NEVER)]);
    expect(looked).toEqual([ALICE]);
  });

  it("looks every period at users of hubs, users with records or claims, and users asked for lately", async () => {
    known = [ALICE];
    answers.set(BOB, empty({ claims: [claimOf(BOB)] }));
    everybody = [BOB, CAROL];
    await sweep.start();
    await clock.advance(0);
    expect(looked.toSorted()).toEqual([ALICE, BOB, CAROL]);
    looked.length = 0;
    await clock.advance(10_000);
    expect(looked.toSorted()).toEqual([ALICE, BOB]);
    await sweep.refresh(CAROL, 0, NEVER);
    looked.length = 0;
    await clock.advance(20_000);
    expect(looked.toSorted()).toEqual([ALICE, ALICE, BOB, BOB, CAROL, CAROL]);
    await clock.advance(60_000);
    looked.length = 0;
    await clock.advance(10_000);
    expect(looked.toSorted()).toEqual([ALICE, BOB]);
  });

  it("looks at everybody from time to time, and forgets who is gone", async () => {
    everybody = [CAROL];
    await sweep.start();
    await clock.advance(0);
    everybody = [];
    await clock.advance(600_000);
    expect(sweep.reading(CAROL)).toBeDefined();
    await clock.advance(1_800_000);
    expect(sweep.reading(CAROL)).toBeUndefined();
  });

  it("keeps what it knew of a home that cannot be read, and says so once", async () => {
    const read = await sweep.refresh(ALICE, 0, NEVER);
    answers.set(ALICE, new AppError("HOME_UNREADABLE", "it hangs"));
    await clock.advance(1);
    const unreadable = { kind: "unreadable", atMs: 1001, reason: "it hangs", last: read };
    expect(await sweep.refresh(ALICE, -1, NEVER)).toEqual(unreadable);
    expect(await sweep.refresh(ALICE, -1, NEVER)).toEqual(unreadable);
    answers.delete(ALICE);
    expect(await sweep.refresh(ALICE, -1, NEVER)).toMatchObject({ kind: "read" });
    expect(log.lines.map(({ level }) => level)).toEqual(["warn", "info"]);
  });

  it("says nothing of homes that it never could read", async () => {
    answers.set(ALICE, new AppError("HOME_UNREADABLE", "closed"));
    expect(await sweep.refresh(ALICE, 0, NEVER)).toMatchObject({ kind: "unreadable", reason: "closed" });
    expect(log.lines).toEqual([]);
  });

  it("has no home that fails unexpectedly end a round", async () => {
    known = [ALICE, BOB];
    answers.set(ALICE, new TypeError("oops"));
    await sweep.start();
    await clock.advance(0);
    expect(sweep.reading(BOB)).toMatchObject({ kind: "read" });
    expect(sweep.reading(ALICE)).toMatchObject({ reason: expect.stringContaining("log") });
    expect(log.lines).toMatchObject([{ level: "error" }]);
  });

  it("is not held up by a home that hangs", async () => {
    known = [ALICE, BOB];
    answers.set(ALICE, "hangs");
    await sweep.start();
    await clock.advance(50_000);
    expect(looked.filter((user) => user === ALICE)).toHaveLength(1);
    expect(looked.filter((user) => user === BOB).length).toBeGreaterThanOrEqual(3);
    const leaving = sweep.refresh(ALICE, 0, clock.deadline(1000));
    const left = expect(leaving).rejects.toThrow("deadline");
    await clock.advance(1000);
    await left;
  });
});
