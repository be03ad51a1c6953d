import { createMemoryStore } from "../../../src/discovery/io/memory-store.ts";
import { itIsAStore } from "../../contract/store.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

itIsAStore("the router's memory", () => {
  const clock = createFakeClock();
  return Promise.resolve({
    store: createMemoryStore(clock),
    pass: (ms: number) => clock.advance(ms),
    close: () => Promise.resolve(),
  });
});
