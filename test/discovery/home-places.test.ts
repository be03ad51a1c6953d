import { describe, expect, it } from "@jest/globals";
import { createAccountPlaces, createTemplatePlaces } from "../../src/discovery/home-places.ts";
import { AppError } from "../../src/errors.ts";
import type { Account, NodeId, UserName } from "../../src/model.ts";

const NEVER = new AbortController().signal;
const ALICE = "alice" as UserName;
const [N1, N2] = ["node1", "node2"] as [NodeId, NodeId];

describe("homes by a template", () => {
  const asked: string[] = [];
  const reader = {
    list(directory: string) {
      asked.push(directory);
      return Promise.resolve(["alice", "bob.b", ".snapshot", "lost+found", "1000", "a b"]);
    },
  };

  it.each([
    ["/home/{user}", "/home/alice", "/home"],
    ["/{user}", "/alice", "/"],
    ["/export/{user}/unix", "/export/alice/unix", "/export"],
  ])("by %s", async (template, home, parent) => {
    const places = createTemplatePlaces(template, reader);
    expect(await places.homeOf(ALICE, NEVER)).toBe(home);
    expect(await places.everybody(NEVER)).toEqual(["alice", "bob.b"]);
    expect(asked.at(-1)).toBe(parent);
  });

  it("takes a name as it is", async () => {
    const places = createTemplatePlaces("/home/{user}", reader);
    expect(await places.homeOf("$&" as UserName, NEVER)).toBe("/home/$&");
  });
});

describe("homes by the nodes' accounts", () => {
  function account(home: string): Account {
    return { name: "alice", uid: 2001, gid: 2001, home, groups: [] };
  }

  function createRig(answers: Record<string, Account | AppError | undefined>) {
    const accounts = {
      find(node: NodeId) {
        const answer = answers[node];
        return answer instanceof AppError ? Promise.reject(answer) : Promise.resolve(answer);
      },
    };
    return createAccountPlaces(accounts, () => [N1, N2]);
  }

  it("asks the next node if one does not answer or does not know", async () => {
    const down = new AppError("NODE_UNREACHABLE", "node1 is off");
    expect(await createRig({ node1: down, node2: account("/u/alice") }).homeOf(ALICE, NEVER)).toBe(
      "/u/alice",
    );
    expect(await createRig({ node2: account("/u/alice") }).homeOf(ALICE, NEVER)).toBe("/u/alice");
  });

  it.each([
    [{ node1: undefined, node2: new AppError("NODE_UNREACHABLE", "node2 is off") }, "node2 is off"],
    [{}, "node2 knows no such account"],
    [{ node1: account("relative"), node2: account("") }, "no node answers"],
  ])("says why it knows none", async (answers, words) => {
    await expect(createRig(answers).homeOf(ALICE, NEVER)).rejects.toThrow(words);
  });

  it("asks no node for a name that would be a number or an option to getent", async () => {
    await expect(createRig({}).homeOf("1000" as UserName, NEVER)).rejects.toThrow("no account");
  });

  it("searches for nobody", async () => {
    expect(await createRig({}).everybody(NEVER)).toEqual([]);
  });
});
