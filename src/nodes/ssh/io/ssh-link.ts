import { unlessAborted } from "../../../deadline.ts";
import { AppError } from "../../../errors.ts";
import type { Clock, Random } from "../../../ports.ts";
import type { SshConnection } from "./ssh-connection.ts";

export interface LinkDeps {
  /** Makes one new connection. */
  connect(signal: AbortSignal): Promise<SshConnection>;
  onUp(connection: SshConnection): void;
  onDown(cause: unknown): void;
  readonly clock: Clock;
  readonly random: Random;
}

/** Keeps one connection alive from the first time it is asked for. */
export interface Link {
  /**
   * The live connection, or the one an attempt under way makes. Between failed attempts it rejects at once
   * with the last failure: nobody waits out a back-off.
   */
  connection(signal: AbortSignal): Promise<SshConnection>;
  close(): Promise<void>;
}

const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 30_000;
/** A connection that is lost sooner is as good as none: the tries to get another become rarer. */
const STOOD_MS = 5_000;
/** After a loss all nodes' links may come back at once: spread them a little. */
const RECONNECT_SPREAD_MS = 250;

type LinkState =
  | { readonly kind: "connecting"; readonly attempt: Promise<SshConnection> }
  | { readonly kind: "up"; readonly connection: SshConnection }
  | { readonly kind: "backing-off"; readonly cause: Error };

interface Stood {
  /** Negative: there was no connection. */
  readonly stoodMs: number;
  readonly cause: Error;
}

function neverStood(cause: unknown): Stood {
  return { stoodMs: -1, cause: cause as Error };
}

/** A link that makes its first attempt now; it never gives up until it is closed. */
export function createLink(deps: LinkDeps): Link {
  const closing = new AbortController();
  let state: LinkState;
  const running = run();

  async function run(): Promise<void> {
    let failures = 0;
    let pauseMs = 0;
    while (!closing.signal.aborted) {
      const attempt = deps.clock.sleep(pauseMs, closing.signal).then(() => deps.connect(closing.signal));
      state = { kind: "connecting", attempt };
      const { stoodMs, cause } = await attempt.then(hold, neverStood);
      if (closing.signal.aborted) return;
      deps.onDown(cause);
      const isSoon = stoodMs >= STOOD_MS || (stoodMs >= 0 && failures === 0);
      if (stoodMs >= STOOD_MS) failures = 0;
      pauseMs = isSoon ? deps.random.next() * RECONNECT_SPREAD_MS : 0;
      if (!isSoon) await backOff(cause, failures);
      if (stoodMs < STOOD_MS) failures += 1;
    }
  }

  async function backOff(cause: Error, failures: number): Promise<void> {
    state = { kind: "backing-off", cause };
    await deps.clock.sleep(backoffMs(failures, deps.random), closing.signal).catch(() => undefined);
  }

  async function hold(connection: SshConnection): Promise<Stood> {
    const sinceMs = deps.clock.now();
    state = { kind: "up", connection };
    deps.onUp(connection);
    function close(): void {
      connection.close();
    }
    closing.signal.addEventListener("abort", close, { once: true });
    if (closing.signal.aborted) close();
    const cause = await connection.lost;
    closing.signal.removeEventListener("abort", close);
    return { stoodMs: deps.clock.now() - sinceMs, cause };
  }

  return {
    connection(signal) {
      if (closing.signal.aborted) return Promise.reject(stopped());
      switch (state.kind) {
        case "up":
          return Promise.resolve(state.connection);
        case "connecting":
          return unlessAborted(state.attempt, signal);
        case "backing-off":
          return Promise.reject(state.cause);
      }
    },
    async close() {
      closing.abort(stopped());
      await running;
    },
  };
}

/** Doubles from 1 s to 30 s; each pause is between half and all of that, so that nodes do not come in step. */
export function backoffMs(failures: number, random: Random): number {
  const ceiling = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures, 16));
  return ceiling * (0.5 + random.next() / 2);
}

function stopped(): AppError {
  return new AppError("STOPPING", "the connection to the node was closed by us");
}
