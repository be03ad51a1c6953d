import { z } from "zod";
import type { Store } from "../../cache-ports.ts";
import { NodeName, parseJsonText } from "../../json-text.ts";
import type { NodeId, ServerName, ServerSize, UserName } from "../../model.ts";
import type { Clock, Log } from "../../ports.ts";
import type { SizeHistory } from "./decide/size-history.ts";
import type { ProcessOwners } from "./process-owners.ts";
import type { SizeBook } from "./size-book.ts";

export interface LearntSizesDeps {
  readonly book: SizeBook;
  readonly store: Store;
  readonly owners: Pick<ProcessOwners, "isOwn">;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
}

/** Learns from what nodes measure, and keeps it where the other routers, and the next one, find it. */
export interface LearntSizes {
  /** What a node measured. Nothing is believed of a process that runs as somebody else than it says. */
  readonly heard: (node: NodeId, sizes: readonly ServerSize[]) => Promise<void>;
  /** Has at hand what is kept of a user. Never throws: without it the usual size will do. */
  readonly recall: (user: UserName) => Promise<void>;
}

const KEEP_MS = 60 * 86_400_000;
const SAVE_EVERY_MS = 10 * 60_000;
/** Names that processes make up do not fill the memory. */
const MOST_SAVED = 20_000;

const Kept = z
  .array(
    z.object({
      server: z.string().transform((text) => text as ServerName),
      node: NodeName,
      firstMs: z.number(),
      lastMs: z.number(),
      peakBytes: z.number().nonnegative(),
    }),
  )
  .max(100);

export function createLearntSizes({ book, store, owners, clock, log }: LearntSizesDeps): LearntSizes {
  const savedAtMs = new Map<UserName, number>();

  async function learn(node: NodeId, size: ServerSize): Promise<void> {
    const { user } = size.key;
    if (!(await owners.isOwn(node, size))) return;
    await recall(user);
    const history = book.note(node, size);
    if (clock.now() - (savedAtMs.get(user) ?? -Infinity) < SAVE_EVERY_MS) return;
    if (savedAtMs.size >= MOST_SAVED) savedAtMs.clear();
    savedAtMs.set(user, clock.now());
    await store.set(sizesKey(user), JSON.stringify(history), KEEP_MS);
  }

  async function recall(user: UserName): Promise<void> {
    if (book.has(user)) return;
    const kept = await store.get(sizesKey(user)).catch(() => undefined);
    const history: SizeHistory = parseJsonText(Kept, kept) ?? [];
    if (!book.has(user)) book.know(user, history);
  }

  return {
    async heard(node, sizes) {
      for (const size of sizes) {
        await learn(node, size).catch((err: unknown) => {
          log.debug({ err, node }, "the size of a server was not learnt");
        });
      }
    },
    recall,
  };
}

function sizesKey(user: UserName): string {
  return `sizes:${user}`;
}
