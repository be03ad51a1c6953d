import { createMemoryCache } from "../../../src/discovery/io/cache.ts";
import { itIsACache } from "../../contract/cache.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createMemoryStore } from "../../support/memory-store.ts";

itIsACache("the router's memory", () => {
  const clock = createFakeClock();
  return Promise.resolve({
    cache: createMemoryCache(clock),
    pass: (ms: number) => clock.advance(ms),
    close: () => Promise.resolve(),
  });
});

itIsACache("the cache of tests", () => {
  const clock = createFakeClock();
  return Promise.resolve({
    cache: createMemoryStore(clock),
    pass: (ms: number) => clock.advance(ms),
    close: () => Promise.resolve(),
  });
});
