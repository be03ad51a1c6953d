/** What plans go by. Uses are shares of a node's scarcest resource, 0..1. */
export interface RebalancePolicy {
  /** A node is hot above this use, if it is also above the mean by `awayFromMean`. */
  readonly hotAbove: number;
  /** A node is cold below this use, if it is also below the mean by `awayFromMean`. */
  readonly coldBelow: number;
  readonly awayFromMean: number;
  /** A hot node stays hot until its use is below `hotAbove` by so much. */
  readonly hysteresis: number;
  /** What frees a smaller share of a hot node's memory is not worth disturbing anybody. */
  readonly leastRelief: number;
  readonly caps: Caps;
  readonly idle: IdlePolicy;
  /** Servers that were started or moved so lately are left alone. */
  readonly restMs: number;
  /** Plans of so short a time share their caps: nobody gets more done by asking more often. */
  readonly settleMs: number;
  /** How long before its server is stopped an owner is told. */
  readonly graceMs: number;
  /** What a server said of its use longer ago is not believed. */
  readonly staleAfterMs: number;
  /** Likewise what a node said of its load. */
  readonly maxSampleAgeMs: number;
  /** Absent: hubs that nobody uses are not stopped. */
  readonly emptyHubAfterMs?: number;
  /** Whether a hub is started where owners of stopped servers are expected next. */
  readonly warmHubs: boolean;
}

/** At most so many servers are stopped. */
interface Caps {
  readonly perNode: number;
  readonly perRun: number;
  readonly perUserPerDay: number;
}

interface IdlePolicy {
  /** A server that was idle for so long may be stopped where that helps. */
  readonly afterMs: number;
  /** Open tabs count for nothing once nothing was computed for so long. Absent: they always count. */
  readonly ignoreTabsAfterMs?: number;
  /** A server that was idle for so long is stopped anyway. Absent: none is. */
  readonly cullAfterMs?: number;
}
