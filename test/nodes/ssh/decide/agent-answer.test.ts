import { describe, expect, it, test } from "@jest/globals";
import fc from "fast-check";
import { AppError } from "../../../../src/errors.ts";
import { parseAgentLine } from "../../../../src/nodes/ssh/decide/agent-answer.ts";

function parse(value: unknown) {
  return parseAgentLine(JSON.stringify(value), "node1");
}

describe("agent answer", () => {
  it.each([
    ["progress", { event: "progress", text: "starting" }, { kind: "progress", text: "starting" }],
    ["a sample", { event: "sample", sample: { cores: 4 } }, { kind: "sample", sample: { cores: 4 } }],
    [
      "a result",
      { protocol: 1, agent: "0.1", ok: true, result: { a: 1 } },
      { kind: "result", result: { a: 1 } },
    ],
    [
      "fields to come",
      { protocol: 1, agent: "0.1", ok: true, result: 1, more: 2 },
      { kind: "result", result: 1 },
    ],
  ])("reads %s", (_name, value, expected) => {
    expect(parse(value)).toEqual(expected);
  });

  test("keeps the code and remedy of a failure, and names the node", () => {
    const error = { code: "JUPYTERHUB_MISSING", message: "no jupyterhub", remedy: "install it" };
    const line = parse({ protocol: 1, agent: "0.1", ok: false, error });
    expect(line).toMatchObject({
      kind: "failure",
      error: { code: "JUPYTERHUB_MISSING", message: "node1: no jupyterhub", remedy: "install it" },
    });
  });

  test("passes on a code it does not know in words", () => {
    const line = parse({ protocol: 1, agent: "9", ok: false, error: { code: "NEW_ONE", message: "odd" } });
    expect(line).toMatchObject({
      kind: "failure",
      error: { code: "AGENT_ANSWER", message: "node1: NEW_ONE: odd" },
    });
  });

  test("refuses another protocol, whatever else it says", () => {
    const error = new AppError(
      "AGENT_VERSION",
      "the agent on node1 (version 7.0) speaks protocol 2, this router 1",
      { remedy: "run `multijhub provision node1`" },
    );
    expect(() => parse({ protocol: 2, agent: "7.0", ok: "maybe" })).toThrow(error);
  });

  test("throws AGENT_ANSWER or AGENT_VERSION for anything else, and nothing but these", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        try {
          parseAgentLine(line, "node1");
        } catch (err) {
          expect(err).toBeInstanceOf(AppError);
          expect(["AGENT_ANSWER", "AGENT_VERSION"]).toContain((err as AppError).code);
        }
      }),
    );
  });
});
