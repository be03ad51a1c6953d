import { describe, expect, it } from "@jest/globals";
import type { UserName } from "../../../src/model.ts";
import { createSystemGroups } from "../../../src/router/way-in/system-groups.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createFakeDirectory } from "../../support/fake-directory.ts";
import { createMemoryLog } from "../../support/memory-log.ts";
import { createMemoryStore } from "../../support/memory-store.ts";

const alice = "alice" as UserName;
const OPTIONS = { deadlineMs: 2000, freshMs: 60_000, keepMs: 3_600_000, ofUse: ["ml"] };

function createRig() {
  const clock = createFakeClock(1_000_000);
  const store = createMemoryStore(clock);
  const log = createMemoryLog();
  const directory = createFakeDirectory({ alice: ["alice", "ml"] });
  function createRouter() {
    return createSystemGroups({ directory, store, clock, log }, OPTIONS);
  }
  return { clock, store, log, directory, createRouter, groups: createRouter() };
}

const WELL = { groups: ["alice", "ml"], trouble: "" };

describe("the groups that the system tells", () => {
  it("are asked for once by all who ask at the same time, and again after a minute", async () => {
    const { groups, directory, clock } = createRig();
    expect(await Promise.all([groups.of(alice), groups.of(alice)])).toEqual([WELL, WELL]);
    await clock.advance(59_000);
    expect(await groups.of(alice)).toEqual(WELL);
    expect(directory.asked).toEqual(["alice"]);
    await clock.advance(1000);
    directory.accounts.set("alice", ["staff"]);
    expect(await groups.of(alice)).toEqual({ groups: ["staff"], trouble: "" });
  });

  it.each([
    ["hangs", "no answer within 2 s"],
    ["fails", "it fails"],
  ] as const)("are those of before while the directory %s, which is said once", async (state, words) => {
    const { createRouter, groups, directory, clock, log } = createRig();
    await groups.of(alice);
    directory.state = state;
    await clock.advance(600_000);
    const asked = [groups.of(alice), createRouter().of(alice)];
    await clock.advance(2000);
    const trouble = new RegExp(`${words}; what it told 10 min ago counts`);
    for (const said of await Promise.all(asked)) {
      expect(said).toEqual({ groups: ["ml"], trouble: expect.stringMatching(trouble) });
    }
    const again = groups.of(alice);
    await clock.advance(2000);
    await again;
    expect(log.lines.map(({ level }) => level)).toEqual(["warn", "warn"]); // each router once
    directory.state = "well";
    expect(await groups.of(alice)).toEqual(WELL);
    expect(log.lines.at(-1)).toMatchObject({ level: "info", message: "the system tells groups again" });
  });

  it("hold up nobody for longer than the deadline, and are none where nothing was told", async () => {
    const { groups, directory, clock } = createRig();
    directory.state = "hangs";
    const asked = groups.of(alice);
    await clock.advance(2000);
    expect(await asked).toEqual({ groups: [], trouble: expect.stringContaining("no answer within 2 s") });
  });

  it("are forgotten after a while without an answer", async () => {
    const { groups, directory, clock } = createRig();
    await groups.of(alice);
    directory.state = "fails";
    await clock.advance(3_600_001);
    expect((await groups.of(alice)).groups).toEqual([]);
  });

  it("stay where the account is suddenly unknown: a service that is away looks the same", async () => {
    const { groups, directory, clock, log } = createRig();
    await groups.of(alice);
    directory.accounts.clear();
    await clock.advance(60_000);
    expect(await groups.of(alice)).toEqual({
      groups: ["ml"],
      trouble: "the router's system knows no account alice; what it told 60 s ago counts",
    });
    expect(log.lines).toMatchObject([{ level: "warn", fields: { user: "alice" } }]);
  });

  it("are none of an account that was never known, without a word in the log", async () => {
    const { groups, log } = createRig();
    expect(await groups.of("bob" as UserName)).toEqual({
      groups: [],
      trouble: "the router's system knows no account bob",
    });
    expect(log.lines).toEqual([]);
  });

  it.each(["0", "-u", "a b", "käthe", "+1000", "$(id)"])("are not asked for by the name %s", async (name) => {
    const { groups, directory } = createRig();
    expect(await groups.of(name as UserName)).toEqual({
      groups: [],
      trouble: "no account can have this name",
    });
    expect(directory.asked).toEqual([]);
  });

  it("are told although the store is away", async () => {
    const { groups, store } = createRig();
    store.setDown(true);
    expect(await groups.of(alice)).toEqual(WELL);
  });

  it("are not taken from whatever the store holds", async () => {
    const { groups, store, directory } = createRig();
    await store.set("groups:alice", '{"groups":"ml"}', 60_000);
    directory.state = "fails";
    expect((await groups.of(alice)).groups).toEqual([]);
  });
});
