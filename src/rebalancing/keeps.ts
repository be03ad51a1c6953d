import { createHash } from "node:crypto";
import { z } from "zod";
import { parseJsonText } from "../json-text.ts";
import { keyText, type ServerKey, type UserName } from "../model.ts";
import type { Clock } from "../ports.ts";
import type { Shelf } from "./shelf.ts";

/** The idle servers that their owners want to keep. */
export interface Keeps {
  /** Resolves with until when. */
  keep(key: ServerKey): Promise<number>;
  /** By `keyText`: those of these users which are kept now, and until when. */
  of(users: readonly UserName[]): Promise<ReadonlyMap<string, number>>;
}

const Kept = z.record(z.string(), z.number());

/** Of one user, those that were asked for last: names of servers can be made up without end. */
const MOST_KEPT = 100;

/** A document for each user: any router may write it, and owners do not get into each other's way. */
export function createKeeps(
  { shelf, clock }: { readonly shelf: Shelf; readonly clock: Pick<Clock, "now"> },
  { keepForMs }: { readonly keepForMs: number },
): Keeps {
  async function live(user: UserName): Promise<readonly (readonly [string, number])[]> {
    const kept = parseJsonText(Kept, await shelf.get(nameOf(user))) ?? {};
    return Object.entries(kept).filter(([, untilMs]) => untilMs > clock.now());
  }

  return {
    async keep(key) {
      const untilMs = clock.now() + keepForMs;
      const others = (await live(key.user)).filter(([name]) => name !== keyText(key));
      const kept = [...others, [keyText(key), untilMs] as const].slice(-MOST_KEPT);
      await shelf.put(nameOf(key.user), JSON.stringify(Object.fromEntries(kept)));
      return untilMs;
    },
    async of(users) {
      const each = await Promise.all([...new Set(users)].map(live));
      return new Map(each.flat());
    },
  };
}

/** A user's name may hold what no file's name may. */
function nameOf(user: UserName): string {
  return `kept-${createHash("sha256").update(user).digest("hex").slice(0, 40)}`;
}
