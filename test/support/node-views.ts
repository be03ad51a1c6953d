import fc from "fast-check";
import type {
  Closure,
  ClusterSnapshot,
  LoadSample,
  NodeId,
  NodeSpec,
  NodeView,
  Reservation,
  ServerKey,
  ServerName,
  UserName,
} from "../../src/model.ts";
import type { Growing } from "../../src/nodes/placement/growth.ts";

export const GIB = 1024 ** 3;
export const MIB = 1024 ** 2;

/** A node as the hosts file has it when it says nothing but the name. */
export function nodeSpec(id: string, over: Partial<NodeSpec> = {}): NodeSpec {
  return {
    id: id as NodeId,
    address: id,
    sshPort: 22,
    become: "none",
    transport: "ssh",
    weight: 1,
    labels: [],
    ...over,
  };
}

/** An idle machine of 8 cores and 32 GiB, sampled at time 0. */
export function loadSample(over: Partial<LoadSample> = {}): LoadSample {
  return {
    takenAtMs: 0,
    clockOffsetMs: 0,
    cores: 8,
    load1: 0,
    memoryTotalBytes: 32 * GIB,
    memoryAvailableBytes: 30 * GIB,
    servers: 0,
    users: 0,
    ...over,
  };
}

/** A node that is up and idle, unless said otherwise. */
export function nodeView(id: string, { spec = {}, load = {}, ...over }: ViewChanges = {}): NodeView {
  return {
    spec: nodeSpec(id, spec),
    state: "up",
    detail: "",
    reservations: [],
    growing: [],
    load: loadSample(load),
    ...over,
  };
}

interface ViewChanges extends Partial<Omit<NodeView, "spec" | "load">> {
  readonly spec?: Partial<NodeSpec>;
  readonly load?: Partial<LoadSample>;
}

export function snapshotOf(...nodes: readonly NodeView[]): ClusterSnapshot {
  return { takenAtMs: 0, nodes };
}

export function serverKey(user: string): ServerKey {
  return { user: user as UserName, server: "" as ServerName };
}

export function reservation(node: string, user: string, over: Partial<Reservation> = {}): Reservation {
  return {
    key: serverKey(user),
    node: node as NodeId,
    memoryBytes: 512 * MIB,
    expiresAtMs: 120_000,
    ...over,
  };
}

/** A server that has just started. */
export function growing(user: string, memoryBytes = 2 * GIB): Growing {
  return { key: serverKey(user), memoryBytes };
}

/** Numbers spread evenly from 0 to `max`; `fc.double` gives mostly tiny ones. */
function evenly(max: number): fc.Arbitrary<number> {
  return fc.noBias(fc.integer({ min: 0, max: 1000 })).map((n) => (n * max) / 1000);
}

const anyLoad: fc.Arbitrary<LoadSample> = fc
  .record({
    takenAtMs: fc.integer({ min: -16_000, max: 0 }),
    cores: fc.integer({ min: 1, max: 128 }),
    loadPerCore: evenly(3),
    totalGib: fc.integer({ min: 1, max: 512 }),
    free: evenly(1),
    pressure: fc.option(evenly(0.5), { nil: undefined }),
    servers: fc.nat(12),
  })
  .map(({ totalGib, free, pressure, loadPerCore, ...rest }) =>
    loadSample({
      ...rest,
      load1: loadPerCore * rest.cores,
      memoryTotalBytes: totalGib * GIB,
      memoryAvailableBytes: Math.floor(totalGib * GIB * free),
      ...(pressure !== undefined && { memoryPressure: pressure }),
    }),
  );

const anyView: fc.Arbitrary<NodeView> = fc
  .record({
    id: fc.stringMatching(/^[a-z][a-z0-9]{0,2}$/),
    state: fc.constantFrom("up", "up", "up", "up", "up", "up", "up", "up", "down", "unknown"),
    closure: fc.constantFrom<Closure | undefined>(...Array<undefined>(7), { state: "draining", words: "x" }),
    load: fc.option(anyLoad, { nil: undefined, freq: 8 }),
    weight: fc.constantFrom(0.5, 1, 1, 2),
    labels: fc.subarray(["a100", "gpu"]),
    maxServers: fc.option(fc.nat(20), { nil: undefined }),
    places: fc.constantFrom(...Array<undefined>(7), "jobs" as const),
    starting: fc.uniqueArray(fc.constantFrom("alice", "bob", "carol", "dave"), { maxLength: 4 }),
    growing: fc.array(fc.record({ user: fc.constantFrom("alice", "erin", "zoe"), gib: evenly(2) }), {
      maxLength: 4,
    }),
  })
  .map(({ id, state, closure, load, weight, labels, maxServers, places, starting, ...rest }) => ({
    spec: nodeSpec(id, {
      ...{ weight, labels, ...(maxServers !== undefined && { maxServers }) },
      ...(places !== undefined && { places }),
    }),
    state,
    detail: "",
    reservations: starting.map((user) => reservation(id, user)),
    ...(closure !== undefined && { closure }),
    growing: rest.growing.map(({ user, gib }) => growing(user, gib * GIB)),
    ...(load !== undefined && { load }),
  }));

/** Clusters of up to eight nodes in every state, some of them stale, full, draining. */
export const anySnapshot: fc.Arbitrary<ClusterSnapshot> = fc
  .uniqueArray(anyView, { minLength: 2, maxLength: 10, size: "max", selector: ({ spec }) => spec.id })
  .map((nodes) => snapshotOf(...nodes));
