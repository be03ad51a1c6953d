import type { Machine, Sample } from "./machine.ts";
import type { Session } from "./session.ts";
import type { ServerState } from "./visits.ts";

/** What a policy may look at when it decides. */
export interface Scene {
  readonly nowMs: number;
  readonly machines: readonly Machine[];
  /** The last report of each machine, in the order of the machines. */
  samples(): readonly Sample[];
}

/** A server that runs, and that came through the router. */
export interface Running extends ServerState {
  /** What it is stopped by. */
  readonly index: number;
  readonly session: Session;
  readonly machine: number;
}

/** Who decides where a server starts. What happens afterwards it is told, as a program in its place would be. */
export interface Policy {
  /** The machine's index; `undefined` turns the session away. */
  place(session: Session, scene: Scene): number | undefined;
  /** A server is on its way to a machine, whoever sent it there. Only the oracle sees those of others. */
  arrived?(session: Session, machine: number): void;
  /** A server it placed runs. */
  started?(session: Session, machine: Machine, nowMs: number): void;
  /** The first report that shows a server that it placed has come in. */
  reported?(machine: Machine, nowMs: number): void;
  /** A server it placed has ended. */
  ended?(machine: number): void;
  /** How often it looks at what runs. */
  readonly rebalancesEveryMs?: number;
  /** Which servers it stops now. */
  rebalance?(running: readonly Running[], scene: Scene): readonly number[];
}
