import type { Link } from "./ssh-link.ts";

/** The links there are, by key. A link whose `madeFor` no longer holds is replaced by a new one. */
export interface LinkTable {
  get(key: string, madeFor: string, make: () => Link): Link;
  discard(key: string): void;
  /** Resolves when every link, discarded ones too, is closed. */
  closeAll(): Promise<void>;
}

export function createLinkTable(): LinkTable {
  const entries = new Map<string, { readonly link: Link; readonly madeFor: string }>();
  const closing = new Set<Promise<void>>();

  function discard(key: string): void {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    const closed = entry.link.close().finally(() => closing.delete(closed));
    closing.add(closed);
  }

  return {
    get(key, madeFor, make) {
      const existing = entries.get(key);
      if (existing?.madeFor === madeFor) return existing.link;
      discard(key);
      const link = make();
      entries.set(key, { link, madeFor });
      return link;
    },
    discard,
    async closeAll() {
      for (const key of [...entries.keys()]) discard(key);
      await Promise.all(closing);
    },
  };
}
