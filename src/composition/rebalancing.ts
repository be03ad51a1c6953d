import { join } from "node:path";
import type { Config } from "../config.ts";
import type { RunningServers as Sightings } from "../discovery/running-servers.ts";
import { toRunningServer } from "../rebalancing/decide/running-server.ts";
import type { RebalancePolicy } from "../rebalancing/decide/policy.ts";
import { createActing } from "../rebalancing/acting.ts";
import { createApprovals } from "../rebalancing/approvals.ts";
import type { Hands } from "../rebalancing/hands.ts";
import { createCronSchedule } from "../rebalancing/io/cron-schedule.ts";
import { createDocumentFiles } from "../rebalancing/io/document-files.ts";
import { createOwnerWebhook } from "../rebalancing/io/owner-webhook.ts";
import { createKeeps } from "../rebalancing/keeps.ts";
import { createMoveMaking } from "../rebalancing/move-making.ts";
import { createNoticeBook } from "../rebalancing/notices.ts";
import { createPlanBook } from "../rebalancing/plan-book.ts";
import { createPlanMaking } from "../rebalancing/plan-making.ts";
import { createRebalancer } from "../rebalancing/rebalancer.ts";
import { createShelf } from "../rebalancing/shelf.ts";
import { createSituations, type RunningServers } from "../rebalancing/situations.ts";
import { createTally } from "../rebalancing/tally.ts";
import type { IdleStops } from "../ports.ts";
import type { Assignments } from "../router/way-in/assignments.ts";
import type { SharedState } from "./cache.ts";
import type { NodeReach } from "./node-reach.ts";
import type { Nodes } from "./nodes.ts";
import { startDeadlines } from "./start-deadlines.ts";

interface RebalancingParts
  extends
    Pick<Nodes, "cluster" | "orders" | "keeper" | "idleStops" | "hubUse" | "stopEmptyHub">,
    Pick<SharedState, "cache" | "leadership"> {
  readonly running: Sightings;
  readonly assignments: Forgetting;
}

type Forgetting = Pick<Assignments, "forget">;

/** Plans, what becomes of them, and what owners are told. */
export function composeRebalancing(config: Config, reach: NodeReach, parts: RebalancingParts) {
  const { audit, clock, log } = reach;
  const { mode, schedule: expression, time_zone: timeZone = clock.timeZone } = config.rebalance;
  const kept = composeShelf(config, reach, parts.cache);
  const { book, shelf } = kept;
  const tally = createTally();
  const policy = rebalancePolicy(config);
  const situations = createSituations({ ...parts, ...kept, running: runningServers(parts), clock });
  const moves = createMoveMaking(
    {
      ...{ book, situations, audit, clock, log, hands: handsOf(parts) },
      onOutcome: (move, result) => {
        tally.moved(move, result);
      },
    },
    { policy, moveMs: startDeadlines(config).stopMs },
  );
  const planning = createPlanMaking({ ...reach, situations, book }, { policy, lookMs: LOOK_MS });
  const acting = createActing({ ...kept, moves, clock });
  const approvals = createApprovals(
    { book, shelf, audit, clock },
    { withinMs: config.rebalance.approve_within },
  );
  const rebalancer = createRebalancer(
    { ...reach, ...parts, ...kept, planning, acting, approvals, store: parts.cache, tally },
    { mode, everyMs: ROUND_MS },
  );
  const schedule = createCronSchedule({ expression, timeZone }, rebalancer.tick, log);
  return {
    rebalancing: rebalancer,
    stopNotices: kept.notices,
    keeps: kept.keeps,
    services: [rebalancer, ...(mode === "off" ? [] : [schedule])],
  };
}

