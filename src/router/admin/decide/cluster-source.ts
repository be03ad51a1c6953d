import type { ClusterSnapshot, NodeId } from "../../../model.ts";

/** What pages, API and metrics show of the cluster. */
export interface ClusterSource {
  snapshot(): ClusterSnapshot;
  /** What is wrong with the hosts file. */
  problems(): readonly HostsFileProblem[];
  /** What a node itself warns of. */
  warnings(node: NodeId): readonly string[];
}

/** What is shown of the cache that routers share. */
export interface CacheSource {
  readonly isUp: () => boolean;
  /** Whether this router is the one that acts for all. */
  readonly isLeader: () => boolean;
}

export interface HostsFileProblem {
  readonly line: number;
  readonly message: string;
  readonly remedy: string;
}

/** Which parts of the router work now. */
export interface Readiness {
  parts(): readonly ReadyPart[];
}

export interface ReadyPart {
  /** "store", "hosts file", "lobby", "listener", ... */
  readonly name: string;
  readonly isReady: boolean;
  /** The router serves without it, if not as well. */
  readonly isDispensable?: true;
  /** Why it is not; for admins. */
  readonly detail: string;
}
