/** How a node's load was at a moment of the router's clock. */
export interface LoadPoint {
  readonly atMs: number;
  /** Share of its memory in use, 0..1. */
  readonly memory: number;
  /** Load per core. */
  readonly load: number;
  readonly servers: number;
}

/** How loaded nodes were in the last hours, as far as this router has heard of them. */
export interface LoadHistory {
  readonly everyMs: number;
  /** The oldest first; none for a time in which the node did not tell. */
  of(node: string): readonly LoadPoint[];
}
