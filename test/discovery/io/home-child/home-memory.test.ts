import { describe, expect, it } from "@jest/globals";
import type { BigIntStats } from "node:fs";
import { createHomeMemory } from "../../../../src/discovery/io/home-child/home-memory.ts";
import type { HomeLook } from "../../../../src/home-model.ts";

const LOOK: HomeLook = {
  ownerUid: 2001,
  records: [],
  claims: [],
  unfinished: [],
  jupyters: [],
  oddities: [],
};

function directory(over: object = {}): BigIntStats {
  return { dev: 1n, ino: 2n, mtimeNs: 3n, ctimeNs: 4n, ...over } as BigIntStats;
}

describe("home memory", () => {
  it("knows a directory that was read well after it had changed, for a minute", () => {
    const memory = createHomeMemory();
    memory.keep("alice", directory(), LOOK, 0);
    expect(memory.recall("alice", directory(), 1000)).toBeUndefined();
    memory.keep("alice", directory(), LOOK, 2000);
    expect(memory.recall("alice", directory(), 61_999)).toBe(LOOK);
    expect(memory.recall("alice", directory(), 62_000)).toBeUndefined();
    expect(memory.recall("bob", directory(), 2000)).toBeUndefined();
  });

  it.each([["dev"], ["ino"], ["mtimeNs"], ["ctimeNs"]])("does not know one whose %s is another", (word) => {
    const memory = createHomeMemory();
    memory.keep("alice", directory(), LOOK, 0);
    memory.keep("alice", directory(), LOOK, 2000);
    const changed = directory({ [word]: 9n });
    expect(memory.recall("alice", changed, 2000)).toBeUndefined();
    memory.keep("alice", changed, LOOK, 2500);
    expect(memory.recall("alice", changed, 2500)).toBeUndefined();
  });

  it("does not settle for a file that was being written", () => {
    const memory = createHomeMemory();
    const look = { ...LOOK, unfinished: ["jhub-node1-7.json"] };
    memory.keep("alice", directory(), look, 0);
    memory.keep("alice", directory(), look, 2000);
    expect(memory.recall("alice", directory(), 2000)).toBeUndefined();
  });
});
