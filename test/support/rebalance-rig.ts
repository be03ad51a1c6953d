import { AppError } from "../../src/errors.ts";
import type { Closure, NodeId, NodeView } from "../../src/model.ts";
import type { RebalanceMode } from "../../src/plan.ts";
import type { IdleStopAnswer, NodeOrders, OrderWish } from "../../src/ports.ts";
import { createLeadership } from "../../src/discovery/leadership.ts";
import { createActing } from "../../src/rebalancing/acting.ts";
import { createApprovals } from "../../src/rebalancing/approvals.ts";
import type { RunningServer } from "../../src/rebalancing/decide/situation.ts";
import type { Hands } from "../../src/rebalancing/hands.ts";
import { createKeeps } from "../../src/rebalancing/keeps.ts";
import { createMoveMaking } from "../../src/rebalancing/move-making.ts";
import { createNoticeBook, type OwnerMessenger } from "../../src/rebalancing/notices.ts";
import { createPlanBook } from "../../src/rebalancing/plan-book.ts";
import { createPlanMaking } from "../../src/rebalancing/plan-making.ts";
import { createRebalancer } from "../../src/rebalancing/rebalancer.ts";
import { createShelf, type DocumentFiles } from "../../src/rebalancing/shelf.ts";
import { createSituations } from "../../src/rebalancing/situations.ts";
import { createTally } from "../../src/rebalancing/tally.ts";
import { createFakeClock } from "./fake-clock.ts";
import { createMemoryAudit } from "./memory-audit.ts";
import { createMemoryLog } from "./memory-log.ts";
import { createMemoryStore } from "./memory-store.ts";
import { cordonedBy, HOUR, nodeAt, NOW, policy, server } from "./plan-situations.ts";

/** Nodes and servers in memory, and what was done to them. */
export interface Site {
  readonly clock: ReturnType<typeof createFakeClock>;
  readonly store: ReturnType<typeof createMemoryStore>;
  /** How many per cent of a node's memory are used. */
  readonly used: Map<string, number>;
  readonly closures: Map<string, Closure>;
  /** By user: where their server runs, and since when it is idle; absent: it is busy. */
  readonly servers: Map<string, { node: string; idleSinceMs?: number }>;
  unreadableHomes: number;
  readonly did: string[];
  /** What a server says instead of stopping. */
  answer: IdleStopAnswer | undefined;
  /** Called in the middle of every act. */
  during: (what: string) => Promise<void>;
  readonly hands: Hands;
}

/** node1 is hot and holds the idle servers of alice and bob; node2 and node3 are nearly empty. */
export function createSite(): Site {
  const clock = createFakeClock(NOW);
  const site: Site = {
    clock,
    store: createMemoryStore(clock),
    used: new Map([
      ["node1", 92],
      ["node2", 20],
      ["node3", 30],
    ]),
    closures: new Map(),
    servers: new Map([
      ["alice", { node: "node1", idleSinceMs: NOW - 5 * HOUR }],
      ["bob", { node: "node1", idleSinceMs: NOW - 5 * HOUR }],
    ]),
    unreadableHomes: 0,
    did: [],
    answer: undefined,
    during: () => Promise.resolve(),
    hands: {
      orders: ordersOf(() => site),
      hubs: { ensureReady: (node) => act(site, `warm ${node}`) },
      emptyHubs: { stop: (node) => act(site, `stop hub ${node}`).then(() => ({ kind: "stopped" })) },
      idleStops: {
        async ask({ key, node }) {
          await act(site, `stop ${key.user} on ${node}`);
          if (site.answer !== undefined) return site.answer;
          site.servers.delete(key.user);
          return { kind: "stopped" };
        },
      },
    },
  };
  return site;
}

async function act(site: Site, what: string): Promise<void> {
  site.did.push(what);
  await site.during(what);
}

function ordersOf(site: () => Site): NodeOrders {
  return {
    async give(node: NodeId, { kind, by }: OrderWish) {
      await act(site(), `${kind} ${node}`);
      if (kind === "lift") site().closures.delete(node);
      else site().closures.set(node, cordonedBy(by));
      return {};
    },
  };
}

function viewsOf({ used, closures, clock }: Site): NodeView[] {
  return [...used].map(([id, percent]) => nodeAt(id, percent, { takenAtMs: clock.now() }, closures.get(id)));
}

