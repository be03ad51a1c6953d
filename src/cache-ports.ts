/** What routers share, as ports; Redis or this router's own memory implements them. */

/** Small values with an expiry, shared by all routers when it is Redis. Throws STORE_UNAVAILABLE. */
export interface Store {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string, ttlMs: number): Promise<void>;
  /** True when it was set now, false when a live value was there. */
  setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean>;
  delete(key: string): Promise<void>;
}

/** The right to do for all routers what only one may do. Throws STORE_UNAVAILABLE. */
export interface Leases {
  /**
   * A fencing number, greater than every one given for this name before; undefined while another holder has it. Who
   * holds it already gets a new number, and the old one is void.
   */
  acquire(name: string, holder: string, ttlMs: number): Promise<number | undefined>;
  /** False if that number's time is over. */
  renew(name: string, token: number, ttlMs: number): Promise<boolean>;
  release(name: string, token: number): Promise<void>;
}

/** What routers tell one another at once. Nobody keeps it: what must not be missed is in the store, too. */
export interface Channels {
  /** Also to this router's own listeners. Throws STORE_UNAVAILABLE. */
  readonly publish: (channel: string, text: string) => Promise<void>;
  /** From soon on, whenever there is a connection; returns how to end it. The text may be anything. */
  readonly subscribe: (channel: string, hear: (text: string) => void) => () => void;
}

/** All that routers share. */
export interface Cache extends Store, Leases, Channels {}

/** Knows whether the cache is there. */
export interface CacheWatch {
  readonly isUp: () => boolean;
  /** Calls back when the cache answers first, answers again or was emptied: what must be in it is written anew. */
  readonly onReturn: (refill: () => Promise<void>) => void;
}

/** The right to act for all routers, for as long as this one has it. */
export interface Leadership {
  /** Undefined while another router leads, and while the cache is away. */
  hold(): Hold | undefined;
}

export interface Hold {
  /** The fencing number: greater than that of everybody who led before. */
  readonly token: number;
  /** Aborts with LEASE_LOST when it is over: whatever acts by it ends there. */
  readonly lost: AbortSignal;
  /** Asks the cache whether it is not over yet, for the moment of acting; false, too, if the cache does not answer. */
  readonly confirm: () => Promise<boolean>;
}
