import fc from "fast-check";
import type { Closure, NodeId, NodeView } from "../../src/model.ts";
import { keyText } from "../../src/model.ts";
import type { Plan } from "../../src/plan.ts";
import type { RebalancePolicy } from "../../src/rebalancing/decide/policy.ts";
import type {
  Activity,
  HubUse,
  PastMove,
  RunningServer,
  Situation,
} from "../../src/rebalancing/decide/situation.ts";
import { GIB, serverKey } from "./node-views.ts";
import {
  cordonedBy,
  cordonedByUs,
  draining,
  HOUR,
  MINUTE,
  nodeAt,
  notice,
  NOW,
  policy,
  server,
  situation,
} from "./plan-situations.ts";

const NAMES = ["node1", "node2", "node3", "node4", "node5"] as const;
const USERS = [
  "alice",
  "bob",
  "carol",
  "user4",
  "user5",
  "user6",
  "user7",
  "user8",
  "user9",
  "user10",
] as const;
const anyName = fc.constantFrom(...NAMES);
const anyPlace = fc.constantFrom(...NAMES, "node1", "node1", "node1", "node2", "node2");
const anyUser = fc.constantFrom(...USERS);
/** Hot and cold ones more often than others. */
const anyShare = fc.constantFrom(0, 4, 17, 31, 40, 52, 66, 74, 76, 84, 86, 88, 91, 95, 97, 99, 100);

const anyNode: fc.Arbitrary<NodeView> = fc
  .tuple(
    anyName,
    anyShare,
    fc.constantFrom(0, 0, 2, 7, 9, 12),
    fc.constantFrom<Closure | undefined>(
      ...Array<undefined>(6),
      cordonedByUs,
      cordonedByUs,
      cordonedBy("alice"),
      draining,
      draining,
    ),
    fc.constantFrom("up", "up", "up", "up", "up", "up", "stale", "down", "full", "heavy"),
  )
  .map(([name, used, load1, closure, kind]) => {
    const view = nodeAt(name, used, { load1, ...(kind === "stale" && { takenAtMs: NOW - MINUTE }) }, closure);
    if (kind === "down") return { ...view, state: "down", detail: "no route to host" };
    if (kind === "full") return { ...view, spec: { ...view.spec, maxServers: 0 } };
    return kind === "heavy" ? { ...view, spec: { ...view.spec, weight: 2 } } : view;
  });

/** In use, idle for so many hours, idle but for its tabs, out of date, silent. */
const anyServer: fc.Arbitrary<RunningServer> = fc
  .tuple(
    anyUser,
    anyPlace,
    fc.constantFrom("busy", "idle", "idle", "idle", "idle", "tabs", "tabs", "stale", "silent", "lost"),
    fc.constantFrom(0, 0.5, 1, 2, 5, 9, 20, 47, 49, 71, 73, 90),
    fc.constantFrom(0, 0.2, 1, 2, 3, 5, 7, 9),
    fc.constantFrom(0, 100, 100, 100),
  )
  .map(([user, node, kind, hours, gib, age]) => {
    const { process, ...rest } = server(user, node, { startedAtMs: NOW - age * HOUR });
    if (kind === "silent" || process === undefined) return { key: rest.key, node: rest.node };
    if (kind === "lost") return rest;
    return { ...rest, process, activity: activityOf(kind, NOW - hours * HOUR, gib * GIB) };
  });

function activityOf(
  kind: "busy" | "idle" | "tabs" | "stale",
  sinceMs: number,
  memoryBytes: number,
): Activity {
  const said = { saidAtMs: kind === "stale" ? NOW - 10 * MINUTE : NOW - 10_000, memoryBytes };
  if (kind === "busy") return said;
  if (kind === "tabs") return { ...said, idleButTabsSinceMs: sinceMs };
  return { ...said, idleSinceMs: sinceMs, idleButTabsSinceMs: sinceMs };
}

const anyMove: fc.Arbitrary<PastMove> = fc
  .tuple(anyUser, anyName, fc.constantFrom(1, 5, 30, 600, 1400))
  .map(([user, node, minutes]) => ({
    key: serverKey(user),
    node: node as NodeId,
    atMs: NOW - minutes * MINUTE,
  }));

const anyHub: fc.Arbitrary<HubUse> = fc
  .tuple(anyName, fc.boolean(), fc.constantFrom(undefined, 0, 5, 50), fc.boolean())
  .map(([node, isRunning, hours, isKept]) => ({
    node: node as NodeId,
    isRunning,
    isKept,
    ...(hours !== undefined && { emptySinceMs: NOW - hours * HOUR }),
  }));

/** Up to five nodes and twelve servers in every state, with a past. */
export const anySituation: fc.Arbitrary<Situation> = fc
  .tuple(
    fc.uniqueArray(anyNode, { minLength: 1, maxLength: 5, size: "max", selector: ({ spec }) => spec.id }),
    fc.uniqueArray(anyServer, {
      maxLength: 12,
      size: "max",
      selector: ({ key, node }) => `${key.user} ${node}`,
    }),
    fc.uniqueArray(anyHub, { maxLength: 2, selector: ({ node }) => node }),
    fc.array(anyMove, { maxLength: 2 }),
    fc.subarray(["node1", "node2"] as const),
    fc.subarray(["alice", "bob"] as const),
    fc.subarray(["carol", "dave"] as const),
    fc.constantFrom(undefined, 92, 98),
  )
  .map(([nodes, servers, hubs, moves, hot, kept, told, strain]) =>
    situation(carrying(servers, strain === undefined ? nodes : strained(nodes, strain)), servers, {
      hubs,
      past: { moves, hot: hot as readonly string[] as readonly NodeId[] },
      kept: new Map(kept.map((user) => [`${user}/`, NOW + (user === "alice" ? HOUR : -HOUR)])),
      notices: told.map((user) => notice(user, "node1", NOW - (user === "carol" ? HOUR : 50 * HOUR))),
    }),
  );

