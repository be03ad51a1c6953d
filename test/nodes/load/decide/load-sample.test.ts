import { describe, expect, it } from "@jest/globals";
import { parseLoadSample, withoutImpostors } from "../../../../src/nodes/load/decide/load-sample.ts";
import { GIB, serverKey } from "../../../support/node-views.ts";

const FIGURES = {
  clockMs: 5000,
  cores: 4,
  load1: 0.5,
  memoryTotalBytes: 8 * GIB,
  memoryAvailableBytes: 6 * GIB,
  servers: 2,
  users: 1,
};
const GPU = {
  kind: "nvidia",
  id: "GPU-1",
  index: 0,
  name: "NVIDIA A100",
  memoryTotalBytes: 40 * GIB,
  memoryUsedBytes: GIB,
  use: null,
};

function read(more: object) {
  const reading = parseLoadSample({ ...FIGURES, ...more }, 5000);
  return reading.ok ? reading.sample : undefined;
}

describe("a load sample", () => {
  it("of an older agent says nothing of devices, disk and sizes", () => {
    const names = Object.keys(FIGURES).filter((name) => name !== "clockMs");
    expect(Object.keys(read({}) ?? {}).toSorted()).toEqual(
      [...names, "clockOffsetMs", "serversCountedAtMs", "takenAtMs"].toSorted(),
    );
  });

  it("tells how old its count of servers is", () => {
    expect(read({ serversAgeMs: 4000 })).toMatchObject({ takenAtMs: 5000, serversCountedAtMs: 1000 });
  });

  it("tells which servers each device was given to", () => {
    const holders = [
      { user: "alice", server: "", uid: 2001, ids: ["GPU-1"] },
      { user: "bob", server: "", uid: 2002, ids: ["GPU-2"] },
    ];
    expect(read({ gpus: [GPU], gpuHolders: holders })).toMatchObject({
      gpus: [{ id: "GPU-1", name: "NVIDIA A100", holders: [{ ...serverKey("alice"), uid: 2001 }] }],
    });
  });

  it("can be had without what processes claim in the names of others", () => {
    const claims = [2001, 2002].map((uid) => ({ user: "alice", server: "", uid }));
    const sample = read({
      gpus: [GPU],
      gpuHolders: claims.map((claim) => ({ ...claim, ids: ["GPU-1"] })),
      sizes: claims.map((claim) => ({ ...claim, rssBytes: GIB })),
    });
    if (sample === undefined) throw new Error("no sample");
    expect(withoutImpostors(sample, ({ uid }) => uid === 2002)).toMatchObject({
      gpus: [{ holders: [{ uid: 2001 }] }],
      sizes: [{ uid: 2001 }],
    });
    const plain = read({});
    expect(plain && withoutImpostors(plain, () => true)).toEqual(plain);
  });

  it("tells the size of each server whose name can be one", () => {
    const sizes = [
      { user: "alice", server: "", uid: 2001, rssBytes: GIB },
      { user: "../bob", server: "", uid: 2002, rssBytes: GIB },
    ];
    expect(read({ sizes })).toMatchObject({
      sizes: [{ key: serverKey("alice"), uid: 2001, rssBytes: GIB }],
    });
  });

  it.each([
    ["a device of a kind to come", { gpus: [{ ...GPU, kind: "other" }] }],
    ["a name that is none", { gpus: [{ ...GPU, id: "a b" }] }],
    ["holders without a list", { gpuHolders: [{ user: "alice" }] }],
    ["sizes that are no numbers", { sizes: [{ user: "alice", server: "", uid: 1, rssBytes: "x" }] }],
  ])("stands without %s", (_name, more) => {
    expect(read(more)).toMatchObject({ servers: 2 });
    expect(read(more)).not.toHaveProperty("gpus");
    expect(read(more)).not.toHaveProperty("sizes");
  });
});
