import { describe, expect, it } from "@jest/globals";
import { AppError } from "../../../src/errors.ts";
import type { NodeId } from "../../../src/model.ts";
import { createAccounts } from "../../../src/nodes/ssh/accounts.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

const node1 = "node1" as NodeId;
const never = new AbortController().signal;
const ALICE = {
  name: "alice",
  uid: 2001,
  gid: 2001,
  home: "/home/alice",
  shell: "/bin/bash",
  groups: ["alice", "lab"],
};

function setUp(answer: unknown = { account: ALICE }, options?: Parameters<typeof createAccounts>[1]) {
  const clock = createFakeClock();
  const calls: unknown[] = [];
  const rig = { answer, clock, calls, settle: (): void => undefined };
  const accounts = createAccounts(
    {
      clock,
      agent: {
        call: (node, verb, input, signal) => {
          calls.push([node, verb, input]);
          return new Promise((resolve, reject) => {
            signal.addEventListener("abort", () => {
              reject(signal.reason as Error);
            });
            rig.settle = () => {
              if (rig.answer instanceof Error) reject(rig.answer);
              else resolve(rig.answer);
            };
            if (rig.answer !== "silence") rig.settle();
          });
        },
      },
    },
    options,
  );
  return Object.assign(rig, { accounts });
}

describe("an account", () => {
  it("is what the node says of it", async () => {
    const { accounts, calls } = setUp();
    expect(await accounts.find(node1, "alice", never)).toEqual({
      name: "alice",
      uid: 2001,
      gid: 2001,
      home: "/home/alice",
      groups: ["alice", "lab"],
    });
    expect(calls).toEqual([["node1", "account", { name: "alice" }]]);
  });

  it("may not exist", async () => {
    const { accounts } = setUp({ account: null });
    expect(await accounts.find(node1, "mallory", never)).toBeUndefined();
  });

  it.each([
    ["of somebody else", { account: { ...ALICE, name: "root", uid: 0 } }],
    ["with a negative uid", { account: { ...ALICE, uid: -1 } }],
    ["that is no object", "alice"],
    ["without groups", { account: { ...ALICE, groups: undefined } }],
  ])("%s is refused", async (_what, answer) => {
    const { accounts } = setUp(answer);
    await expect(accounts.find(node1, "alice", never)).rejects.toMatchObject({ code: "AGENT_ANSWER" });
  });

  it("is asked for once a minute and node, however many want it", async () => {
    const { accounts, calls, clock } = setUp();
    await Promise.all([1, 2, 3].map(() => accounts.find(node1, "alice", never)));
    await clock.advance(59_000);
    await accounts.find(node1, "alice", never);
    expect(calls).toHaveLength(1);
    await accounts.find("node2" as NodeId, "alice", never);
    await clock.advance(2000);
    await accounts.find(node1, "alice", never);
    expect(calls).toHaveLength(3);
  });

  it("that is absent is asked for again after seconds", async () => {
    const { accounts, calls, clock } = setUp({ account: null });
    await accounts.find(node1, "alice", never);
    await clock.advance(6000);
    await accounts.find(node1, "alice", never);
    expect(calls).toHaveLength(2);
  });

  it("whose node failed is asked for again at once", async () => {
    const rig = setUp(new AppError("NODE_UNREACHABLE", "gone"));
    await expect(rig.accounts.find(node1, "alice", never)).rejects.toMatchObject({
      code: "NODE_UNREACHABLE",
    });
    rig.answer = { account: ALICE };
    expect(await rig.accounts.find(node1, "alice", never)).toMatchObject({ uid: 2001 });
  });

  it("is still told to others when the first who asked has gone", async () => {
    const rig = setUp("silence");
    const leaving = new AbortController();
    const first = rig.accounts.find(node1, "alice", leaving.signal);
    const second = rig.accounts.find(node1, "alice", never);
    leaving.abort(new Error("left"));
    await expect(first).rejects.toThrow("left");
    rig.answer = { account: ALICE };
    rig.settle();
    expect(await second).toMatchObject({ uid: 2001 });
    expect(rig.calls).toHaveLength(1);
  });

  it("is not waited for without end", async () => {
    const { accounts, clock } = setUp("silence");
    const outcome = expect(accounts.find(node1, "alice", never)).rejects.toMatchObject({
      name: "TimeoutError",
    });
    await clock.advance(20_000);
    await outcome;
  });

  it("is forgotten when too many others came since", async () => {
    const { accounts, calls } = setUp({ account: null }, { maxKept: 2 });
    for (const name of ["a", "b", "c", "c", "b", "a"]) await accounts.find(node1, name, never);
    expect(calls).toHaveLength(4);
  });
});
