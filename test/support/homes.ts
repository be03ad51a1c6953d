import type { Claim, HomeRead, RuntimeRecord, SeenRecord } from "../../src/home-model.ts";
import type { NodeId, ServerKey } from "../../src/model.ts";
import { ALICE, NODE1 } from "./fake-world.ts";

export const BOOT = "7f2c6a1e-3b7d-4c1a-9f55-0a1b2c3d4e5f";

/** A record of alice's server on node1, as the router has seen it. */
export function aRecord(over: Partial<SeenRecord> = {}): SeenRecord {
  return { ...aWrittenRecord(), unchangedSinceMs: 3000, ...over };
}

/** The same, as it is read. */
export function aWrittenRecord(): RuntimeRecord {
  return {
    key: ALICE,
    node: NODE1,
    host: "node1.lab",
    bootId: BOOT,
    pid: 1234,
    startTicks: 98_765,
    port: 41_234,
    startedAtMs: 1000,
    writtenAtMs: 3000,
    lastActivityMs: 2000,
    kernels: { open: 2, busy: 1 },
    terminals: { open: 1, busy: 1 },
    connections: 3,
    rssBytes: 200_000_000,
    cpuSeconds: 12.5,
  };
}

export function aClaim(node: NodeId = NODE1, key: ServerKey = ALICE): Claim {
  return { id: `claim-${key.user}-${key.server}-${node}`, key, node, bootId: BOOT, createdAtMs: 500 };
}

/** alice's home, as the router has read it. */
export function aHome(over: Partial<Omit<HomeRead, "kind">> = {}): HomeRead {
  return {
    kind: "read",
    atMs: 3000,
    ownerUid: 2001,
    records: [],
    claims: [],
    foreign: [],
    oddities: [],
    ...over,
  };
}
