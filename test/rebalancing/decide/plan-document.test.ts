import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { parseNotices, parsePlanRecord } from "../../../src/rebalancing/decide/plan-document.ts";
import { openText, sealText } from "../../../src/rebalancing/decide/sealed-text.ts";
import { fakePlan } from "../../support/fake-rebalancing.ts";
import { notice } from "../../support/plan-situations.ts";

const [KEY, FORMER, OTHER] = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];

describe("a plan that was written down", () => {
  it("is read as it was, with what came of it", () => {
    const outcomes = [{ move: "1", result: "done", words: "it is", atMs: 7 }] as const;
    const underWay = { move: "2", token: 99 };
    const record = { plan: fakePlan(), state: "acting", approvedBy: "carol", outcomes, underWay } as const;
    expect(parsePlanRecord(JSON.stringify(record))).toEqual(record);
  });

  it.each([
    undefined,
    "",
    "{}",
    JSON.stringify({
      plan: { ...fakePlan(), moves: [{ id: "1", kind: "reboot" }] },
      state: "acting",
      outcomes: [],
    }),
    JSON.stringify({
      plan: { ...fakePlan(), leftAlone: [{ key: { user: "a/b", server: "" } }] },
      state: "done",
    }),
  ])("is none when it is %j", (text) => {
    expect(parsePlanRecord(text)).toBeUndefined();
  });

  it("is kept apart from notices, which are read likewise", () => {
    const notices = [notice("alice", "node1", 5)];
    expect(parseNotices(JSON.stringify(notices))).toEqual(notices);
    expect(parseNotices(JSON.stringify(fakePlan()))).toEqual([]);
  });
});

describe("a sealed text", () => {
  const anyText = fc.record({ revision: fc.nat(), body: fc.string() });

  it("is opened by whoever has the key, also by a former one", () => {
    fc.assert(
      fc.property(fc.string(), anyText, (name, said) => {
        expect(openText(name, sealText(name, said, KEY), [KEY])).toEqual(said);
        expect(openText(name, sealText(name, said, FORMER), [KEY, FORMER])).toEqual(said);
      }),
    );
  });

  it("is nothing under another key or name, or changed", () => {
    fc.assert(
      fc.property(fc.string(), anyText, (name, said) => {
        const text = sealText(name, said, KEY);
        expect(openText(name, text, [OTHER])).toBeUndefined();
        expect(openText(`${name}x`, text, [KEY])).toBeUndefined();
        const changed = JSON.stringify({ ...JSON.parse(text), revision: said.revision + 1 } as object);
        expect(openText(name, changed, [KEY])).toBeUndefined();
      }),
    );
  });
});
