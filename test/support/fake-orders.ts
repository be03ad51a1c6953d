import type { NodeId } from "../../src/model.ts";
import type { NodeOrders, OrderWish } from "../../src/ports.ts";

export interface FakeOrders extends NodeOrders {
  readonly given: readonly {
    readonly node: NodeId;
    readonly wish: OrderWish;
    readonly isRehearsal: boolean;
  }[];
}

/** Notes what is asked of nodes, and says that it was done. */
export function createFakeOrders(): FakeOrders {
  const given: { node: NodeId; wish: OrderWish; isRehearsal: boolean }[] = [];
  return {
    given,
    give(node, wish, isRehearsal) {
      given.push({ node, wish, isRehearsal });
      const { kind, by, reason } = wish;
      if (kind === "lift") return Promise.resolve({ servers: 3 });
      const order = { kind, by, atMs: 1000, reason, untilMs: 5000 };
      const after = { state: "cordoned", words: `cordoned by ${by}`, order } as const;
      return Promise.resolve({ after, servers: 3 });
    },
  };
}
