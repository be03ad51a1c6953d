type Listener = (text: string) => void;

/** Who follows a piece of work, by its key; one who comes late hears the last word first. */
export interface Audiences<K> {
  /** Returns how to leave. */
  enter(key: K, listener: Listener): () => void;
  readonly tell: (key: K, text: string) => void;
  /** The work is over: its last word is forgotten. */
  end(key: K): void;
}

export function createAudiences<K>(): Audiences<K> {
  const listeners = new Map<K, Set<Listener>>();
  const lastWords = new Map<K, string>();

  return {
    enter(key, listener) {
      const group = listeners.get(key) ?? new Set();
      listeners.set(key, group.add(listener));
      const last = lastWords.get(key);
      if (last !== undefined) listener(last);
      return () => {
        group.delete(listener);
        if (group.size === 0 && listeners.get(key) === group) listeners.delete(key);
      };
    },
    tell(key, text) {
      lastWords.set(key, text);
      for (const listener of listeners.get(key) ?? []) listener(text);
    },
    end(key) {
      lastWords.delete(key);
    },
  };
}
