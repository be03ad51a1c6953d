import { type NodeId, parseNodeId } from "../../model.ts";
import type { Store } from "../../cache-ports.ts";
import type { Log } from "../../ports.ts";
import { createLru } from "../web/decide/lru.ts";
import type { Session } from "./decide/session.ts";

interface Deps {
  readonly store: Store;
  readonly log: Log;
}

/** Which hubs each session has been to. */
export interface Visits {
  note(session: Session): Promise<void>;
  of(session: Session): Promise<readonly NodeId[]>;
}

/** More than any session has been to: of what the store holds, the rest is not believed. */
const MAX_NODES = 1000;

/** Answers that cross each other overwrite the cookie, so the hubs visited are kept here and in the store, too. */
export function createVisits({ store, log }: Deps, totalMs: number): Visits {
  const here = createLru<string, readonly NodeId[]>(5000);

  function keyOf({ id }: Session): string {
    return `visited/${id}`;
  }

  return {
    async note(session) {
      const nodes = [...new Set([...(here.get(session.id) ?? []), ...session.nodes])];
      here.set(session.id, nodes);
      await store.set(keyOf(session), nodes.join(" "), totalMs).catch((err: unknown) => {
        log.debug({ err }, "visited hubs not kept in the store");
      });
    },
    async of(session) {
      const stored = (await store.get(keyOf(session)).catch(() => undefined)) ?? "";
      const elsewhere = stored.split(" ", MAX_NODES).flatMap((text) => parseNodeId(text) ?? []);
      return [...new Set([...session.nodes, ...(here.get(session.id) ?? []), ...elsewhere])].toSorted();
    },
  };
}