/** What is remembered: plans, notices, and what owners keep. */
function composeShelf(
  config: Config,
  { audit, clock, log, state, keyring }: NodeReach,
  cache: SharedState["cache"],
) {
  const { keep_plans: keepMs, grace: graceMs } = config.rebalance;
  const files = createDocumentFiles(join(state.path, "rebalancing"));
  const shelf = createShelf({ files, store: cache, keys: () => keyring.masterKeys(), clock }, { keepMs });
  cache.onReturn(() => shelf.refill());
  const book = createPlanBook({ shelf, clock }, { keepMs, keepMost: KEEP_MOST });
  const keeps = createKeeps({ shelf, clock }, { keepForMs: config.idle.keep_for });
  const messenger = messengerOf(config);
  const notices = createNoticeBook(
    { shelf, keeps, messenger, audit, clock, log },
    { graceMs, tellMs: TELL_MS },
  );
  return { shelf, book, keeps, notices };
}

function handsOf(parts: RebalancingParts): Hands {
  const { orders, keeper: hubs, idleStops, assignments, stopEmptyHub } = parts;
  return {
    orders,
    hubs,
    idleStops: createForgetfulStops(idleStops, assignments),
    emptyHubs: { stop: stopEmptyHub },
  };
}

/**
 * What was decided when a server started is void once it was stopped: its owner's next visit, seconds later, would lead
 * back to the node that is to be relieved.
 */
export function createForgetfulStops(idleStops: IdleStops, assignments: Forgetting): IdleStops {
  return {
    async ask(order, signal) {
      const answer = await idleStops.ask(order, signal);
      if (answer.kind === "stopped" || answer.kind === "unclear")
        await assignments.forget(order.key, order.node);
      return answer;
    },
  };
}

/** How often it is looked whether a plan was approved, or the time of owners who were told is over. */
const ROUND_MS = 2000;
/** How long a look at all nodes may take. */
const LOOK_MS = 15_000;
/** Of plans that are over. */
const KEEP_MOST = 200;
/** How long the site's webhook may take. */
const TELL_MS = 10_000;

function runningServers({ running, cluster }: Pick<RebalancingParts, "running" | "cluster">): RunningServers {
  return {
    lookAfresh: (nodes, signal) => running.lookAfresh(nodes, signal),
    unknowns: () => running.homeCounts(),
    all() {
      const { nodes } = cluster.snapshot();
      const loads = new Map(nodes.map(({ spec, load }) => [spec.id, load]));
      return running.sightings().map((each) => toRunningServer(each, loads.get(each.node) ?? {}));
    },
  };
}

function messengerOf({ rebalance: { webhook, home_url: homeUrl } }: Config) {
  return webhook === undefined ? undefined : createOwnerWebhook(webhook, homeUrl);
}

/** What plans go by, as the configuration has it. */
export function rebalancePolicy({ hub, rebalance, idle, placement }: Config): RebalancePolicy {
  const { caps } = rebalance;
  const emptyHubAfterMs = rebalance.stop_empty_hubs ? hub.stop_empty_after : undefined;
  return {
    hotAbove: rebalance.hot_above,
    coldBelow: rebalance.cold_below,
    awayFromMean: rebalance.away_from_mean,
    hysteresis: rebalance.hysteresis,
    leastRelief: rebalance.least_relief,
    caps: { perNode: caps.per_node, perRun: caps.per_run, perUserPerDay: caps.per_user_per_day },
    idle: idlePolicy(idle),
    restMs: rebalance.rest,
    settleMs: rebalance.settle,
    graceMs: rebalance.grace,
    staleAfterMs: rebalance.stale_after,
    maxSampleAgeMs: placement.max_sample_age,
    warmHubs: rebalance.warm_hubs,
    ...(emptyHubAfterMs !== undefined && { emptyHubAfterMs }),
  };
}

function idlePolicy({ after, ignore_tabs_after, cull_after }: Config["idle"]): RebalancePolicy["idle"] {
  return {
    afterMs: after,
    ...(ignore_tabs_after !== undefined && { ignoreTabsAfterMs: ignore_tabs_after }),
    ...(cull_after !== undefined && { cullAfterMs: cull_after }),
  };
}
