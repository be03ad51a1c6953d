import { z } from "zod";
import type { HubPorts } from "./hub-settings.ts";

/** The hub's account on every node. */
const HUB_UID = 0;

const Answer = z.object({
  listeners: z.array(
    z.object({
      port: z.int(),
      address: z.string(),
      uid: z.int().nonnegative(),
      user: z.string().nullish(),
      pid: z.int().nullish(),
    }),
  ),
});

/** Who sits behind the hub's ports. */
export type Behind =
  | { readonly kind: "hub" }
  /** At least one of the ports is free, and none is a stranger's. */
  | { readonly kind: "nobody" }
  | { readonly kind: "stranger"; readonly port: number; readonly uid: number; readonly words: string };

/**
 * Reads the agent's `listeners`; `undefined` if that is no answer. A listener of another account on any address of
 * one of the ports is a stranger: it would get the hub's traffic as soon as the hub is away.
 */
export function readListeners(answer: unknown, ports: HubPorts): Behind | undefined {
  const listeners = Answer.safeParse(answer).data?.listeners;
  if (listeners === undefined) return undefined;
  const wanted = [ports.proxy, ports.hub, ports.api];
  const relevant = listeners.filter(({ port }) => wanted.includes(port));
  const stranger = relevant.find(({ uid }) => uid !== HUB_UID);
  if (stranger !== undefined) {
    const { port, address, uid, user, pid } = stranger;
    const words = `port ${port} (${address}) belongs to ${user ?? "an account without a name"}, uid ${uid}, pid ${pid ?? "unknown"}`;
    return { kind: "stranger", port, uid, words };
  }
  const isComplete = wanted.every((port) => relevant.some((listener) => listener.port === port));
  return { kind: isComplete ? "hub" : "nobody" };
}
