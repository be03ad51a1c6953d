import { beforeEach, describe, expect, it } from "@jest/globals";
import { AppError } from "../../../src/errors.ts";
import type { NodeId } from "../../../src/model.ts";
import type { HubEvent } from "../../../src/nodes/cluster/decide/hub-state.ts";
import type { HubSettings } from "../../../src/nodes/hubs/decide/hub-settings.ts";
import { createHubGate } from "../../../src/nodes/hubs/hub-gate.ts";
import { createHubKeeper } from "../../../src/nodes/hubs/hub-keeper.ts";
import type { NodeAgent } from "../../../src/ports.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createMemoryLog } from "../../support/memory-log.ts";

const NODE = "node1" as NodeId;
const PORTS = { proxy: 910, hub: 911, api: 912 };
const NEVER = new AbortController().signal;

function settings(ticketKeys: readonly string[]): HubSettings {
  return {
    node: NODE,
    baseUrl: "/n/node1/",
    ports: PORTS,
    jupyterhub: null,
    proxyCommand: null,
    serviceToken: "secret-token",
    nextServiceToken: null,
    ticketKeys,
    lobby: false,
    adminUsers: [],
    homeGroup: null,
    openPort: false,
    startTimeoutMs: 60_000,
  };
}

function nothing(): void {
  // What happens on the node when its hub has started, unless a test says otherwise.
}

/** A node whose hub starts in five seconds, and where anybody may be put behind the ports. */
function createRig() {
  const clock = createFakeClock();
  const log = createMemoryLog();
  const calls: string[] = [];
  const inputs: object[] = [];
  const events: HubEvent[] = [];
  const world = {
    hub: "absent" as "absent" | "up" | "sick" | "hung",
    stranger: undefined as number | undefined,
    failure: undefined as AppError | undefined,
    ticketKeys: ["one"],
    onStarted: nothing,
  };

  function listeners() {
    const own =
      world.hub === "absent" ? [] : [910, 911, 912].map((port) => ({ port, address: "127.0.0.1", uid: 0 }));
    const foreign =
      world.stranger === undefined ? [] : [{ port: 911, address: "127.0.0.1", uid: world.stranger }];
    return { listeners: [...own, ...foreign] };
  }

  const agent: Pick<NodeAgent, "call"> = {
    async call(_, verb, input, signal, onProgress) {
      calls.push(verb);
      inputs.push(input);
      if (world.failure !== undefined) throw world.failure;
      if (verb === "listeners") return listeners();
      onProgress?.("waiting for JupyterHub");
      await clock.sleep(5000, signal);
      if (world.hub === "absent") world.hub = "up";
      world.onStarted();
      return { changed: true, pid: 7, version: "5.5.4", tookMs: 5000 };
    },
  };
  const gate = createHubGate();
  const keeper = createHubKeeper(
    {
      agent,
      health: {
        isHealthy: (_, signal) => {
          calls.push("health");
          if (world.hub === "hung") return clock.sleep(60_000, signal).then(() => true);
          return Promise.resolve(world.hub === "up" && world.stranger === undefined);
        },
      },
      settingsOf: () => settings(world.ticketKeys),
      events: { hub: (_, event) => events.push(event) },
      gate,
      clock,
      log,
    },
    { trustMs: 10_000, pollMs: 500, graceMs: 10_000, lookMs: 5000 },
  );

  function ensure(signal = NEVER) {
    const texts: string[] = [];
    const outcome = keeper
      .ensureReady(NODE, (text) => texts.push(text), signal)
      .then(
        () => "ready",
        (err: unknown) => (err instanceof AppError ? err.code : err),
      );
    return { texts, outcome };
  }

  return { clock, log, calls, inputs, events, world, gate, keeper, ensure };
}

let rig: ReturnType<typeof createRig>;
beforeEach(() => {
  rig = createRig();
});

/** Ensures, with all the time it takes. */
async function ensured() {
  const { outcome } = rig.ensure();
  await rig.clock.advance(6000);
  return outcome;
}

