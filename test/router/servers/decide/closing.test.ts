import { expect, it } from "@jest/globals";
import type { Closure } from "../../../../src/model.ts";
import { closingWords } from "../../../../src/router/servers/decide/closing.ts";

const NOON = Date.parse("2026-11-20T12:00:00Z");
const HOUR = 3_600_000;
const asked = { by: "carol", atMs: NOON };
const night = { closesMs: NOON, startMs: NOON + 6 * HOUR, endMs: NOON + 10 * HOUR };

function closed(over: Partial<Closure>): Closure {
  return { state: "draining", words: "", ...over };
}

it.each<[string | undefined, Closure | undefined]>([
  [undefined, undefined],
  [undefined, closed({ state: "cordoned", order: { kind: "cordon", ...asked } })],
  ["node2 is being taken out of service.", closed({})],
  [
    "node2 closes at 18:00 UTC: new disk.",
    closed({ order: { kind: "drain", ...asked, deadlineMs: NOON + 6 * HOUR, reason: "new disk" } }),
  ],
  [
    "node2 was to be empty by 11:00 UTC.",
    closed({ order: { kind: "drain", ...asked, deadlineMs: NOON - HOUR } }),
  ],
  [
    "node2 is being taken out of service: new disk.",
    closed({ order: { kind: "drain", ...asked, reason: "new disk" } }),
  ],
  ["node2 closes at 18:00 UTC for maintenance until 22:00 UTC.", closed({ maintenance: night })],
  ["node2 is in maintenance until 22:00 UTC.", closed({ maintenance: { ...night, startMs: NOON } })],
])("users are told %s", (words, closure) => {
  expect(closingWords("node2", closure, NOON, "UTC")).toBe(words);
});
