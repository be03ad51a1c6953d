import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { HubState, HubView } from "../../../../src/model.ts";
import { afterLoss, nextHub, type HubEvent } from "../../../../src/nodes/cluster/decide/hub-state.ts";

const failed = { kind: "failed", code: "HUB_NOT_HEALTHY", detail: "it crashed" } as const;

function hub(state: HubState): HubView {
  return { state, detail: "", sinceMs: 0 };
}

describe("the state of a hub", () => {
  it.each<[HubState | undefined, HubEvent, HubState | undefined]>([
    [undefined, { kind: "stopped" }, "absent"],
    [undefined, { kind: "ready" }, "ready"],
    ["absent", { kind: "starting" }, "starting"],
    ["starting", { kind: "ready", version: "5.5.1" }, "ready"],
    ["starting", failed, "failing"],
    ["starting", { kind: "stopped" }, "starting"],
    ["starting", { ...failed, code: "NODE_UNREACHABLE" }, undefined],
    ["absent", { ...failed, code: "JUPYTERHUB_MISSING" }, "incompatible"],
    ["absent", { ...failed, code: "JUPYTERHUB_TOO_OLD" }, "incompatible"],
    ["absent", { ...failed, code: "PROXY_MISSING" }, "incompatible"],
    ["ready", { kind: "starting" }, "starting"],
    ["ready", { kind: "stopped" }, "absent"],
    ["ready", failed, "failing"],
    ["failing", { kind: "starting" }, "starting"],
    ["failing", { kind: "stopped" }, "failing"],
    ["incompatible", { kind: "stopped" }, "incompatible"],
    ["incompatible", { kind: "fit" }, "absent"],
    ["ready", { kind: "fit" }, "ready"],
    [undefined, { kind: "fit" }, undefined],
    ["failing", { kind: "ready" }, "ready"],
    ["incompatible", { kind: "ready" }, "ready"],
  ])("%s, then %j: %s", (before, event, after) => {
    expect(nextHub(before && hub(before), event, 5)?.state).toBe(after);
  });

  it("is absent once one that listened and did not answer is gone", () => {
    const silent = nextHub(hub("ready"), { ...failed, code: "HUB_UNREACHABLE" }, 1);
    expect(silent?.state).toBe("failing");
    expect(nextHub(silent, { kind: "stopped" }, 2)?.state).toBe("absent");
  });

  it("keeps the version that its start told until it is another hub", () => {
    const ready = nextHub(hub("starting"), { kind: "ready", version: "5.5.1" }, 1);
    expect(nextHub(ready, { kind: "ready" }, 2)).toMatchObject({ version: "5.5.1", sinceMs: 1 });
    const again = nextHub(nextHub(ready, { kind: "stopped" }, 3), { kind: "ready" }, 4);
    expect(again).toEqual({ state: "ready", detail: "", sinceMs: 4 });
  });

  it("is not known once the node is lost, unless a start is under way that will say how it ended", () => {
    expect(afterLoss(hub("ready"))).toBeUndefined();
    expect(afterLoss(hub("starting"))).toEqual(hub("starting"));
  });
});

const anyEvent: fc.Arbitrary<HubEvent> = fc.constantFrom<HubEvent>(
  { kind: "starting" },
  { kind: "ready" },
  { kind: "ready", version: "5.5.1" },
  { kind: "stopped" },
  { kind: "fit" },
  failed,
  { ...failed, code: "JUPYTERHUB_TOO_OLD" },
  { ...failed, code: "TUNNEL_LOST" },
);

describe("any order of events", () => {
  it("leaves a start under way until it says itself how it ended", () => {
    fc.assert(
      fc.property(fc.array(anyEvent), (events) => {
        let view: HubView | undefined;
        let isStarting = false;
        events.forEach((event, index) => {
          view = nextHub(view, event, index);
          if (event.kind !== "stopped" && event.kind !== "fit") isStarting = event.kind === "starting";
          expect(view?.state === "starting").toBe(isStarting);
        });
      }),
    );
  });

  it("says why exactly while something is wrong, and since when it is so", () => {
    fc.assert(
      fc.property(fc.array(anyEvent), (events) => {
        let view: HubView | undefined;
        events.forEach((event, index) => {
          const before = view;
          view = nextHub(view, event, index);
          const isWrong = view?.state === "failing" || view?.state === "incompatible";
          expect([view?.detail !== undefined && view.detail !== "", view?.code !== undefined]).toEqual([
            isWrong,
            isWrong,
          ]);
          if (view !== before && view !== undefined) expect(view.sinceMs).toBe(index);
        });
      }),
    );
  });
});
