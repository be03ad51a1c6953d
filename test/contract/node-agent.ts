import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { AppError } from "../../src/errors.ts";
import type { NodeId } from "../../src/model.ts";
import type { NodeAgent } from "../../src/ports.ts";

/** An agent that does what its input says, as `test/support/scripted-agent.mjs` does. */
export interface AgentWorld {
  readonly agent: NodeAgent;
  readonly node: NodeId;
  /** Cuts the node off under running calls, and heals it again. */
  cutOff(): void;
  heal(): Promise<void>;
  stop(): Promise<void>;
}

/** The input of the scripted agent. */
export interface Script {
  readonly progress?: readonly string[];
  readonly samples?: readonly unknown[];
  readonly result?: unknown;
  readonly fail?: { readonly code: string; readonly message: string; readonly remedy?: string };
  readonly hang?: boolean;
}

/** What every `NodeAgent` promises. */
export function describeNodeAgent(name: string, open: () => Promise<AgentWorld>): void {
  describe(`node agent: ${name}`, () => {
    let world: AgentWorld;
    const never = new AbortController().signal;
    beforeAll(async () => {
      world = await open();
    });
    afterAll(() => world.stop());

    function call(script: Script, signal = never, onProgress?: (text: string) => void): Promise<unknown> {
      return world.agent.call(world.node, "facts", script, signal, onProgress);
    }

    function stream(script: Script, onItem: (item: unknown) => void, signal = never): Promise<void> {
      return world.agent.stream(world.node, "sample", script, onItem, signal);
    }

    test("resolves with the result of the verb", async () => {
      const result = { text: "ünïcode 'quotes' $(no shell)", list: [1, null, true] };
      await expect(call({ result })).resolves.toEqual(result);
    });

    test("passes progress on, in order, before the result", async () => {
      const heard: string[] = [];
      await call({ progress: ["one", "two"], result: 1 }, never, (text) => heard.push(text));
      expect(heard).toEqual(["one", "two"]);
    });

    test("rejects with the code and remedy the agent reports", async () => {
      const fail = { code: "PORT_TAKEN", message: "port 910 is taken by mallory", remedy: "free the port" };
      await expect(call({ fail })).rejects.toMatchObject({ code: "PORT_TAKEN", remedy: "free the port" });
      await expect(call({ fail })).rejects.toThrow("mallory");
    });

    test("runs several calls at once", async () => {
      const results = await Promise.all([1, 2, 3, 4, 5].map((result) => call({ result })));
      expect(results).toEqual([1, 2, 3, 4, 5]);
    });

    test("rejects with the reason of an abort, before and while it runs, and goes on working", async () => {
      const reason = new Error("the caller left");
      await expect(call({ result: 1 }, AbortSignal.abort(reason))).rejects.toBe(reason);
      const leaving = new AbortController();
      const call1 = call({ progress: ["begun"], hang: true }, leaving.signal, () => {
        leaving.abort(reason);
      });
      await expect(call1).rejects.toBe(reason);
      await expect(call({ result: 2 })).resolves.toBe(2);
    });

    test("streams items until the node ends it", async () => {
      const items: unknown[] = [];
      await stream({ samples: [{ n: 1 }, { n: 2 }] }, (item) => items.push(item));
      expect(items).toEqual([{ n: 1 }, { n: 2 }]);
    });

    test("ends a stream when its caller leaves", async () => {
      const reason = new Error("enough");
      const leaving = new AbortController();
      const ended = stream(
        { samples: [1], hang: true },
        () => {
          leaving.abort(reason);
        },
        leaving.signal,
      );
      await expect(ended).rejects.toBe(reason);
    });

    test("rejects calls and streams when the connection is lost under them, and works again after", async () => {
      const lost = [
        call({ progress: ["begun"], hang: true }, never, () => {
          world.cutOff();
        }),
        stream({ samples: [1], hang: true }, () => undefined),
      ];
      const outcomes = await Promise.allSettled(lost);
      for (const outcome of outcomes) {
        expect(outcome.status).toBe("rejected");
        expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(AppError);
      }
      await world.heal();
      await expect(call({ result: "back" })).resolves.toBe("back");
    });
  });
}