describe("ensureReady", () => {
  it("asks who listens before and after the start, and only then for health", async () => {
    expect(await ensured()).toBe("ready");
    expect(rig.calls).toEqual(["listeners", "start-hub", "listeners", "health"]);
  });

  it("shares one start; who comes late hears where it stands", async () => {
    const first = rig.ensure();
    await rig.clock.advance(1000);
    const second = rig.ensure();
    await rig.clock.advance(5000);
    expect(await Promise.all([first.outcome, second.outcome])).toEqual(["ready", "ready"]);
    expect(rig.calls.filter((call) => call === "start-hub")).toHaveLength(1);
    expect(first.texts).toEqual([
      "looking at the hub on node1",
      "starting JupyterHub on node1",
      "waiting for JupyterHub",
    ]);
    expect(second.texts).toEqual(["waiting for JupyterHub"]);
  });

  it("goes on for the others when the first caller leaves", async () => {
    const leaving = new AbortController();
    const first = rig.ensure(leaving.signal);
    const second = rig.ensure();
    await rig.clock.advance(1000);
    leaving.abort("left");
    expect(await first.outcome).toBe("left");
    await rig.clock.advance(5000);
    expect(await second.outcome).toBe("ready");
  });

  it("takes a hub for ready for a while, then looks again without starting it", async () => {
    await ensured();
    rig.calls.length = 0;
    expect(await rig.ensure().outcome).toBe("ready");
    expect(rig.calls).toEqual([]);
    await rig.clock.advance(10_000);
    expect(await rig.ensure().outcome).toBe("ready");
    expect(rig.calls).toEqual(["listeners", "health"]);
  });

  it("starts a hub that crashed", async () => {
    await ensured();
    rig.world.hub = "absent";
    rig.keeper.suspect(NODE);
    expect(await ensured()).toBe("ready");
    expect(rig.calls.filter((call) => call === "start-hub")).toHaveLength(2);
  });

  it("tells a running hub new settings", async () => {
    await ensured();
    rig.world.ticketKeys = ["one", "two"];
    expect(await ensured()).toBe("ready");
    expect(rig.calls.filter((call) => call === "start-hub")).toHaveLength(2);
  });

  it("tells a hub that it found running its settings first", async () => {
    rig.world.hub = "up";
    expect(await rig.keeper.look(NODE, NEVER)).toBe("ready");
    expect(await ensured()).toBe("ready");
    expect(rig.calls).toContain("start-hub");
  });

  it("looks once more when the node becomes suspect while it looks", async () => {
    rig.world.onStarted = () => {
      rig.world.onStarted = nothing;
      rig.keeper.suspect(NODE);
    };
    expect(await ensured()).toBe("ready");
    expect(rig.calls).toEqual(["listeners", "start-hub", "listeners", "health", "listeners", "health"]);
  });

  it("has a deadline, and can be tried again after it", async () => {
    rig.world.hub = "sick";
    const { outcome } = rig.ensure();
    await rig.clock.advance(70_000);
    expect(await outcome).toBe("HUB_NOT_HEALTHY");
    rig.world.hub = "up";
    expect(await ensured()).toBe("ready");
  });

  it("passes on what the agent and the connection say", async () => {
    rig.world.failure = new AppError("NODE_UNREACHABLE", "no route");
    expect(await rig.ensure().outcome).toBe("NODE_UNREACHABLE");
  });

  it("ends with the router", async () => {
    const { outcome } = rig.ensure();
    await rig.clock.advance(1000);
    await rig.keeper.stop();
    expect(await outcome).toBe("STOPPING");
    expect(await rig.ensure().outcome).toBe("STOPPING");
  });
});

describe("a stranger on the hub's port", () => {
  it("is refused before the hub is started, and never spoken to", async () => {
    rig.world.stranger = 2002;
    expect(await rig.ensure().outcome).toBe("LISTENER_NOT_HUB");
    expect(rig.calls).toEqual(["listeners"]);
  });

  it("is refused when it came while the hub was starting", async () => {
    rig.world.onStarted = () => {
      rig.world.hub = "absent";
      rig.world.stranger = 2002;
    };
    expect(await ensured()).toBe("LISTENER_NOT_HUB");
    expect(rig.calls).not.toContain("health");
  });

  it("is refused after a crash, at the first suspicion", async () => {
    await ensured();
    rig.calls.length = 0;
    rig.world.hub = "absent";
    rig.world.stranger = 2002;
    rig.keeper.suspect(NODE);
    expect(await rig.ensure().outcome).toBe("LISTENER_NOT_HUB");
    await expect(rig.keeper.look(NODE, NEVER)).rejects.toMatchObject({ code: "LISTENER_NOT_HUB" });
    expect(rig.calls).toEqual(["listeners", "listeners"]);
  });

  it("is one incident in the log, however often it is met, and again if it comes back", async () => {
    function incidents() {
      return rig.log.lines.filter(({ level }) => level === "error").length;
    }
    rig.world.stranger = 2002;
    for (let round = 0; round < 3; round += 1) await rig.ensure().outcome;
    expect(incidents()).toBe(1);
    rig.world.stranger = undefined;
    await ensured();
    rig.world.stranger = 2002;
    rig.keeper.suspect(NODE);
    await rig.ensure().outcome;
    expect(incidents()).toBe(2);
  });
});

