import type { Store } from "../../cache-ports.ts";
import type { ServerKey, UserName } from "../../model.ts";
import type { Log } from "../../ports.ts";
import { parseKeptWishes, type KeptWish } from "./decide/choice.ts";

/** What users asked for last, server by server. */
export interface KeptWishes {
  of(key: ServerKey): Promise<KeptWish>;
  keep(key: ServerKey, wish: KeptWish): Promise<void>;
}

const KEEP_MS = 365 * 86_400_000;
/** Of one user, the latest: names of servers can be made up without end. */
const MOST_KEPT = 50;

export function createKeptWishes({
  store,
  log,
}: {
  readonly store: Store;
  readonly log: Pick<Log, "debug">;
}): KeptWishes {
  async function allOf(user: UserName): Promise<ReadonlyMap<string, KeptWish>> {
    return parseKeptWishes(await store.get(keyOf(user)).catch(() => undefined));
  }

  return {
    async of({ user, server }) {
      return (await allOf(user)).get(server) ?? { groups: [] };
    },
    async keep({ user, server }, wish) {
      const others = [...(await allOf(user))].filter(([name]) => name !== server);
      const text = JSON.stringify([...others, [server, wish]].slice(-MOST_KEPT));
      await store.set(keyOf(user), text, KEEP_MS).catch((err: unknown) => {
        log.debug({ err }, "store not available, a choice is not remembered");
      });
    },
  };
}

function keyOf(user: UserName): string {
  return `wishes:${user}`;
}
