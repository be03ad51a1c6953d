import { AppError } from "../../src/errors.ts";
import { describeNodeAgent, type Script } from "../contract/node-agent.ts";
import { describeNodeDialer } from "../contract/node-dialer.ts";
import { createFakeDirectory } from "./fake-directory.ts";
import { createFakeNodeAgent, type FakeAgentCall, type FakeAgentReach } from "./fake-node-agent.ts";
import { describeSystemDirectory } from "../contract/system-directory.ts";
import { createFakeNodeDialer } from "./fake-node-dialer.ts";
import { NODE } from "./ssh-world.ts";

const outage = new AppError("NODE_UNREACHABLE", "node1 is off");

/** What `scripted-agent.mjs` does. */
function obeyScript({ input }: FakeAgentCall, { emit }: FakeAgentReach): unknown {
  const script = input as Script;
  for (const value of script.progress ?? script.samples ?? []) emit(value);
  if (script.hang) return new Promise(() => undefined);
  if (script.fail)
    throw new AppError("PORT_TAKEN", script.fail.message, { remedy: script.fail.remedy ?? "" });
  return script.result;
}

describeNodeAgent("fake", () => {
  const agent = createFakeNodeAgent();
  agent.on("facts", obeyScript);
  agent.on("sample", obeyScript);
  return Promise.resolve({
    agent,
    node: NODE,
    cutOff: () => {
      agent.cutOff(NODE, outage);
    },
    heal: () => {
      agent.cutOff(NODE, undefined);
      return Promise.resolve();
    },
    stop: () => Promise.resolve(),
  });
});

describeNodeDialer("fake", () => {
  const dialer = createFakeNodeDialer();
  return Promise.resolve({
    dialer,
    node: NODE,
    expose: (port: number) => {
      dialer.listen(NODE, port, port);
    },
    cutOff: () => {
      dialer.cutOff(NODE, outage);
    },
    heal: () => {
      dialer.cutOff(NODE, undefined);
      return Promise.resolve();
    },
    stop: () => Promise.resolve(),
  });
});

describeSystemDirectory("fake", () => {
  const accounts = { alice: ["alice", "ml"] };
  const hanging = createFakeDirectory(accounts);
  hanging.state = "hangs";
  return { directory: createFakeDirectory(accounts), hanging, account: "alice", groups: ["ml"] };
});
