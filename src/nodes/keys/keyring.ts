import { idsOf, newestFirst, type KeySet } from "./decide/key-set.ts";

/** The router's keys as they are now. */
export interface Keyring {
  keys(): KeySet;
  /** The same array until the keys change. */
  masterKeys(): readonly Uint8Array[];
  /** Reads them again; true when they are others than before. */
  refresh(): Promise<boolean>;
}

/** Begins with the keys of the state directory as it was opened. */
export function createKeyring(state: { readonly keys: KeySet; readKeys(): Promise<KeySet> }): Keyring {
  let { keys } = state;
  let masterKeys = newestFirst(keys.master);
  return {
    keys: () => keys,
    masterKeys: () => masterKeys,
    async refresh() {
      const now = await state.readKeys();
      if (idsOf(now) === idsOf(keys)) return false;
      keys = now;
      masterKeys = newestFirst(keys.master);
      return true;
    },
  };
}
