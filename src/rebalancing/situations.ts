import type { ClusterSnapshot, NodeId } from "../model.ts";
import type { MoveOutcome, PlanRecord, RebalanceMode } from "../plan.ts";
import type { Clock } from "../ports.ts";
import type { Unknowns } from "./decide/holding-back.ts";
import type { HubUse, Past, PastMove, RunningServer, Situation } from "./decide/situation.ts";
import type { Keeps } from "./keeps.ts";
import type { NoticeBook } from "./notices.ts";
import type { PlanBook } from "./plan-book.ts";

/** The servers that surely run, and what is not known of them. */
export interface RunningServers {
  /** Looks at these nodes anew. */
  lookAfresh(nodes: readonly NodeId[], signal: AbortSignal): Promise<void>;
  all(): readonly RunningServer[];
  unknowns(): Unknowns;
}

export interface SituationDeps {
  readonly cluster: { snapshot(): ClusterSnapshot };
  readonly running: RunningServers;
  readonly hubUse: () => readonly HubUse[];
  readonly book: Pick<PlanBook, "all">;
  readonly notices: Pick<NoticeBook, "all">;
  readonly keeps: Keeps;
  readonly clock: Pick<Clock, "now">;
}

export interface Situations {
  /** How it is now; of these nodes, or all, it is no older than this call. */
  gather(head: Head, signal: AbortSignal, nodes?: readonly NodeId[]): Promise<Situation>;
  unknowns(): Unknowns;
}

interface Head {
  readonly trigger: string;
  readonly mode: RebalanceMode;
}

const DAY_MS = 86_400_000;

/** Puts together what plans are made from. */
export function createSituations(deps: SituationDeps): Situations {
  const { cluster, running, hubUse, book, notices, keeps, clock } = deps;
  return {
    async gather({ trigger, mode }, signal, nodes) {
      const asked = nodes ?? cluster.snapshot().nodes.map(({ spec }) => spec.id);
      await running.lookAfresh(asked, signal);
      const servers = running.all();
      const kept = await keeps.of(servers.map(({ key }) => key.user));
      const told = await notices.all();
      const atMs = clock.now();
      const past = pastOf(await book.all(), atMs);
      const now = { atMs, mode, trigger, cluster: cluster.snapshot(), hubs: hubUse() };
      return { ...now, servers, past, kept, notices: told };
    },
    unknowns: () => running.unknowns(),
  };
}

/** By the plans that are kept, the newest first. */
function pastOf(records: readonly PlanRecord[], atMs: number): Past {
  const lately = records.filter(({ plan }) => atMs - plan.madeAtMs <= 2 * DAY_MS);
  const hot = (records[0]?.plan.nodes ?? []).filter(({ standing }) => standing === "hot");
  function stopsThat(areSo: (outcome: MoveOutcome) => boolean): readonly PastMove[] {
    return lately.flatMap((record) => stopsOf(record, areSo)).filter((move) => atMs - move.atMs <= DAY_MS);
  }
  return {
    // One that may have happened counts.
    moves: stopsThat(({ result }) => result === "done" || result === "unknown"),
    refusals: stopsThat(({ result, isRefused }) => isRefused === true || result === "failed"),
    hot: hot.map(({ node }) => node),
  };
}

function stopsOf(
  { plan, outcomes }: PlanRecord,
  areSo: (outcome: MoveOutcome) => boolean,
): readonly PastMove[] {
  return outcomes.filter(areSo).flatMap(({ move, atMs }): readonly PastMove[] => {
    const made = plan.moves.find(({ id }) => id === move);
    return made?.kind === "stop-server" ? [{ key: made.key, node: made.node, atMs }] : [];
  });
}
