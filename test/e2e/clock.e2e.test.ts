import { describe, expect, it } from "@jest/globals";
import { createNodeClocks, type NodeClocks } from "../support/lab-clock.ts";
import { compute, useLab } from "../support/lab.ts";
import { waitFor } from "../support/wait-for.ts";

/** Nodes whose time of day is wrong for every process of theirs. */
let clocks: NodeClocks;
const site = useLab({
  arrange(lab) {
    clocks = createNodeClocks(lab);
    clocks.set("node1", -420);
    clocks.set("node2", 600);
    for (const busy of ["node1", "node3"]) lab.run("load", busy, "60", "8000", "900");
    return {};
  },
});

interface NodesAnswer {
  readonly nodes: readonly { readonly node: string; readonly warnings: readonly string[] }[];
}

/** What `nodes` warns of that node's clock once it matches. */
async function warningLike(name: string, pattern: RegExp): Promise<string> {
  return waitFor(`a warning of the clock of ${name} like ${String(pattern)}`, () => {
    const { nodes } = JSON.parse(site.router.command("nodes", "--json")) as NodesAnswer;
    const warnings = nodes.find(({ node }) => node === name)?.warnings ?? [];
    const ofClock = warnings.find((text) => text.includes("clock")) ?? "";
    return pattern.test(ofClock) && ofClock;
  });
}

function whereIs(user: string): string | undefined {
  const answer = JSON.parse(site.router.command("where", user, "--json")) as { servers: { node: string }[] };
  return answer.servers[0]?.node;
}

describe("a node whose clock is off by minutes", () => {
  it("is shown to administrators, with what to do", async () => {
    expect(await warningLike("node1", /./)).toBe(
      "its clock is 7 min behind the router's: let both follow a time server",
    );
    expect(await warningLike("node2", /./)).toContain("10 min ahead");
    expect(await warningLike("node3", /^$/)).toBe("");
    expect(site.router.command("nodes")).toMatch(/node2 .*its clock is 10 min ahead/);
  });

  it("lets alice sign in at a lobby that is behind, and compute on a node that is ahead", async () => {
    expect(await compute(site.router, "alice")).toBe("42");
    expect(whereIs("alice")).toBe("node2");
  });

  it("goes on when its clock is put right under a running hub", async () => {
    clocks.set("node2", 0);
    await warningLike("node2", /^$/);
    expect(await compute(site.router, "bob")).toBe("42");
    expect(whereIs("bob")).toBe("node2");
    expect(await compute(site.router, "alice")).toBe("42");
  });
});
