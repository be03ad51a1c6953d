import { expect, it } from "@jest/globals";
import fc from "fast-check";
import type { NodeId } from "../../../../src/model.ts";
import {
  behindWords,
  isRoutine,
  parseComparison,
  parseStarted,
  rolloutOrder,
} from "../../../../src/nodes/upkeep/decide/rollout.ts";

const NODE = "node1" as NodeId;
const fragments = { kind: "fragments", words: "/etc/multijhub/hub.d has changed" };
const jupyterhub = { kind: "jupyterhub", words: "JupyterHub 5.2.1 -> 5.5.4" };
const running = { isRunning: true, version: "5.2.1", wouldStart: "5.5.4", changes: [] };

it("reads what a node's agent says of its hub", () => {
  expect(parseComparison(running)).toEqual(running);
  const absent = { isRunning: false, version: null, wouldStart: "5.5.4", changes: [] };
  expect(parseComparison(absent)).toEqual({ isRunning: false, wouldStart: "5.5.4", changes: [] });
  expect(parseComparison({ ok: true })).toBeUndefined();
});

it("takes from a node one line of some hundred characters a change, and no list without end", () => {
  const change = { kind: "fragments", words: `a\nb\u202e${"x".repeat(9000)}` };
  const words = parseComparison({ ...running, changes: [change] })?.changes[0]?.words;
  expect(words).toMatch(/^a b x+…$/u);
  expect(words).toHaveLength(400);
  expect(parseComparison({ ...running, changes: Array(21).fill(fragments) })).toBeUndefined();
  expect(parseComparison({ ...running, wouldStart: "5".repeat(101) })).toBeUndefined();
  expect(parseStarted({ version: "5\n.5" })).toBe("5 .5");
  expect(parseStarted({ version: "5".repeat(101) })).toBeUndefined();
});

it.each([
  [[fragments], true],
  [[jupyterhub], false],
  [[fragments, jupyterhub], false],
  [[], false],
])("rolls changes of the configuration by itself, and no other JupyterHub", (changes, routine) => {
  expect(isRoutine({ ...running, changes })).toBe(routine);
  expect(isRoutine({ ...running, changes, isRunning: false })).toBe(false);
});

it("says what a hub is behind with, and what mends it", () => {
  expect(behindWords(NODE, { ...running, changes: [jupyterhub, fragments] })).toBe(
    "its hub was started before this: JupyterHub 5.2.1 -> 5.5.4; /etc/multijhub/hub.d has changed; " +
      "`multijhub upgrade node1` has it started anew",
  );
});

it("takes every node once, lobbies last, and keeps their order otherwise", () => {
  const names = fc.uniqueArray(fc.stringMatching(/^n\d{1,3}$/), { maxLength: 12 });
  fc.assert(
    fc.property(names, fc.array(fc.nat(11)), (nodes, picks) => {
      const ids = nodes as NodeId[];
      const lobbies = picks.flatMap((i) => ids[i] ?? []);
      const rest = ids.filter((node) => !lobbies.includes(node));
      expect(rolloutOrder(ids, lobbies)).toEqual([...rest, ...ids.filter((node) => lobbies.includes(node))]);
    }),
  );
});
