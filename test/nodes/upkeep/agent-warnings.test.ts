import { expect, it } from "@jest/globals";
import type { NodeId } from "../../../src/model.ts";
import { createAgentWarnings } from "../../../src/nodes/upkeep/agent-warnings.ts";
import type { HubEvent } from "../../../src/nodes/cluster/decide/hub-state.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createMemoryLog } from "../../support/memory-log.ts";

const [NODE1, NODE2] = ["node1", "node2"] as NodeId[] as [NodeId, NodeId];
const SETTINGS = { jupyterhub: null, proxyCommand: null, ports: { proxy: 910, hub: 911, api: 912 } };

async function startRig(nodes: NodeId[] = [NODE1, NODE2]) {
  const clock = createFakeClock();
  const facts = new Map<NodeId, unknown>([[NODE1, { warnings: ["JupyterHub 5.2 is old"] }]]);
  const asked: NodeId[] = [];
  const agent = {
    call(node: NodeId) {
      asked.push(node);
      return facts.has(node) ? Promise.resolve(facts.get(node)) : Promise.reject(new Error("no route"));
    },
  };
  const heard: HubEvent[] = [];
  const events = { hub: (_: NodeId, event: HubEvent) => heard.push(event) };
  const warnings = createAgentWarnings(
    { agent, settingsOf: () => SETTINGS, nodes: () => nodes, events, clock, log: createMemoryLog() },
    { everyMs: 1000, againMs: 60_000, unfitAgainMs: 10_000, nodeMs: 5000 },
  );
  await warnings.start();
  await clock.advance(0);
  return { clock, facts, asked, heard, nodes, warnings };
}

it("tells what a node warns of, and asks one that did not answer again", async () => {
  const { clock, facts, asked, warnings } = await startRig();
  expect([warnings.of(NODE1), warnings.of(NODE2)]).toEqual([["JupyterHub 5.2 is old"], []]);
  facts.set(NODE2, { warnings: ["a user could take port 910"] });
  await clock.advance(1000);
  expect(warnings.of(NODE2)).toEqual(["a user could take port 910"]);
  await clock.advance(10_000);
  expect(asked).toEqual([NODE1, NODE2, NODE2]);
  await warnings.stop();
});

it("hears when all is well again, and forgets nodes that are gone", async () => {
  const { clock, facts, nodes, warnings } = await startRig([NODE1]);
  facts.set(NODE1, { warnings: [] });
  await clock.advance(60_000);
  expect(warnings.of(NODE1)).toEqual([]);
  facts.set(NODE1, { warnings: ["old"] });
  await clock.advance(60_000);
  nodes.pop();
  await clock.advance(1000);
  expect(warnings.of(NODE1)).toEqual([]);
  await warnings.stop();
});

const PROXY = { command: ["/usr/bin/configurable-http-proxy"] };

it.each([
  [{ jupyterhub: null, proxy: null }, "JUPYTERHUB_MISSING"],
  [{ jupyterhub: { version: "4.1.6" }, proxy: PROXY }, "JUPYTERHUB_TOO_OLD"],
  [{ jupyterhub: { version: "5.5.1" }, proxy: null }, "PROXY_MISSING"],
])("tells that a node with %j can run no hub, and soon that it can", async (found, code) => {
  const { clock, facts, heard, warnings } = await startRig([NODE2]);
  facts.set(NODE2, { ...found, warnings: [] });
  await clock.advance(1000);
  expect(heard).toMatchObject([{ kind: "failed", code }]);
  facts.set(NODE2, { jupyterhub: { version: "5.5.1" }, proxy: PROXY, warnings: [] });
  await clock.advance(10_000);
  expect(heard.at(-1)).toEqual({ kind: "fit" });
  await warnings.stop();
});

it.each<[unknown, readonly string[]]>([
  [{ warnings: ["two\nlines \u001b[31mred"] }, ["two lines  [31mred"]],
  [{ warnings: Array.from({ length: 21 }, () => "x") }, []],
  [{ warnings: ["x".repeat(501)] }, []],
  [{ warnings: "none" }, []],
  [null, []],
])("shows nothing a hostile node could make of it: %j", async (answer, shown) => {
  const { clock, facts, warnings } = await startRig([NODE2]);
  facts.set(NODE2, answer);
  await clock.advance(1000);
  expect(warnings.of(NODE2)).toEqual(shown);
  await warnings.stop();
});
