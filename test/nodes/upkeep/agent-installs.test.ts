import { beforeEach, describe, expect, it } from "@jest/globals";
import { AppError } from "../../../src/errors.ts";
import type { NodeId } from "../../../src/model.ts";
import { createAgentInstalls } from "../../../src/nodes/upkeep/agent-installs.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createMemoryAudit } from "../../support/memory-audit.ts";
import { createMemoryLog } from "../../support/memory-log.ts";

const NODE = "node4" as NodeId;
const MISSING = new AppError("AGENT_MISSING", "the agent is not installed");

function createRig() {
  const clock = createFakeClock();
  const audit = createMemoryAudit();
  const log = createMemoryLog();
  const tries: NodeId[] = [];
  const installed: NodeId[] = [];
  const world = { failure: undefined as Error | undefined };
  const installs = createAgentInstalls(
    {
      async install(node, signal) {
        tries.push(node);
        await clock.sleep(1000, signal);
        if (world.failure !== undefined) throw world.failure;
      },
      onInstalled: (node) => installed.push(node),
      audit,
      clock,
      log,
    },
    { againMs: 60_000 },
  );
  return { audit, clock, log, tries, installed, world, installs };
}

let rig: ReturnType<typeof createRig>;
beforeEach(() => {
  rig = createRig();
});

describe("a node without an agent", () => {
  it("gets one, once, and is audited", async () => {
    for (let i = 0; i < 3; i += 1) rig.installs.heed(NODE, MISSING);
    await rig.clock.advance(1000);
    expect([rig.tries, rig.installed]).toEqual([[NODE], [NODE]]);
    expect(rig.audit.acts).toEqual([{ audit: "provision", by: "router", node: NODE }]);
  });

  it("whose key may not install it is tried again after a while only", async () => {
    rig.world.failure = new AppError("AGENT_ANSWER", "installing did not work");
    rig.installs.heed(NODE, MISSING);
    await rig.clock.advance(30_000);
    rig.installs.heed(NODE, MISSING);
    await rig.clock.advance(30_000);
    expect([rig.tries, rig.installed]).toEqual([[NODE], []]);
    expect(rig.log.lines).toMatchObject([{ level: "warn", fields: { node: NODE } }]);
    rig.installs.heed(NODE, MISSING);
    expect(rig.tries).toHaveLength(2);
  });

  it("is left alone once the router stops", async () => {
    rig.installs.heed(NODE, MISSING);
    await rig.installs.stop();
    rig.installs.heed("node5" as NodeId, MISSING);
    await rig.clock.advance(1000);
    expect([rig.tries, rig.installed]).toEqual([[NODE], []]);
  });
});

it.each([new AppError("AGENT_VERSION", "older"), new AppError("NODE_UNREACHABLE", "off"), "what?"])(
  "installs nothing for any other cause: %s",
  async (cause) => {
    rig.installs.heed(NODE, cause);
    await rig.clock.advance(1000);
    expect(rig.tries).toEqual([]);
  },
);
