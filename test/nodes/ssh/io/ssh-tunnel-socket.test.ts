import { once } from "node:events";
import { Agent, request } from "node:http";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ClientChannel } from "ssh2";
import type { SshConnection } from "../../../../src/nodes/ssh/io/ssh-connection.ts";
import { TunnelSocket, createDrainGate } from "../../../../src/nodes/ssh/io/ssh-tunnel-socket.ts";
import { createLoopback } from "../../../support/loopback.ts";
import { NODE, type SshWorld, never, startSshWorld } from "../../../support/ssh-world.ts";
import { systemClock } from "../../../support/system-clock.ts";

describe("tunnel socket", () => {
  let world: SshWorld;
  let connection: SshConnection;
  const loopback = createLoopback();
  beforeEach(async () => {
    world = await startSshWorld();
    connection = await world.pool.client(NODE, never);
  });
  afterEach(async () => {
    await world.stop();
    loopback.close();
  });

  /** A server on loopback; resolves with a tunnel to it. */
  async function tunnelTo(handle: (socket: Socket) => void, allowHalfOpen = false): Promise<TunnelSocket> {
    return connection.tunnel({ port: await loopback.serve(handle, { allowHalfOpen }) }, never);
  }

  test("counts bytes, and looks like a socket to node:http", async () => {
    const body = "x".repeat(100_000);
    const tunnel = await tunnelTo((socket) => {
      socket.once("data", () =>
        socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
      );
    });
    const agent = new Agent();
    agent.createConnection = () => tunnel;
    const sent = request({ agent, path: "/", host: "node1" }).end();
    const [response] = (await once(sent, "response")) as [NodeJS.ReadableStream];
    expect(await text(response)).toBe(body);
    expect(tunnel.bytesRead).toBeGreaterThan(body.length);
    expect(tunnel.bytesWritten).toBeGreaterThan(10);
  });

  test("a lost connection is an error of its own code, never an end", async () => {
    const tunnel = await tunnelTo((socket) => socket.write("half of"));
    let hasEnded = false;
    tunnel.once("end", () => (hasEnded = true));
    await once(tunnel, "data");
    const closed = new Promise((resolve) => tunnel.once("close", resolve));
    world.server.dropConnections();
    const [err] = (await once(tunnel, "error")) as [{ code: string }];
    expect(err.code).toBe("TUNNEL_LOST");
    await closed;
    expect(hasEnded).toBe(false);
  });

  test("a loss that nobody listens for does not end the process", async () => {
    const tunnel = await tunnelTo(() => undefined);
    world.server.dropConnections();
    await connection.lost;
    expect(tunnel.destroyed).toBe(true);
  });

  test("a write under way when the connection is lost is called back with the error", async () => {
    const tunnel = await tunnelTo((socket) => socket.pause());
    const outcome = new Promise((resolve) => {
      tunnel.write(Buffer.alloc(8 * 1024 * 1024), resolve);
    });
    await systemClock.sleep(50, never);
    world.server.dropConnections();
    expect(await outcome).toMatchObject({ code: "TUNNEL_LOST" });
  });

  test("the other side's end is an end, and closes both ways unless half-open is wanted", async () => {
    const tunnel = await tunnelTo((socket) => socket.end("bye"));
    const closed = once(tunnel, "close");
    expect((await buffer(tunnel)).toString()).toBe("bye");
    await closed;
    expect(tunnel.readyState).toBe("closed");
  });

  test("our end reaches the other side, which may still answer", async () => {
    const tunnel = await tunnelTo((socket) => {
      let heard = "";
      socket.on("data", (chunk: Buffer) => (heard += chunk.toString()));
      socket.once("end", () => socket.end(`heard ${heard}`));
    }, true);
    tunnel.end("everything");
    expect(await text(tunnel)).toBe("heard everything");
  });

  test("an idle channel that the other side closes ends without an error", async () => {
    const tunnel = await tunnelTo((socket) => setTimeout(() => socket.end(), 20));
    let failure: Error | undefined;
    tunnel.once("error", (err) => (failure = err));
    tunnel.resume();
    await once(tunnel, "close");
    expect(failure).toBeUndefined();
  });

  test("a write after the other side has gone fails with EPIPE", async () => {
    const channel = closedChannel();
    const tunnel = new TunnelSocket(channel, createDrainGate(channel));
    const failed = once(tunnel, "error");
    tunnel.write("x");
    expect(await failed).toMatchObject([{ code: "EPIPE" }]);
  });

  test("a writer waits for the connection's socket, so little is queued for a node that does not read", async () => {
    const tunnel = await tunnelTo((socket) => socket.pause());
    world.server.freeze();
    const chunk = Buffer.alloc(64 * 1024);
    let written = 0;
    function pump(): void {
      while (!tunnel.destroyed && written < 400) {
        written++;
        if (!tunnel.write(chunk)) break;
      }
    }
    tunnel.on("drain", pump);
    pump();
    const before = process.memoryUsage().arrayBuffers;
    await systemClock.sleep(400, never);
    // What the kernel and one SSH window take, and no more.
    expect(tunnel.bytesWritten).toBeLessThan(12 * 1024 * 1024);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024);
    tunnel.destroy();
  });

  test("a reader that stalls does not slow the others, and can be timed out", async () => {
    const flood = Buffer.alloc(1024 * 1024, "x");
    const stalled = await tunnelTo((socket) => {
      for (let i = 0; i < 16; i++) socket.write(flood);
    });
    stalled.once("data", () => stalled.pause());
    const timedOut = once(stalled, "timeout");
    stalled.setTimeout(300);
    const other = await tunnelTo((socket) => socket.end(Buffer.concat([flood, flood, flood])));
    expect((await buffer(other)).length).toBe(3 * flood.length);
    await timedOut;
    expect(stalled.bytesRead).toBeLessThan(4 * 1024 * 1024);
    stalled.destroy();
  });

  test("a caller that leaves while the tunnel is opened leaves no channel behind", async () => {
    const leaving = new AbortController();
    const sockets: Socket[] = [];
    const port = await loopback.serve((socket) => sockets.push(socket));
    const opening = connection.tunnel({ port }, leaving.signal);
    leaving.abort(new Error("left"));
    await expect(opening).rejects.toThrow("left");
    await systemClock.sleep(100, never);
    for (const socket of sockets) if (!socket.closed) await once(socket.resume(), "close");
  });

  test("500 tunnels at once, opened and closed, leave nothing behind", async () => {
    const sockets = new Set<Socket>();
    const port = await loopback.serve((socket) => {
      sockets.add(socket.pipe(socket));
      socket.once("close", () => sockets.delete(socket));
    });
    await Promise.all(
      Array.from({ length: 500 }, async (_, index) => {
        const tunnel = await connection.tunnel({ port }, never);
        tunnel.write(`hello ${index}`);
        const [answer] = (await once(tunnel, "data")) as [Buffer];
        expect(answer.toString()).toBe(`hello ${index}`);
        tunnel.destroy();
        await once(tunnel, "close");
      }),
    );
    for (let tries = 0; tries < 200 && sockets.size > 0; tries++) await systemClock.sleep(10, never);
    expect(sockets.size).toBe(0);
  });
});

/** A channel whose other side is gone: ssh2 never calls back for a write to it. */
function closedChannel(): ClientChannel {
  const channel = new Duplex({ read: () => undefined, write: () => undefined });
  return Object.assign(channel, {
    outgoing: { state: "closed" },
    close: () => undefined,
  }) as unknown as ClientChannel;
}
