import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { occupantCells } from "../../../../src/router/admin/decide/occupant-words.ts";
import {
  byUrgency,
  occupantAnswer,
  type OccupantAnswer,
} from "../../../../src/router/admin/decide/occupants.ts";
import type { Sighting } from "../../../../src/sighting.ts";
import { ALICE, NODE1 } from "../../../support/fake-world.ts";
import { aRecord } from "../../../support/homes.ts";

const NOW = Date.parse("2026-11-20T12:00:00Z");
const READY: Sighting = {
  ...({ key: ALICE, node: NODE1, evidence: "hub-list", ready: true, seenAtMs: NOW } as const),
  startedAt: "2026-11-20T09:00:00.000Z",
};
const plain = { notice: undefined, clockOffsetMs: 0 };
const idle = { open: 1, busy: 0 };

describe("a server on a node", () => {
  it("is busy while a kernel or a terminal is", () => {
    const answer = occupantAnswer({ ...READY, record: aRecord() }, plain);
    expect(answer).toMatchObject({
      busy: true,
      doing: "2 kernels (1 busy), 1 terminal (1 busy)",
      idleSince: null,
    });
    expect(occupantCells(answer, NOW)).toEqual(["alice", "ready", answer.doing, "3 h", "busy", "-"]);
  });

  it("is idle since when its record says, by the router's clock, and may be stopped when its owner was told", () => {
    const record = aRecord({ kernels: idle, terminals: idle, idleSinceMs: NOW - 4_200_000 + 9000 });
    const notice = {
      ...({ key: ALICE, node: NODE1, why: "draining-node", words: "", sinceMs: NOW } as const),
      notBeforeMs: NOW + 1_320_000,
    };
    const answer = occupantAnswer({ ...READY, record }, { notice, clockOffsetMs: 9000 });
    expect(answer).toMatchObject({ busy: false, idleSince: "2026-11-20T10:50:00.000Z" });
    expect(occupantCells(answer, NOW).slice(4)).toEqual(["70 min", "in 22 min, if still idle"]);
  });

  it("without a record says nothing of itself", () => {
    const server = "gpu" as typeof ALICE.server;
    const answer = occupantAnswer({ ...READY, key: { ...ALICE, server }, isOrphan: true }, plain);
    expect(answer).toMatchObject({ busy: null, idleSince: null });
    expect(occupantCells(answer, NOW).slice(0, 3)).toEqual([
      "alice/gpu",
      "lost",
      "it says nothing of itself",
    ]);
  });
});

const anyOccupant: fc.Arbitrary<OccupantAnswer> = fc.record({
  ...{ user: fc.constantFrom("alice", "bob", "carol"), server: fc.constantFrom("", "gpu") },
  ...{
    state: fc.constant("ready" as const),
    busy: fc.constantFrom(true, false, null),
    doing: fc.constant(""),
  },
  ...{ startedAt: fc.constant(null), idleSince: fc.constant(null), stopNotBefore: fc.constant(null) },
});

it("busy ones come first and idle ones last, in the same order whatever order they came in", () => {
  fc.assert(
    fc.property(fc.array(anyOccupant), (occupants) => {
      const order = occupants.toSorted(byUrgency);
      const kinds = order.map(({ busy }) => [true, null, false].indexOf(busy));
      expect(kinds).toEqual(kinds.toSorted());
      expect(occupants.toReversed().sort(byUrgency)).toEqual(order);
    }),
  );
});
