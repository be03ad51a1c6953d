import { type Sighting } from "../../sighting.ts";
import { keyText, type ServerKey } from "../../model.ts";
import type { Store } from "../../cache-ports.ts";
import type { Audit, Clock, Log } from "../../ports.ts";
import { iso } from "../../wall-clock.ts";
import { parseKept } from "./decide/memory.ts";

/** Servers that their hub has lost, and that their owners want left alone for some hours. */
export interface KeptServers {
  keep(key: ServerKey, sighting: Sighting): Promise<void>;
  /** Until when this very server is kept; undefined if nobody said so, or the store does not know. */
  keptUntil(key: ServerKey, sighting: Sighting): Promise<number | undefined>;
}

export interface KeptServersDeps {
  readonly store: Store;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly log: Log;
}

export function createKeptServers(
  { store, audit, clock, log }: KeptServersDeps,
  { keepMs }: { readonly keepMs: number },
): KeptServers {
  return {
    async keep(key, sighting) {
      const untilMs = clock.now() + keepMs;
      const text = JSON.stringify({ process: identityOf(sighting), untilMs });
      await store.set(keyOf(key), text, keepMs).catch((err: unknown) => {
        log.warn({ err }, "store not available, what is kept is not remembered");
      });
      const act = { audit: "keep", by: key.user, ...key, node: sighting.node, until: iso(untilMs) } as const;
      await audit.note(act, "owner keeps a lost server");
    },
    async keptUntil(key, sighting) {
      const kept = parseKept(await store.get(keyOf(key)).catch(() => undefined));
      return kept?.process === identityOf(sighting) ? kept.untilMs : undefined;
    },
  };
}

function keyOf(key: ServerKey): string {
  return `kept-server:${keyText(key)}`;
}

function identityOf({ node, process }: Sighting): string {
  return [node, process?.bootId, process?.pid, process?.startTicks].join("/");
}
