import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { sortNames } from "../../../src/discovery/decide/runtime-names.ts";

describe("sortNames", () => {
  it("takes claims, then records, and the pids of other Jupyters", () => {
    const names = [
      "kernel-1.json",
      "jpserver-12.json",
      "jhub-node1-7.json",
      "jhub-claim-.json",
      ".jhub-x.json",
    ];
    expect(sortNames([...names, "jpserver-1-open.html", "jpserver-01.json", "jhub-a b-1.json"])).toEqual({
      files: ["jhub-claim-.json", "jhub-node1-7.json"],
      jupyters: [12],
      oddities: [],
    });
  });

  it("never names a path, nor more than a few hundred files, whatever lies there", () => {
    const name = fc.oneof(
      fc.string(),
      fc.string().map((text) => `jhub-${text}.json`),
    );
    fc.assert(
      fc.property(fc.array(name, { maxLength: 400, size: "max" }), (names) => {
        const { files, jupyters } = sortNames(names);
        expect(files.length).toBeLessThanOrEqual(200);
        expect(files.every((file) => names.includes(file) && !file.includes("/"))).toBe(true);
        expect(jupyters.every(Number.isSafeInteger)).toBe(true);
      }),
    );
  });
});
