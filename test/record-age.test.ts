import { expect, it } from "@jest/globals";
import { isStale, owesRecord } from "../src/record-age.ts";
import { aRecord } from "./support/homes.ts";

it("calls a record stale after three periods without a change, by the router's clock", () => {
  const record = aRecord({ unchangedSinceMs: 10_000 });
  expect(isStale(record, 189_999)).toBe(false);
  expect(isStale(record, 190_000)).toBe(true);
});

it.each([
  [
    "owes one when it has run for more than two minutes",
    { ready: true, startedAt: iso(10_000) },
    130_001,
    true,
  ],
  ["owes none before", { ready: true, startedAt: iso(10_000) }, 130_000, false],
  ["owes none while it starts", { ready: false, startedAt: iso(10_000) }, 130_001, false],
  ["owes none when its start is not told", { ready: true }, 130_001, false],
])("a server without a record %s", (_what, server, readAtMs, expected) => {
  expect(owesRecord(server, readAtMs)).toBe(expected);
});

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
