import { AppError } from "../../errors.ts";
import type { NodeId } from "../../model.ts";
import type { Clock, HubKeeper, Log } from "../../ports.ts";
import type { LobbyTrouble } from "./decide/sign-in.ts";

export type LobbyChoice =
  | { readonly kind: "ready"; readonly lobby: NodeId }
  | { readonly kind: "none"; readonly lobbies: readonly LobbyTrouble[] };

interface Deps {
  readonly keeper: HubKeeper;
  readonly clock: Clock;
  readonly log: Log;
}

/** The first lobby whose hub is ready, in the configured order. Each is waited for only so long; its start goes on. */
export async function chooseLobby(
  { keeper, clock, log }: Deps,
  lobbies: readonly NodeId[],
  patienceMs: number,
  signal: AbortSignal,
): Promise<LobbyChoice> {
  const troubles: LobbyTrouble[] = [];
  for (const lobby of lobbies) {
    const deadline = clock.deadline(patienceMs);
    try {
      await keeper.ensureReady(lobby, () => undefined, AbortSignal.any([signal, deadline]));
      return { kind: "ready", lobby };
    } catch (err) {
      signal.throwIfAborted();
      if (!deadline.aborted) log.warn({ err, node: lobby }, "lobby is not ready");
      troubles.push({ node: lobby, detail: deadline.aborted ? "its hub is starting" : wordsFor(err) });
    }
  }
  return { kind: "none", lobbies: troubles };
}

/** What a visitor who is not signed in may know of a failure; the log has the rest. */
export function wordsFor(err: unknown): string {
  if (!(err instanceof AppError)) return "it failed for an unknown reason";
  return WORDS[err.code] ?? `it reported ${err.code}`;
}

const WORDS: Readonly<Partial<Record<AppError["code"], string>>> = {
  NODE_UNKNOWN: "it is not in the hosts file any more",
  NODE_UNREACHABLE: "the machine does not answer",
  NODE_TIMEOUT: "the machine did not answer in time",
  TUNNEL_LOST: "the connection to it was lost",
  TUNNEL_REFUSED: "its hub does not run",
  HUB_UNREACHABLE: "its hub does not answer",
  HUB_NOT_HEALTHY: "its hub does not get healthy",
  HUB_REFUSED: "its hub refused",
  HOST_KEY_UNKNOWN: "its host key is not known to the router",
  HOST_KEY_CHANGED: "its host key has changed",
};
