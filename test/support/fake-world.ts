import { type Location } from "../../src/sighting.ts";
import { keyText, type NodeId, type ServerKey, type UserName } from "../../src/model.ts";
import type {
  Avoid,
  HubApi,
  HubKeeper,
  Locator,
  LostServers,
  NodeVerdict,
  Placement,
  Placer,
} from "../../src/ports.ts";
import type { Introductions } from "../../src/router/way-in/decide/way-in.ts";
import type { FakeClock } from "./fake-clock.ts";

export const ALICE: ServerKey = { user: "alice" as UserName, server: "" as ServerKey["server"] };
export const NODE1 = "node1" as NodeId;
export const NODE2 = "node2" as NodeId;

/** Nodes, hubs and servers that exist in memory only; what they do is set by the test and noted in `did`. */
export interface FakeWorld {
  readonly locator: Locator;
  readonly hubs: HubKeeper;
  readonly hubApi: Pick<HubApi, "introduce" | "startServer" | "followStart" | "stopServer">;
  readonly placer: Placer & { readonly reserved: Set<string> };
  readonly introductions: Introductions;
  readonly lostServers: LostServers;
  readonly did: string[];
  /** What `locate` answers, unless a server runs. */
  location: Location;
  readonly servers: Map<string, NodeId>;
  next: { readonly kind: "placed"; readonly node: NodeId } | { readonly kind: "none" };
  startedAtMs: number;
  hubMs: number;
  serverMs: number;
  hubFailure: Error | undefined;
  nodes: readonly NodeId[];
  /** Hubs that `hubFailure` does not concern. */
  readonly goodHubs: Set<NodeId>;
  serverFailure: Error | undefined;
}

export const VERDICTS: readonly NodeVerdict[] = [
  { node: NODE1, accepted: true, score: 0.2, reasons: ["most free memory: 3 GB"] },
  { node: NODE2, accepted: false, reasons: ["down: no answer"] },
];

export function createFakeWorld(clock: FakeClock): FakeWorld {
  const did: string[] = [];
  const servers = new Map<string, NodeId>();
  const reserved = new Set<string>();

  function sighting(key: ServerKey, node: NodeId) {
    const startedAt = new Date(world.startedAtMs).toISOString();
    return { key, node, evidence: "hub-list" as const, ready: true, startedAt, seenAtMs: clock.now() };
  }

  /** Where `next` is to be avoided: the first of the other nodes. */
  function decide(avoid: Avoid = new Map()): Placement {
    const { next } = world;
    if (next.kind === "none" || !avoid.has(next.node)) return { ...next, verdicts: VERDICTS };
    const left = world.nodes.find((node) => !avoid.has(node));
    const verdicts = [...avoid].map(([node, reason]) => ({ node, accepted: false, reasons: [reason] }));
    return left === undefined ? { kind: "none", verdicts } : { kind: "placed", node: left, verdicts };
  }

  async function locate(key: ServerKey): Promise<Location> {
    await Promise.resolve();
    did.push("locate");
    const node = servers.get(keyText(key));
    return node === undefined ? world.location : { kind: "found", sighting: sighting(key, node), others: [] };
  }

  const world: FakeWorld = {
    did,
    servers,
    location: { kind: "none" },
    next: { kind: "placed", node: NODE1 },
    startedAtMs: 400_000,
    hubMs: 1000,
    serverMs: 2000,
    hubFailure: undefined,
    nodes: [NODE1, NODE2],
    goodHubs: new Set(),
    serverFailure: undefined,
    locator: {
      locate,
      locateAll: (user) => locate({ ...ALICE, user }),
      lookAfresh(nodes) {
        did.push(`look ${nodes.join()}`);
        return Promise.resolve();
      },
    },
    hubs: {
      async ensureReady(node, onProgress, signal) {
        did.push(`hub ${node}`);
        onProgress("starting jupyterhub");
        await clock.sleep(world.hubMs, signal);
        if (world.hubFailure && !world.goodHubs.has(node)) throw world.hubFailure;
      },
    },
    hubApi: {
      introduce(node, ticket) {
        did.push(`introduce ${node} ${ticket}`);
        return Promise.resolve();
      },
      startServer(node, key) {
        did.push(`start ${node} ${keyText(key)}`);
        return Promise.resolve();
      },
      async followStart(node, key, onProgress, signal) {
        did.push(`follow ${node}`);
        onProgress("Spawning server...", false);
        await clock.sleep(world.serverMs, signal);
        if (world.serverFailure) throw world.serverFailure;
        servers.set(keyText(key), node);
      },
      stopServer(node, key) {
        did.push(`stop ${node} ${keyText(key)}`);
        servers.delete(keyText(key));
        return Promise.resolve();
      },
    },
    placer: {
      reserved,
      recall: () => Promise.resolve(),
      place(key, avoid, wish) {
        did.push(wish?.gpus || wish?.labels.length ? `place ${wish.gpus} ${wish.labels.join(",")}` : "place");
        const placement = decide(avoid);
        if (placement.kind === "placed") reserved.add(keyText(key));
        return placement;
      },
      explain: (_key, avoid) => decide(avoid),
      started: (key, node) => {
        did.push(`grows ${node} ${keyText(key)}`);
        reserved.delete(keyText(key));
      },
      offer: () => ({ nodes: 0 }),
      grant: (_key, _node, { gpus }) => (gpus > 0 ? { kind: "nvidia", ids: ["GPU-1"] } : undefined),
      taken: (key) => void reserved.delete(keyText(key)),
      release: (key) => void reserved.delete(keyText(key)),
      stopped: (key, node) => void did.push(`gone ${node} ${keyText(key)}`),
    },
    introductions: {
      mint: (node, { user }, start) =>
        Promise.resolve(
          ["ticket", user, node, start?.supersedes, ...(start?.gpus?.ids ?? [])].filter(Boolean).join("-"),
        ),
    },
    lostServers: {
      stop(node, key, { pid }) {
        did.push(`end ${node} ${keyText(key)} ${pid}`);
        world.location = { kind: "none", supersedes: "claim" };
        return Promise.resolve();
      },
    },
  };
  return world;
}