/** With figures that hold at least these servers. */
function carrying(servers: readonly RunningServer[], nodes: readonly NodeView[]): readonly NodeView[] {
  return nodes.map((view) => {
    const { load } = view;
    const here = servers.filter(({ node }) => node === view.spec.id);
    if (load === undefined) return view;
    const mostBytes = load.memoryTotalBytes - bytesOn(here, view.spec.id);
    const memoryAvailableBytes = Math.min(load.memoryAvailableBytes, mostBytes);
    return { ...view, load: { ...load, memoryAvailableBytes, servers: here.length } };
  });
}

/** With the first of them, where most servers are, as used as that. */
function strained(nodes: readonly NodeView[], percentUsed: number): readonly NodeView[] {
  return [nodeAt("node1", percentUsed), ...nodes.filter(({ spec }) => spec.id !== "node1")];
}

export const anyPolicy: fc.Arbitrary<RebalancePolicy> = fc
  .tuple(
    fc.constantFrom(1, 3, 9),
    fc.constantFrom(1, 2, 9),
    fc.constantFrom(1, 2),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([perRun, perNode, perUserPerDay, culls, tabs]) => ({
    ...policy,
    caps: { perRun, perNode, perUserPerDay },
    idle: {
      afterMs: HOUR,
      ...(culls && { cullAfterMs: 72 * HOUR }),
      ...(tabs && { ignoreTabsAfterMs: 48 * HOUR }),
    },
  }));

/** What a plan leads to if all of it is done at once, and every owner comes back to where they are expected. */
export function applied(what: Situation, { moves, nodes }: Plan): Situation {
  const stops = moves.filter((move) => move.kind === "stop-server");
  const stopped = new Map(stops.map((stop) => [`${keyText(stop.key)} ${stop.node}`, stop]));
  const left = what.servers.filter(({ key, node }) => !stopped.has(`${keyText(key)} ${node}`));
  const gone = what.servers.filter(({ key, node }) => stopped.has(`${keyText(key)} ${node}`));
  const news = gone.flatMap((old): readonly RunningServer[] => {
    const { expectedOn: node } = stopped.get(`${keyText(old.key)} ${old.node}`) ?? {};
    return node === undefined ? [] : [{ ...old, node, startedAtMs: what.atMs, ...newActivity(old) }];
  });
  const servers = [...left, ...news];
  const done = stops.map(({ key, node }) => ({ key, node, atMs: what.atMs }));
  const hot = nodes.filter(({ standing }) => standing === "hot").map(({ node }) => node);
  return {
    ...what,
    servers,
    cluster: {
      ...what.cluster,
      nodes: what.cluster.nodes.map((view) => changed(view, what, moves, gone, news)),
    },
    hubs: what.hubs.map((hub) => hubAfter(hub, moves, gone, what.atMs)),
    past: { moves: [...what.past.moves, ...done], hot },
  };
}

function newActivity({ activity }: RunningServer) {
  return activity && { activity: { saidAtMs: activity.saidAtMs, memoryBytes: activity.memoryBytes } };
}

function changed(
  view: NodeView,
  { atMs }: Situation,
  moves: Plan["moves"],
  gone: readonly RunningServer[],
  news: readonly RunningServer[],
): NodeView {
  const { closure: before, ...rest } = view;
  const here = moves.filter(({ node }) => node === view.spec.id);
  const opens = here.some(({ kind }) => kind === "uncordon");
  const closes = here.some(({ kind }) => kind === "cordon");
  const closure = closes ? cordonedByUs : opens ? undefined : before;
  return { ...rest, ...(closure && { closure }), ...(view.load && { load: loadAfter(view.load) }) };

  function loadAfter(load: NonNullable<NodeView["load"]>): NonNullable<NodeView["load"]> {
    const freed = bytesOn(gone, view.spec.id) - bytesOn(news, view.spec.id);
    const takenAtMs = load.takenAtMs === NOW - 2000 ? atMs + 1 : load.takenAtMs;
    const servers = load.servers + countOn(news, view.spec.id) - countOn(gone, view.spec.id);
    return { ...load, takenAtMs, servers, memoryAvailableBytes: load.memoryAvailableBytes + freed };
  }
}

function countOn(servers: readonly RunningServer[], node: NodeId): number {
  return servers.filter((each) => each.node === node).length;
}

function bytesOn(servers: readonly RunningServer[], node: NodeId): number {
  return servers
    .filter((each) => each.node === node)
    .reduce((sum, { activity }) => sum + (activity?.memoryBytes ?? 0), 0);
}

function hubAfter(hub: HubUse, moves: Plan["moves"], gone: readonly RunningServer[], atMs: number): HubUse {
  const { node } = hub;
  const own = moves.find(
    (move) => move.node === node && (move.kind === "stop-hub" || move.kind === "warm-hub"),
  );
  if (own !== undefined) return { ...hub, isRunning: own.kind === "warm-hub", emptySinceMs: atMs };
  return gone.some((each) => each.node === node) ? { ...hub, emptySinceMs: atMs } : hub;
}
