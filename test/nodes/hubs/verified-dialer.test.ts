import { PassThrough } from "node:stream";
import { describe, expect, it } from "@jest/globals";
import { AppError } from "../../../src/errors.ts";
import type { NodeId } from "../../../src/model.ts";
import { createVerifiedDialer } from "../../../src/nodes/hubs/verified-dialer.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

const NODE = "node1" as NodeId;
const NEVER = new AbortController().signal;
const TRUST_MS = 3000;

/** One question to the agent, to be answered by the test. */
interface Look {
  readonly resolve: (behind: "hub" | "nobody") => void;
  readonly reject: (err: Error) => void;
}

function createRig() {
  const clock = createFakeClock();
  const dialled: number[] = [];
  const looks: Look[] = [];
  const verified = createVerifiedDialer(
    {
      dialer: {
        dial(_node, port) {
          dialled.push(port);
          return Promise.resolve(new PassThrough());
        },
      },
      ports: {
        whoListens(_node, _ports, signal) {
          return new Promise((resolve, reject) => {
            looks.push({ resolve, reject });
            signal.addEventListener("abort", () => {
              reject(signal.reason as Error);
            });
          });
        },
      },
      clock,
    },
    { hubPorts: { proxy: 910, hub: 911, api: 912 }, trustMs: TRUST_MS },
  );

  /** Dials, has the look answered if there is one, and tells how many looks there have been. */
  async function dial(behind: "hub" | "nobody" = "hub"): Promise<number> {
    const stream = verified.dial(NODE, 910, NEVER);
    await clock.advance(0);
    looks.at(-1)?.resolve(behind);
    await stream;
    return looks.length;
  }
  return { clock, dialled, looks, verified, dial };
}

describe("createVerifiedDialer", () => {
  it("asks who listens before it dials, and believes it for a while", async () => {
    const { clock, dialled, dial } = createRig();
    expect(await dial()).toBe(1);
    await clock.advance(TRUST_MS - 1);
    expect(await dial()).toBe(1);
    await clock.advance(1);
    expect(await dial()).toBe(2);
    expect(dialled).toEqual([910, 910, 910]);
  });

  it("dials nothing where a stranger listens", async () => {
    const { clock, dialled, looks, verified } = createRig();
    const stream = verified.dial(NODE, 910, NEVER);
    await clock.advance(0);
    looks[0]?.reject(new AppError("LISTENER_NOT_HUB", "a stranger"));
    await expect(stream).rejects.toMatchObject({ code: "LISTENER_NOT_HUB" });
    expect(dialled).toEqual([]);
  });

  it("asks each time while nobody listens, and lets the port refuse", async () => {
    const { dialled, dial } = createRig();
    await dial("nobody");
    expect(await dial("nobody")).toBe(2);
    expect(dialled).toHaveLength(2);
  });

  it("asks once for all who dial at the same time; one who leaves takes the answer from nobody", async () => {
    const { clock, looks, verified } = createRig();
    const leaving = new AbortController();
    const first = verified.dial(NODE, 910, leaving.signal);
    const second = verified.dial(NODE, 910, NEVER);
    await clock.advance(0);
    leaving.abort(new Error("left"));
    await expect(first).rejects.toThrow("left");
    looks[0]?.resolve("hub");
    await expect(second).resolves.toBeDefined();
    expect(looks).toHaveLength(1);
  });

  it("asks again after a suspicion, also one that came while it asked", async () => {
    const { clock, looks, verified, dial } = createRig();
    await dial();
    verified.suspect(NODE);
    expect(await dial()).toBe(2);
    await clock.advance(TRUST_MS);
    const during = verified.dial(NODE, 910, NEVER);
    await clock.advance(0);
    verified.suspect(NODE);
    looks.at(-1)?.resolve("hub");
    await during;
    expect(await dial()).toBe(4);
  });

  it("ends what it is asking when it stops", async () => {
    const { clock, verified } = createRig();
    const stream = verified.dial(NODE, 910, NEVER);
    await clock.advance(0);
    await Promise.all([verified.stop(), expect(stream).rejects.toMatchObject({ code: "STOPPING" })]);
  });
});