function serversOf({ servers, clock }: Site): RunningServer[] {
  return [...servers].map(([user, { node, idleSinceMs }]) => {
    const running = server(user, node);
    const said = { saidAtMs: clock.now(), memoryBytes: 5 * 1024 ** 3 };
    const idle = { idleSinceMs: idleSinceMs ?? 0, idleButTabsSinceMs: idleSinceMs ?? 0 };
    const activity =
      idleSinceMs === undefined ? { ...said, busyWith: "a kernel is busy" } : { ...said, ...idle };
    return { ...running, activity };
  });
}

/** Files of a router, which outlive it. */
export function memoryFiles(): DocumentFiles & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return {
    texts,
    names: () => Promise.resolve([...texts.keys()]),
    read: (name) => Promise.resolve(texts.get(name)),
    write: (name, text) => Promise.resolve(void texts.set(name, text)),
    remove: (name) => Promise.resolve(void texts.delete(name)),
  };
}

interface RouterOptions {
  readonly name?: string;
  readonly mode?: RebalanceMode;
  readonly files?: DocumentFiles;
  readonly messenger?: OwnerMessenger;
}

const MASTER_KEYS = [new Uint8Array(32).fill(7)];

export const LEASE_MS = 15_000;
export const APPROVE_MS = HOUR;

/** A router of that site, as the composition puts it together; nothing has started. */
function createRouterOf(site: Site, options: RouterOptions = {}) {
  const { name = "a", mode = "act", files = memoryFiles(), messenger } = options;
  const { clock, store } = site;
  const log = createMemoryLog();
  const audit = createMemoryAudit();
  const shelf = createShelf({ files, store, keys: () => MASTER_KEYS, clock }, { keepMs: 7 * 24 * HOUR });
  store.onReturn(() => shelf.refill());
  const book = createPlanBook({ shelf, clock }, { keepMs: 7 * 24 * HOUR, keepMost: 50 });
  const keeps = createKeeps({ shelf, clock }, { keepForMs: 8 * HOUR });
  const { graceMs } = policy;
  const notices = createNoticeBook({ shelf, keeps, messenger, audit, clock, log }, { graceMs, tellMs: 1000 });
  const tally = createTally();
  const running = {
    lookAfresh: (_nodes: readonly NodeId[], signal: AbortSignal) => {
      signal.throwIfAborted();
      return Promise.resolve();
    },
    all: () => serversOf(site),
    unknowns: () => ({ users: site.servers.size, unreadableHomes: site.unreadableHomes }),
  };
  const cluster = { snapshot: () => ({ takenAtMs: clock.now(), nodes: viewsOf(site) }) };
  const situations = createSituations({ cluster, running, hubUse: () => [], book, notices, keeps, clock });
  const moves = createMoveMaking(
    {
      book,
      situations,
      hands: site.hands,
      audit,
      onOutcome: (move, result) => {
        tally.moved(move, result);
      },
      clock,
      log,
    },
    { policy, moveMs: 60_000 },
  );
  const leadership = createLeadership(
    { leases: store, clock, log },
    { name: "loops", holder: name, ttlMs: LEASE_MS },
  );
  const random = { next: () => (site.did.length % 97) / 97 };
  const planning = createPlanMaking({ situations, book, clock, random, log }, { policy, lookMs: 15_000 });
  const acting = createActing({ book, notices, moves, clock });
  const approvals = createApprovals({ book, shelf, audit, clock }, { withinMs: APPROVE_MS });
  const rebalancer = createRebalancer(
    { planning, acting, approvals, book, notices, store, leadership, tally, clock, log },
    { mode, everyMs: 2000 },
  );
  return { rebalancer, leadership, notices, book, shelf, tally, log, audit, files };
}

export type TestRouter = ReturnType<typeof createRouterOf>;

/** Starts it, and lets it take the lease if that is free. */
export async function startRouterOf(site: Site, options: RouterOptions = {}): Promise<TestRouter> {
  const router = createRouterOf(site, options);
  await router.leadership.start();
  await router.rebalancer.start();
  await site.clock.advance(10);
  return router;
}

/** As kill -9 does: nothing is finished, nothing given back. */
export function neverEnds(): Promise<never> {
  return new Promise(() => undefined);
}

/** What came of the moves of the newest plan: "cordon: done". */
export async function outcomesOf({ book }: TestRouter): Promise<readonly string[]> {
  const [record] = await book.all();
  if (record === undefined) throw new AppError("PLAN_UNKNOWN", "there is no plan");
  return record.plan.moves.map(({ id, kind }) => {
    const outcome = record.outcomes.find(({ move }) => move === id);
    return `${kind}: ${outcome?.result ?? "open"}`;
  });
}
