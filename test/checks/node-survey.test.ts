import { describe, expect, it } from "@jest/globals";
import { type NodeAnswer, surveyNodes } from "../../src/checks/node-survey.ts";
import { AppError } from "../../src/errors.ts";
import type { NodeId } from "../../src/model.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { createFakeNodeAgent } from "../support/fake-node-agent.ts";
import { FACTS } from "./situations.ts";

const NODES = ["node1", "node2", "node3"] as NodeId[];
const LIMITS = { atOnce: 2, nodeMs: 40_000 };

function setUp() {
  const clock = createFakeClock();
  const agent = createFakeNodeAgent();
  const done: NodeAnswer[] = [];
  const deps = {
    agent,
    clock,
    connect: () => Promise.resolve(),
    inputFor: () => ({ accounts: [] }),
    onDone: (answer: NodeAnswer) => done.push(answer),
  };
  return { clock, agent, done, deps };
}

describe("a survey", () => {
  it("asks every node, in order, whatever one of them says", async () => {
    const { agent, done, deps } = setUp();
    agent.on("check", () => FACTS);
    agent.cutOff("node2" as NodeId, new AppError("NODE_UNREACHABLE", "no route"));
    const answers = await surveyNodes(NODES, deps, LIMITS);
    expect(answers.map(({ node, failure }) => [node, failure?.code])).toEqual([
      ["node1", undefined],
      ["node2", "NODE_UNREACHABLE"],
      ["node3", undefined],
    ]);
    expect(done).toHaveLength(3);
  });

  it("waits for no node beyond its deadline", async () => {
    const { clock, agent, deps } = setUp();
    agent.on("check", ({ node }) => (node === "node1" ? new Promise(() => undefined) : FACTS));
    const answers = surveyNodes(NODES, deps, LIMITS);
    await clock.advance(LIMITS.nodeMs);
    expect((await answers).map(({ failure }) => failure?.code)).toEqual([
      "NODE_TIMEOUT",
      undefined,
      undefined,
    ]);
  });

  it("names an answer that cannot be read", async () => {
    const { agent, deps } = setUp();
    agent.on("check", () => ({ hostname: "node1" }));
    const [first] = await surveyNodes(NODES, deps, LIMITS);
    expect(first?.failure).toMatchObject({ code: "AGENT_ANSWER", remedy: "multijhub provision node1" });
  });
});
