import { expect, it } from "@jest/globals";
import fc from "fast-check";
import { emptyNodes } from "../../src/discovery/decide/empty-nodes.ts";
import { fallSilent, toAnswer, type Report, type Seen } from "../../src/discovery/decide/report.ts";
import type { NodeId } from "../../src/model.ts";
import { createNodeSet } from "../../src/nodes/inventory/node-set.ts";
import { createMemoryLog } from "../support/memory-log.ts";
import { nodeSpec, serverKey } from "../support/node-views.ts";

/** The hosts file and what the nodes answer together decide when a node goes. */
const NAMES = ["node1", "node2", "node3"];

const anyStep = fc.oneof(
  fc.record({ kind: fc.constant("edit" as const), named: fc.subarray(NAMES) }),
  fc.record({ kind: fc.constant("broken" as const) }),
  fc.record({ kind: fc.constant("start" as const), node: fc.constantFrom(...NAMES) }),
  fc.record({ kind: fc.constant("stop" as const), node: fc.constantFrom(...NAMES) }),
  fc.record({ kind: fc.constant("silent" as const), node: fc.constantFrom(...NAMES) }),
  fc.record({ kind: fc.constant("look" as const) }),
);

const SERVER: Seen = { key: serverKey("alice"), ready: true, evidence: "hub-list" };

/** A small site: which nodes run a server, and which say so. */
function createSite() {
  const nodes = createNodeSet("/etc/multijhub/hosts", createMemoryLog());
  const running = new Set<string>();
  const silent = new Set<string>();
  const reports = new Map<NodeId, Report>();

  function survey(nowMs: number): void {
    for (const { id } of nodes.all()) {
      const servers = running.has(id) ? [SERVER] : [];
      const before = reports.get(id);
      const said = { servers, processes: servers };
      reports.set(id, silent.has(id) ? fallSilent(before, "off", nowMs) : toAnswer(before, said, nowMs));
    }
  }

  function look(nowMs: number): void {
    survey(nowMs);
    const leaving = nodes.all().flatMap(({ id, isLeaving }) => (isLeaving === true ? [id] : []));
    const seen = { reports, homes: [], nowMs, sinceMs: 0, silentMs: 86_400_000 };
    for (const node of emptyNodes(leaving, seen)) nodes.release(node);
  }

  return { nodes, running, silent, survey, look };
}

it("never drops a node on which a server was seen to run, whatever is edited and whoever is silent", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
      const { nodes, running, silent, survey, look } = createSite();
      nodes.adopt(NAMES.map((name) => nodeSpec(name)));
      steps.forEach((step, index) => {
        if (step.kind === "edit") nodes.adopt(step.named.map((name) => nodeSpec(name)));
        else if (step.kind === "broken") nodes.complain([{ line: 1, message: "broken", remedy: "" }]);
        else if (step.kind === "look") look(index * 1000);
        else if (step.kind === "silent") silent.add(step.node);
        else if (step.kind === "stop") {
          silent.delete(step.node);
          running.delete(step.node);
        } else if (!silent.has(step.node) && nodes.find(step.node as NodeId) !== undefined) {
          running.add(step.node);
          survey(index * 1000);
        }
        const there = nodes.all().map(({ id }) => id);
        expect(there).toEqual(expect.arrayContaining([...running]));
      });
    }),
  );
});