describe("look", () => {
  it("starts nothing", async () => {
    expect(await rig.keeper.look(NODE, NEVER)).toBe("absent");
    expect(rig.calls).toEqual(["listeners"]);
  });

  it.each([
    ["up", "ready"],
    ["sick", "silent"],
  ] as const)("calls a hub that is %s %s", async (hub, want) => {
    rig.world.hub = hub;
    expect(await rig.keeper.look(NODE, NEVER)).toBe(want);
  });

  it("is shared, and its answer kept for a while", async () => {
    rig.world.hub = "up";
    await Promise.all([rig.keeper.look(NODE, NEVER), rig.keeper.look(NODE, NEVER)]);
    await rig.keeper.look(NODE, NEVER);
    expect(rig.calls).toEqual(["listeners", "health"]);
  });
});

describe("what is told of a hub", () => {
  it("is each start and its end, with the version", async () => {
    await ensured();
    expect(rig.events).toEqual([{ kind: "starting" }, { kind: "ready", version: "5.5.4" }]);
  });

  it("is why it could not be started, and nothing that is seen meanwhile", async () => {
    rig.world.hub = "sick";
    const { outcome } = rig.ensure();
    await rig.clock.advance(6000);
    await rig.keeper.look(NODE, NEVER);
    await rig.clock.advance(70_000);
    await outcome;
    expect(rig.events).toEqual([
      { kind: "starting" },
      { kind: "failed", code: "HUB_NOT_HEALTHY", detail: expect.stringContaining("within 70 s") },
    ]);
  });

  it.each([
    ["up", { kind: "ready" }],
    ["absent", { kind: "stopped" }],
    ["sick", { kind: "failed", code: "HUB_UNREACHABLE", detail: "it listens, and does not answer" }],
  ] as const)("is what a look sees of one that is %s", async (hub, event) => {
    rig.world.hub = hub;
    await rig.keeper.look(NODE, NEVER);
    expect(rig.events).toEqual([event]);
  });

  it("is whom a look finds in its place", async () => {
    rig.world.stranger = 2002;
    await rig.keeper.look(NODE, NEVER).catch(() => undefined);
    expect(rig.events).toMatchObject([{ kind: "failed", code: "LISTENER_NOT_HUB" }]);
  });
});

it("never logs a secret", async () => {
  await ensured();
  expect(JSON.stringify(rig.log.lines)).not.toContain("secret");
});

describe("a hub that is being stopped", () => {
  it("is started anew for whoever comes meanwhile, once it has ended", async () => {
    await ensured();
    const stopped = rig.gate.close(NODE, async () => {
      await rig.clock.sleep(3000, NEVER);
      rig.world.hub = "absent";
      rig.keeper.suspect(NODE);
    });
    const { outcome } = rig.ensure();
    await rig.clock.advance(2000);
    expect(rig.calls.filter((call) => call === "start-hub")).toHaveLength(1);
    await rig.clock.advance(8000);
    await stopped;
    expect(await outcome).toBe("ready");
    expect(rig.calls.filter((call) => call === "start-hub")).toHaveLength(2);
  });

  it("is not while somebody needs it", async () => {
    const { outcome } = rig.ensure();
    await rig.clock.advance(1000);
    expect(rig.gate.close(NODE, () => Promise.resolve())).toBeUndefined();
    await rig.clock.advance(5000);
    expect(await outcome).toBe("ready");
    expect(rig.gate.close(NODE, () => Promise.resolve())).toBeDefined();
  });
});

describe("a hub that hangs", () => {
  it("is seen to be silent, though it takes the question and never answers", async () => {
    rig.world.hub = "hung";
    const look = rig.keeper.look(NODE, NEVER);
    await rig.clock.advance(3000);
    expect(await look).toBe("silent");
  });

  it("is left to itself by those who need it, and started anew by who says that it hangs", async () => {
    await ensured();
    expect(rig.inputs.at(1)).toMatchObject({ leaveOutdated: true, restartHung: false });
    rig.world.hub = "sick";
    rig.inputs.length = 0;
    rig.world.onStarted = () => {
      rig.world.hub = "up";
    };
    const restart = rig.keeper.restartHung(NODE, NEVER);
    await rig.clock.advance(6000);
    await restart;
    expect(rig.inputs.at(0)).toMatchObject({ restartHung: true });
  });
});
