import { spawn } from "node:child_process";
import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { parseAccountAnswer } from "../../../src/nodes/ssh/decide/account-answer.ts";
import { parseAgentLine } from "../../../src/nodes/ssh/decide/agent-answer.ts";
import { parseOrderAnswer } from "../../../src/nodes/orders/decide/node-order.ts";
import { parseLoadSample } from "../../../src/nodes/load/decide/load-sample.ts";

/** What the agent itself prints for a verb, each line parsed. Its input ends as soon as it has said something. */
async function ask(verb: string, input: object): Promise<readonly Record<string, unknown>[]> {
  const agent = spawn("python3", ["src/nodes/remote/agent.py", verb], { stdio: ["pipe", "pipe", "inherit"] });
  agent.stdin.write(`${JSON.stringify(input)}\n`);
  let text = "";
  for await (const chunk of agent.stdout) {
    text += String(chunk);
    agent.stdin.end();
  }
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("what the real agent says is understood", () => {
  it("of the load", async () => {
    const [line] = await ask("sample", { everyMs: 100 });
    const reading = parseLoadSample(line?.["sample"], 0);
    expect(reading).toMatchObject({ ok: true, sample: { takenAtMs: 0 } });
  });

  it("of what was asked of the node", async () => {
    const [line] = await ask("order", {});
    expect(parseOrderAnswer(line?.["result"])).toMatchObject({ ok: true });
  });

  it("of the machine and the boot its servers run in", async () => {
    const [line] = await ask("servers", {});
    const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    expect(line).toMatchObject({ result: { host: hostname(), bootId } });
  });

  it("of a server that is not there to be stopped", async () => {
    const named = { user: "alice", server: "", pid: 1, startTicks: 1, bootId: "another" };
    const [line] = await ask("stop-server", named);
    const answer = parseAgentLine(JSON.stringify(line), "node1");
    expect(answer).toMatchObject({ kind: "failure", error: { code: "NO_SUCH_SERVER" } });
  });

  it.each([
    ["root", { ok: true, account: { name: "root", uid: 0, gid: 0 } }],
    ["no such account", { ok: true, account: undefined }],
    ["a\u0000b", { ok: true, account: undefined }],
  ])("of the account %j", async (name, expected) => {
    const [line] = await ask("account", { name });
    expect(parseAccountAnswer(line?.["result"], name)).toMatchObject(expected);
  });
});
