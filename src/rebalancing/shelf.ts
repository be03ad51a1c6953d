import type { Store } from "../cache-ports.ts";
import type { Clock } from "../ports.ts";
import { openText, sealText, type Revision } from "./decide/sealed-text.ts";

/** Small files that survive the router. */
export interface DocumentFiles {
  names(): Promise<readonly string[]>;
  read(name: string): Promise<string | undefined>;
  write(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
}

/** Documents by name, in files of this router and for the others in the cache. */
export interface Shelf {
  /** The newest there is. While the cache is away, this router's own. */
  get(name: string): Promise<string | undefined>;
  /** Resolves when it is in both places. Throws STATE_DIRECTORY, STORE_UNAVAILABLE. */
  put(name: string, body: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Of this router's files. */
  names(): Promise<readonly string[]>;
  /** Writes into the cache again what it has lost. */
  refill(): Promise<void>;
}

export interface ShelfDeps {
  readonly files: DocumentFiles;
  readonly store: Store;
  /** The newest first. */
  readonly keys: () => readonly Uint8Array[];
  readonly clock: Pick<Clock, "now">;
}

export function createShelf(
  { files, store, keys, clock }: ShelfDeps,
  { keepMs }: { readonly keepMs: number },
): Shelf {
  async function inFile(name: string): Promise<Revision | undefined> {
    return openText(name, await files.read(name), keys());
  }

  async function inCache(name: string): Promise<Revision | undefined> {
    const text = await store.get(cacheKey(name)).catch(() => undefined);
    return openText(name, text, keys());
  }

  async function newest(name: string): Promise<Revision | undefined> {
    const [file, cached] = await Promise.all([inFile(name), inCache(name)]);
    if (file === undefined || cached === undefined) return file ?? cached;
    return cached.revision >= file.revision ? cached : file;
  }

  function seal(name: string, revision: Revision): string {
    const [key] = keys();
    if (key === undefined) throw new RangeError("no key to sign with");
    return sealText(name, revision, key);
  }

  return {
    get: async (name) => (await newest(name))?.body,
    async put(name, body) {
      const before = (await newest(name))?.revision ?? 0;
      const text = seal(name, { revision: Math.max(before + 1, clock.now()), body });
      // First where it may fail: what its writer was told is not kept must not come back from the file.
      await store.set(cacheKey(name), text, keepMs);
      await files.write(name, text);
    },
    async remove(name) {
      await files.remove(name);
      await store.delete(cacheKey(name)).catch(() => undefined);
    },
    names: () => files.names(),
    async refill() {
      for (const name of await files.names()) {
        const [file, cached] = await Promise.all([inFile(name), inCache(name)]);
        if (file === undefined || file.revision <= (cached?.revision ?? -1)) continue;
        await store.set(cacheKey(name), seal(name, file), keepMs);
      }
    },
  };
}

function cacheKey(name: string): string {
  return `rebalancing:${name}`;
}
