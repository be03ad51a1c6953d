import { AppError } from "../../src/errors.ts";
import { keyText, type Location, type NodeId, type ServerKey, type UserName } from "../../src/model.ts";
import type {
  Avoid,
  HubApi,
  HubKeeper,
  Locator,
  NodeVerdict,
  Placement,
  Placer,
  Store,
} from "../../src/ports.ts";
import type { Introductions } from "../../src/router/decide/way-in.ts";
import type { FakeClock } from "./fake-clock.ts";

export const ALICE: ServerKey = { user: "alice" as UserName, server: "" as ServerKey["server"] };
export const NODE1 = "node1" as NodeId;
export const NODE2 = "node2" as NodeId;

/** Nodes, hubs and servers that exist in memory only; what they do is set by the test and noted in `did`. */
export interface FakeWorld {
  readonly locator: Locator;
  readonly hubs: HubKeeper;
  readonly hubApi: Pick<HubApi, "introduce" | "startServer" | "followStart" | "stopServer" | "serversOf">;
  readonly placer: Placer & { readonly reserved: Set<string> };
  readonly introductions: Introductions;
  readonly did: string[];
  /** What `locate` answers, unless a server runs. */
  location: Location;
  readonly servers: Map<string, NodeId>;
  next: { readonly kind: "placed"; readonly node: NodeId } | { readonly kind: "none" };
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
    return { key, node, evidence: "hub-list" as const, ready: true, seenAtMs: clock.now() };
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
    hubMs: 1000,
    serverMs: 2000,
    hubFailure: undefined,
    nodes: [NODE1, NODE2],
    goodHubs: new Set(),
    serverFailure: undefined,
    locator: { locate, locateAll: (user) => locate({ ...ALICE, user }) },
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
        onProgress("Spawning server...");
        await clock.sleep(world.serverMs, signal);
        if (world.serverFailure) throw world.serverFailure;
        servers.set(keyText(key), node);
      },
      stopServer(node, key) {
        did.push(`stop ${node} ${keyText(key)}`);
        servers.delete(keyText(key));
        return Promise.resolve();
      },
      serversOf: (_node, user) =>
        Promise.resolve([{ key: { ...ALICE, user }, ready: true, startedAt: "2026-01-02T03:04:05Z" }]),
    },
    placer: {
      reserved,
      place(key, avoid) {
        did.push("place");
        const placement = decide(avoid);
        if (placement.kind === "placed") reserved.add(keyText(key));
        return placement;
      },
      explain: (_key, avoid) => decide(avoid),
      release: (key) => void reserved.delete(keyText(key)),
    },
    introductions: { mint: (node, { user }) => Promise.resolve(`ticket-${user}-${node}`) },
  };
  return world;
}

/** A store in memory that can be switched off. */
export function createFakeStore(clock: FakeClock): Store & { isDown: boolean; clear(): void } {
  const values = new Map<string, { readonly value: string; readonly untilMs: number }>();

  function live(key: string): string | undefined {
    const kept = values.get(key);
    return kept !== undefined && kept.untilMs > clock.now() ? kept.value : undefined;
  }

  function guard<T>(work: () => T): Promise<T> {
    if (store.isDown) return Promise.reject(new AppError("STORE_UNAVAILABLE", "the cache does not answer"));
    return Promise.resolve(work());
  }

  const store = {
    isDown: false,
    clear: () => {
      values.clear();
    },
    get: (key: string) => guard(() => live(key)),
    set: (key: string, value: string, ttlMs: number) =>
      guard(() => void values.set(key, { value, untilMs: clock.now() + ttlMs })),
    setIfAbsent: (key: string, value: string, ttlMs: number) =>
      guard(() => {
        if (live(key) !== undefined) return false;
        values.set(key, { value, untilMs: clock.now() + ttlMs });
        return true;
      }),
    delete: (key: string) => guard(() => void values.delete(key)),
  };
  return store;
}
