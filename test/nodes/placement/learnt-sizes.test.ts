import { describe, expect, it } from "@jest/globals";
import type { NodeId, UserName } from "../../../src/model.ts";
import { createLearntSizes } from "../../../src/nodes/placement/learnt-sizes.ts";
import { createProcessOwners } from "../../../src/nodes/placement/process-owners.ts";
import { createSizeBook } from "../../../src/nodes/placement/size-book.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createMemoryLog } from "../../support/memory-log.ts";
import { createMemoryStore } from "../../support/memory-store.ts";
import { GIB, MIB, serverKey } from "../../support/node-views.ts";

const node1 = "node1" as NodeId;
const alice = "alice" as UserName;
const UID = 2001;

/** Routers with one store; on their nodes every account has the uid 2001. */
function setUp() {
  const clock = createFakeClock();
  const store = createMemoryStore(clock);
  const questions: string[] = [];
  function createRouter() {
    const book = createSizeBook({ clock }, { leastBytes: 512 * MIB, mostBytes: 64 * GIB });
    const accounts = {
      find: (_node: NodeId, name: string) => {
        questions.push(name);
        return Promise.resolve({ name, uid: UID, gid: UID, home: "/home/x", groups: [] });
      },
    };
    const owners = createProcessOwners({ accounts, clock });
    const learnt = createLearntSizes({ book, store, owners, clock, log: createMemoryLog() });
    return { book, isImpostor: owners.isImpostor, ...learnt };
  }
  async function measure(router: ReturnType<typeof createRouter>, user: string, gib: number, uid = UID) {
    for (let minute = 0; minute <= 15; minute += 5) {
      await router.heard(node1, [{ key: serverKey(user), uid, rssBytes: gib * GIB }]);
      await clock.advance(5 * 60_000);
    }
  }
  return { clock, store, questions, createRouter, measure };
}

describe("what nodes measure of servers", () => {
  it("is what is expected of their owners' next ones", async () => {
    const { createRouter, measure } = setUp();
    const router = createRouter();
    await measure(router, "alice", 3);
    expect(router.book.expected(alice)).toBe(3 * GIB);
    expect(router.book.expected("bob" as UserName)).toBeUndefined();
  });

  it("is known to the next router, by the store", async () => {
    const { createRouter, measure } = setUp();
    await measure(createRouter(), "alice", 3);
    const next = createRouter();
    expect(next.book.expected(alice)).toBeUndefined();
    await next.recall(alice);
    expect(next.book.expected(alice)).toBe(3 * GIB);
  });

  it("counts for nothing where the process is another account's, and each account is asked for once", async () => {
    const { createRouter, measure, questions } = setUp();
    const router = createRouter();
    await measure(router, "alice", 60, 2002);
    expect(router.book.expected(alice)).toBeUndefined();
    expect(questions).toEqual(["alice"]);
  });

  it("shows who claims to be another's server, once its account was looked up", async () => {
    const { createRouter, measure } = setUp();
    const router = createRouter();
    const [own, impostor] = [UID, 2002].map((uid) => ({ key: serverKey("alice"), uid }));
    if (own === undefined || impostor === undefined) throw new Error("no claims");
    expect(router.isImpostor(impostor)).toBe(false);
    for (const { uid } of [own, impostor]) await measure(router, "alice", 3, uid);
    expect([router.isImpostor(own), router.isImpostor(impostor)]).toEqual([false, true]);
  });

  it("is learnt without the store, too", async () => {
    const { createRouter, measure, store } = setUp();
    const router = createRouter();
    store.setDown(true);
    await measure(router, "alice", 3);
    await router.recall("bob" as UserName);
    expect(router.book.expected(alice)).toBe(3 * GIB);
  });

  it("is forgotten where somebody has written nonsense into the store", async () => {
    const { createRouter, store } = setUp();
    await store.set("sizes:alice", '[{"peakBytes":-1}]', 1000);
    const router = createRouter();
    await router.recall(alice);
    expect(router.book.expected(alice)).toBeUndefined();
  });
});
