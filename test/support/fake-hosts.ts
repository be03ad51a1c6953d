import type { NodeId } from "../../src/model.ts";
import { createNodeSet } from "../../src/nodes/inventory/node-set.ts";
import type { NodeSet } from "../../src/nodes/inventory/node-set.ts";
import { createMemoryLog } from "./memory-log.ts";
import { nodeSpec } from "./node-views.ts";

export interface FakeHosts extends NodeSet {
  /** As if the file now named these nodes, and others were empty; an address may be said behind an `@`. */
  set(...names: readonly string[]): void;
}

/** The nodes a test names, without a file. */
export function createFakeHosts(...names: readonly string[]): FakeHosts {
  const nodes = createNodeSet("hosts", createMemoryLog());
  function set(...next: readonly string[]): void {
    nodes.adopt(
      next.map((text) => {
        const [name = "", address = name] = text.split("@");
        return nodeSpec(name, { id: name as NodeId, address });
      }),
    );
    for (const { id } of nodes.all()) nodes.release(id);
  }
  set(...names);
  return { ...nodes, set };
}
