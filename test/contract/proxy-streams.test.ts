import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { describe, expect, it } from "@jest/globals";
import { ALICE, answerOf, eventually, HOME, open, textOf } from "../support/proxy-client.ts";
import { startProxy } from "../support/proxy-fixture.ts";
import { TRANSPORTS } from "../support/proxy-transports.ts";

const MIB = 1 << 20;
const SIZE = 100 * MIB;
/** More than all buffers on the way hold together. */
const LARGE = 48 * MIB;
/** Sockets' own buffers, the tunnel's window and a garbage collector that takes its time. */
const MEMORY_BOUND = 64 * MIB;

describe.each(TRANSPORTS)("100 MB over $name", ({ transport }) => {
  it("come down whole, at constant memory", async () => {
    await using proxy = await startProxy((_req, res) => chunks(SIZE).pipe(res), { transport });
    const outgoing = open(proxy);
    outgoing.end();
    const memory = watchMemory();
    expect(await sizeOf(await answerOf(outgoing))).toBe(SIZE);
    expect(memory.stop()).toBeLessThan(MEMORY_BOUND);
  }, 60_000);

  it("go up whole, at constant memory", async () => {
    await using proxy = await startProxy(
      (req, res) => {
        void sizeOf(req).then((size) => res.end(String(size)));
      },
      { transport },
    );
    const outgoing = open(proxy, { method: "PUT", headers: { ...ALICE, "content-length": String(SIZE) } });
    const memory = watchMemory();
    chunks(SIZE).pipe(outgoing);
    expect(await textOf(await answerOf(outgoing))).toBe(String(SIZE));
    expect(memory.stop()).toBeLessThan(MEMORY_BOUND);
  }, 60_000);

  it("wait for a reader that has stopped, and go on with it", async () => {
    let sent = 0;
    await using proxy = await startProxy((_req, res) => chunks(LARGE, (n) => (sent += n)).pipe(res), {
      transport,
    });
    const outgoing = open(proxy);
    outgoing.end();
    const message = await answerOf(outgoing);
    await settled(() => sent);
    expect(sent).toBeLessThan(24 * MIB);
    expect(await sizeOf(message)).toBe(LARGE);
  }, 60_000);

  it("wait for a server that does not read, and go on with it", async () => {
    const requests: [IncomingMessage, ServerResponse][] = [];
    await using proxy = await startProxy((req, res) => requests.push([req, res]), { transport });
    const outgoing = open(proxy, { method: "PUT", headers: { ...ALICE, "content-length": String(LARGE) } });
    let sent = 0;
    chunks(LARGE, (n) => (sent += n)).pipe(outgoing);
    await once(proxy.upstream, "request");
    await settled(() => sent);
    expect(sent).toBeLessThan(24 * MIB);
    const [req, res] = requests[0] ?? [];
    if (req) void sizeOf(req).then((size) => res?.end(String(size)));
    expect(await textOf(await answerOf(outgoing))).toBe(String(LARGE));
  }, 60_000);

  it("that nobody reads slow nobody else down", async () => {
    await using proxy = await startProxy(
      (req, res) => (req.url === HOME ? chunks(LARGE).pipe(res) : res.end("quick")),
      { transport },
    );
    const stalled = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const outgoing = open(proxy);
        outgoing.end();
        return await answerOf(outgoing);
      }),
    );
    const quick = open(proxy, { path: `${HOME}quick` });
    quick.end();
    expect(await textOf(await answerOf(quick))).toBe("quick");
    for (const message of stalled) message.on("error", () => undefined).destroy();
  }, 60_000);
});

function chunks(size: number, onSent: (bytes: number) => void = () => undefined): Readable {
  const chunk = Buffer.alloc(64 * 1024, "x");
  let left = size;
  return new Readable({
    read() {
      if (left > 0) onSent(chunk.length);
      this.push(left > 0 ? chunk : null);
      left -= chunk.length;
    },
  });
}

async function sizeOf(stream: Readable): Promise<number> {
  let size = 0;
  for await (const chunk of stream) size += (chunk as Buffer).length;
  return size;
}

/** The most that live memory has grown since. */
function watchMemory(): { stop(): number } {
  function inUse(): number {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  }
  const before = inUse();
  let most = 0;
  const timer = setInterval(() => (most = Math.max(most, inUse() - before)), 20);
  return {
    stop() {
      clearInterval(timer);
      return most;
    },
  };
}

async function settled(value: () => number): Promise<void> {
  let last = -1;
  let since = Date.now();
  await eventually(() => {
    if (value() !== last) since = Date.now();
    last = value();
    return last > 0 && Date.now() - since > 200;
  });
}
