import { describe, expect, it } from "@jest/globals";
import { createForgetfulStops } from "../../src/composition/rebalancing.ts";
import type { NodeId } from "../../src/model.ts";
import type { IdleStopAnswer, IdleStopOrder } from "../../src/ports.ts";
import { serverKey } from "../support/node-views.ts";

const ORDER: IdleStopOrder = {
  key: serverKey("alice"),
  node: "node1" as NodeId,
  process: { pid: 1, startTicks: 2, bootId: "23b9c0b2-2274-4e8c-8def-713702ebab07" },
  idleSinceMs: 0,
  ignoresTabs: false,
};

describe("where a server belongs", () => {
  it.each<[IdleStopAnswer, number]>([
    [{ kind: "stopped" }, 1],
    [{ kind: "unclear", why: "it does not answer any more" }, 1],
    [{ kind: "kept", why: "a kernel is busy" }, 0],
    [{ kind: "silent", why: "its node is down" }, 0],
  ])("is forgotten when it ends: %j", async (answer, times) => {
    const forgotten: unknown[] = [];
    const assignments = {
      forget(...place: unknown[]) {
        forgotten.push(place);
        return Promise.resolve();
      },
    };
    const stops = createForgetfulStops({ ask: () => Promise.resolve(answer) }, assignments);
    expect(await stops.ask(ORDER, new AbortController().signal)).toEqual(answer);
    expect(forgotten).toEqual(Array.from({ length: times }, () => [ORDER.key, ORDER.node]));
  });
});
