import type { ClusterSnapshot } from "../../model.ts";
import type { HostsFileProblem } from "./api-views.ts";

/** What pages, API and metrics show of the cluster. */
export interface ClusterSource {
  snapshot(): ClusterSnapshot;
  /** What is wrong with the hosts file. */
  problems(): readonly HostsFileProblem[];
}

/** Which parts of the router work now. */
export interface Readiness {
  parts(): readonly ReadyPart[];
}

export interface ReadyPart {
  /** "store", "hosts file", "lobby", "listener", ... */
  readonly name: string;
  readonly isReady: boolean;
  /** Why it is not; for admins. */
  readonly detail: string;
}
