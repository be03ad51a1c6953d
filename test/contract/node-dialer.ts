import { once } from "node:events";
import type { Duplex } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { NodeId } from "../../src/model.ts";
import type { NodeDialer } from "../../src/ports.ts";
import { createLoopback } from "../support/loopback.ts";

/** A dialer whose node is this machine. */
export interface DialerWorld {
  readonly dialer: NodeDialer;
  readonly node: NodeId;
  /** Called with a port of this machine before it is dialled. */
  expose?(port: number): void;
  /** Cuts the node off under open streams, and heals it again. Absent: the streams are plain TCP. */
  cutOff?(): void;
  heal?(): Promise<void>;
  stop(): Promise<void>;
}

/** What every `NodeDialer` promises. */
export function describeNodeDialer(name: string, open: () => Promise<DialerWorld>): void {
  describe(`node dialer: ${name}`, () => {
    const never = new AbortController().signal;
    const loopback = createLoopback();
    let world: DialerWorld;
    beforeAll(async () => {
      world = await open();
    });
    afterAll(async () => {
      await world.stop();
      loopback.close();
    });

    async function serve(handle: (socket: Duplex) => void): Promise<number> {
      const port = await loopback.serve(handle, { allowHalfOpen: true });
      world.expose?.(port);
      return port;
    }

    test("carries bytes both ways", async () => {
      const port = await serve((socket) => socket.pipe(socket));
      const stream = await world.dialer.dial(world.node, port, never);
      stream.write("hello");
      const [answer] = (await once(stream, "data")) as [Buffer];
      expect(answer.toString()).toBe("hello");
      stream.destroy();
    });

    test("gives the end of the other side's data, and closes once we have ended too", async () => {
      const port = await serve((socket) => socket.end("all there is"));
      const stream = await world.dialer.dial(world.node, port, never);
      const closed = once(stream, "close");
      let text = "";
      stream.on("data", (data: Buffer) => (text += data.toString()));
      await once(stream, "end");
      expect(text).toBe("all there is");
      stream.end();
      await closed;
    });

    test("passes on that the caller has gone", async () => {
      const accepted: Duplex[] = [];
      const port = await serve((socket) => {
        socket.on("error", () => undefined);
        socket.on("end", () => socket.end()).pipe(socket, { end: false });
        accepted.push(socket);
      });
      const stream = await world.dialer.dial(world.node, port, never);
      stream.write("hello");
      await once(stream, "data");
      const gone = accepted[0] && once(accepted[0], "close");
      stream.destroy();
      await gone;
    });

    test("says TUNNEL_REFUSED where nothing listens", async () => {
      const port = await loopback.freePort();
      world.expose?.(port);
      await expect(world.dialer.dial(world.node, port, never)).rejects.toMatchObject({
        code: "TUNNEL_REFUSED",
      });
    });

    test("rejects with the reason of an abort", async () => {
      const reason = new Error("the caller left");
      const port = await serve((socket) => socket.pipe(socket));
      await expect(world.dialer.dial(world.node, port, AbortSignal.abort(reason))).rejects.toBe(reason);
    });

    test("ends streams with an error, not with an early end, when the node is lost", async () => {
      if (world.cutOff === undefined) return;
      const port = await serve((socket) => {
        socket.on("error", () => undefined);
        socket.write("half of");
      });
      const stream = await world.dialer.dial(world.node, port, never);
      let hasEnded = false;
      stream.once("end", () => (hasEnded = true));
      await once(stream, "data");
      world.cutOff();
      const [err] = (await once(stream, "error")) as [Error];
      expect(err).toMatchObject({ code: "TUNNEL_LOST" });
      expect(hasEnded).toBe(false);
      await world.heal?.();
      (await world.dialer.dial(world.node, port, never)).destroy();
    });
  });
}
