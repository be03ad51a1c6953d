import { describe, expect, it } from "@jest/globals";
import { toReading, toUnreadable } from "../../../src/discovery/decide/home-reading.ts";
import type { HomeLook } from "../../../src/home-model.ts";
import { aClaim, aWrittenRecord } from "../../support/homes.ts";

const RECORD = { ...aWrittenRecord(), pid: 7 };
const CLAIM = aClaim();

function look(over: Partial<HomeLook> = {}): HomeLook {
  return {
    ownerUid: 2001,
    records: [RECORD],
    claims: [CLAIM],
    unfinished: [],
    jupyters: [],
    oddities: [],
    ...over,
  };
}

describe("toReading", () => {
  it("keeps since when a record has been the same, by the router's clock", () => {
    const first = toReading(look(), undefined, 1000);
    const second = toReading(look(), first, 11_000);
    expect(second.records).toEqual([{ ...RECORD, unchangedSinceMs: 1000 }]);
    const written = { ...RECORD, writtenAtMs: 60_000 };
    const third = toReading(look({ records: [written] }), second, 21_000);
    expect(third.records).toEqual([{ ...written, unchangedSinceMs: 21_000 }]);
  });

  it("remembers that also across a time when the home could not be read", () => {
    const away = toUnreadable(toReading(look(), undefined, 1000), "away", 2000);
    expect(toReading(look(), away, 3000).records).toMatchObject([{ unchangedSinceMs: 1000 }]);
  });

  it("keeps what stood in a file that is being written", () => {
    const first = toReading(look(), undefined, 1000);
    const unfinished = ["jhub-node1-7.json", "jhub-claim-.json"];
    const second = toReading(look({ records: [], claims: [], unfinished }), first, 2000);
    expect(second.records).toEqual([{ ...RECORD, unchangedSinceMs: 1000 }]);
    expect(second.claims).toEqual([CLAIM]);
  });

  it("forgets what is no longer there", () => {
    const first = toReading(look(), undefined, 1000);
    expect(toReading(look({ records: [], claims: [] }), first, 2000)).toMatchObject({
      records: [],
      claims: [],
    });
  });

  it("calls a Jupyter foreign that no record names", () => {
    expect(toReading(look({ jupyters: [7, 8] }), undefined, 0).foreign).toEqual([8]);
  });
});

describe("toUnreadable", () => {
  it("keeps the last reading, however often it fails", () => {
    const read = toReading(look(), undefined, 1000);
    const once = toUnreadable(read, "hangs", 2000);
    expect(toUnreadable(once, "still hangs", 3000)).toEqual({
      kind: "unreadable",
      atMs: 3000,
      reason: "still hangs",
      last: read,
    });
    expect(toUnreadable(undefined, "hangs", 1)).toEqual({ kind: "unreadable", atMs: 1, reason: "hangs" });
  });
});
