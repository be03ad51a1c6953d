import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { NodeId, NodeState } from "../../../../src/model.ts";
import type { HubEvent } from "../../../../src/nodes/cluster/decide/hub-state.ts";
import { nextStanding, showStanding, UNHEARD } from "../../../../src/nodes/cluster/decide/node-state.ts";
import type { NodeEvent, NodeStanding } from "../../../../src/nodes/cluster/decide/node-state.ts";
import { loadSample, MIB } from "../../../support/node-views.ts";

const NODE = "node1" as NodeId;
const REFUSED = { code: "refused", words: "connection refused", remedy: "start sshd" } as const;

const sampled = { kind: "sampled", sample: loadSample({ takenAtMs: 7 }) } as const;
const connected = { kind: "connected", atMs: 8 } as const;
const lost = { kind: "lost", trouble: REFUSED, atMs: 9 } as const;

function after(...events: readonly NodeEvent[]): NodeStanding {
  return events.reduce(nextStanding, UNHEARD);
}

describe("the state of a node", () => {
  it.each<[NodeState, readonly NodeEvent[]]>([
    ["unknown", []],
    ["unknown", [connected]],
    ["up", [connected, sampled]],
    ["up", [sampled, connected]],
    ["down", [lost]],
    ["down", [sampled, lost]],
    ["unknown", [sampled, lost, connected]],
    ["up", [sampled, lost, connected, sampled]],
    ["unknown", [{ kind: "hub", event: { kind: "stopped" }, atMs: 1 }]],
  ])("%s after %j", (state, events) => {
    expect(after(...events).state).toBe(state);
  });
});

describe("what is shown of a node", () => {
  it("is what has it down first, with the remedy", () => {
    expect(showStanding(NODE, after(sampled, lost), 10)).toEqual({
      state: "down",
      detail: "connection refused",
      troubles: [REFUSED],
      lastSeenMs: 7,
    });
  });

  it.each([
    [{ clockOffsetMs: 600_000 }, "clock-off", "its clock is 10 min ahead of the router's"],
    [{ clockOffsetMs: -90_001 }, "clock-off", "its clock is 2 min behind the router's"],
    [{ clockOffsetMs: -86_400_000 }, "clock-off", "its clock is 24 h behind the router's"],
    [{ memoryAvailableBytes: 100 * MIB }, "no-memory", "it has 100 MiB of memory left"],
  ])("is what its sample %j tells", (load, code, words) => {
    const standing = after({ kind: "sampled", sample: loadSample(load) });
    expect(showStanding(NODE, standing, 10).troubles).toEqual([
      { code, words, remedy: expect.stringMatching(/./) },
    ]);
  });

  it.each<[string, Extract<HubEvent, { kind: "failed" }>["code"]]>([
    ["jupyterhub-missing", "JUPYTERHUB_MISSING"],
    ["jupyterhub-too-old", "JUPYTERHUB_TOO_OLD"],
    ["proxy-missing", "PROXY_MISSING"],
    ["disk-full", "DISK_FULL"],
    ["hub-failing", "HUB_NOT_HEALTHY"],
    ["hub-failing", "PORT_TAKEN"],
  ])("is %s once its hub failed with %s", (cause, code) => {
    const event = { kind: "failed", code, detail: "it failed" } as const;
    const standing = after(sampled, { kind: "hub", event, atMs: 3 });
    expect(showStanding(NODE, standing, 10).troubles).toMatchObject([
      { code: cause, words: "its hub: it failed" },
    ]);
  });

  it("is that it is unsteady after it went down three times, and nothing once it has been steady", () => {
    const standing = after(sampled, lost, sampled, lost, sampled, lost, sampled);
    const shown = showStanding(NODE, standing, 10);
    expect(shown.damping?.downs).toBe(3);
    expect(shown.troubles).toMatchObject([{ code: "unsteady" }]);
    expect(showStanding(NODE, standing, 3_600_000)).not.toHaveProperty("damping");
  });
});

const anyHubEvent = fc.constantFrom<HubEvent>(
  { kind: "starting" },
  { kind: "ready", version: "5.5.1" },
  { kind: "stopped" },
  { kind: "fit" },
  { kind: "failed", code: "JUPYTERHUB_MISSING", detail: "none" },
  { kind: "failed", code: "HUB_NOT_HEALTHY", detail: "crashed" },
);

/** Anything that may be heard of a node, in any order, at growing times. */
const anyEvents: fc.Arbitrary<readonly NodeEvent[]> = fc
  .array(
    fc.record({
      gapMs: fc.nat(120_000),
      kind: fc.constantFrom("sampled", "connected", "lost", "hub"),
      hub: anyHubEvent,
      offset: fc.constantFrom(0, 600_000),
    }),
    { maxLength: 40 },
  )
  .map((steps) => {
    let atMs = 0;
    return steps.map(({ gapMs, kind, hub, offset }): NodeEvent => {
      atMs += gapMs;
      switch (kind) {
        case "sampled":
          return { kind, sample: loadSample({ takenAtMs: atMs, clockOffsetMs: offset }) };
        case "connected":
          return { kind, atMs };
        case "lost":
          return { kind, trouble: REFUSED, atMs };
        case "hub":
          return { kind, event: hub, atMs };
      }
    });
  });

function timeOf(event: NodeEvent): number {
  return event.kind === "sampled" ? event.sample.takenAtMs : event.atMs;
}

describe("any order of events", () => {
  it("leaves a state in which everything fits together", () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        let standing = UNHEARD;
        for (const event of events) {
          standing = nextStanding(standing, event);
          const { state, load, loss, hub } = standing;
          expect([load !== undefined, loss !== undefined]).toEqual([state === "up", state === "down"]);
          const shown = showStanding(NODE, standing, timeOf(event));
          if (state !== "unknown") expect(shown.detail === "").toBe(state === "up");
          if (state === "down") expect(shown.troubles?.[0]).toEqual(REFUSED);
          if (hub?.state === "incompatible") expect(shown.troubles?.length).toBeGreaterThan(0);
        }
      }),
    );
  });

  it("keeps when the node was last heard from, whatever is lost", () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        let standing = UNHEARD;
        let heardAtMs: number | undefined;
        for (const event of events) {
          standing = nextStanding(standing, event);
          if (event.kind === "sampled" || event.kind === "connected") heardAtMs = timeOf(event);
          expect(standing.lastSeenMs).toBe(heardAtMs);
        }
      }),
    );
  });

  it("counts only nodes that were up as gone down", () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        let standing = UNHEARD;
        for (const event of events) {
          const before = standing;
          standing = nextStanding(standing, event);
          const hasFallen = before.state === "up" && standing.state === "down";
          expect(standing.flaps !== before.flaps).toBe(hasFallen);
        }
      }),
    );
  });

  it("never loses sight of a start that was asked for: nobody asks for another", () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        let standing = UNHEARD;
        let isStarting = false;
        for (const event of events) {
          standing = nextStanding(standing, event);
          if (event.kind === "hub" && event.event.kind !== "stopped" && event.event.kind !== "fit")
            isStarting = event.event.kind === "starting";
          expect(standing.hub?.state === "starting").toBe(isStarting);
        }
      }),
    );
  });
});
