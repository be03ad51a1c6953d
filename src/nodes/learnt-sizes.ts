import { z } from "zod";
import type { Store } from "../cache-ports.ts";
import { NodeName, parseJsonText } from "../json-text.ts";
import type { NodeId, ServerName, ServerSize, UserName } from "../model.ts";
import type { Accounts, Clock, Log } from "../ports.ts";
import { parseAccountName } from "../user-name.ts";
import type { SizeHistory } from "./decide/size-history.ts";
import type { SizeBook } from "./size-book.ts";

export interface LearntSizesDeps {
  readonly book: SizeBook;
  readonly store: Store;
  readonly accounts: Accounts;
  readonly clock: Clock;
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
const CHECK_EVERY_MS = 86_400_000;
const ASK_MS = 10_000;
/** Names that processes make up do not fill the memory. */
const MOST_CHECKED = 20_000;

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

export function createLearntSizes({ book, store, accounts, clock, log }: LearntSizesDeps): LearntSizes {
  const checked = new Map<string, { readonly isOwn: boolean; readonly untilMs: number }>();
  const savedAtMs = new Map<UserName, number>();

  async function isOwn(node: NodeId, { key, uid }: ServerSize): Promise<boolean> {
    const text = `${key.user}/${uid}`;
    const known = checked.get(text);
    if (known !== undefined && known.untilMs > clock.now()) return known.isOwn;
    const name = parseAccountName(key.user);
    const account = name && (await accounts.find(node, name, clock.deadline(ASK_MS)));
    const answer = { isOwn: account ? account.uid === uid : false, untilMs: clock.now() + CHECK_EVERY_MS };
    if (checked.size >= MOST_CHECKED) checked.clear();
    checked.set(text, answer);
    return answer.isOwn;
  }

  async function learn(node: NodeId, size: ServerSize): Promise<void> {
    const { user } = size.key;
    if (!(await isOwn(node, size))) return;
    await recall(user);
    const history = book.note(node, size);
    if (clock.now() - (savedAtMs.get(user) ?? -Infinity) < SAVE_EVERY_MS) return;
    if (savedAtMs.size >= MOST_CHECKED) savedAtMs.clear();
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
