import type { NodeId, ServerSize, UserName } from "../../model.ts";
import type { Clock } from "../../ports.ts";
import { expectedBytes, noteSize, type SizeBounds, type SizeHistory } from "./decide/size-history.ts";

/** How large the servers of each user were lately, by what their nodes measured. */
export interface SizeBook {
  note(node: NodeId, size: Pick<ServerSize, "key" | "rssBytes">): SizeHistory;
  /** What is known of the user, from here on. */
  know(user: UserName, history: SizeHistory): void;
  has(user: UserName): boolean;
  /** What a server of theirs is expected to take; undefined: nothing is known of them. */
  readonly expected: (user: UserName) => number | undefined;
}

/** Users remembered; of more, those who had a server longest ago are forgotten. */
const MOST_USERS = 20_000;

export function createSizeBook(
  { clock }: { readonly clock: Pick<Clock, "now"> },
  bounds: SizeBounds,
): SizeBook {
  const histories = new Map<UserName, SizeHistory>();

  function know(user: UserName, history: SizeHistory): void {
    histories.delete(user);
    histories.set(user, history);
    const [oldest] = histories.keys();
    if (histories.size > MOST_USERS && oldest !== undefined) histories.delete(oldest);
  }

  return {
    note(node, { key: { user, server }, rssBytes: bytes }) {
      const history = noteSize(histories.get(user) ?? [], { server, node, bytes }, clock.now());
      know(user, history);
      return history;
    },
    know,
    has: (user) => histories.has(user),
    expected: (user) => expectedBytes(histories.get(user) ?? [], bounds, clock.now()),
  };
}
