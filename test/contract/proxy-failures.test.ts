import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { describe, expect, it, jest } from "@jest/globals";
import { ALICE, answerOf, eventually, HOME, open, send, textOf } from "../support/proxy-client.ts";
import { startProxy } from "../support/proxy-fixture.ts";
import { TRANSPORTS } from "../support/proxy-transports.ts";

// Real sockets on machines that may be busy.
jest.setTimeout(30_000);

const PERSON = { ...ALICE, accept: "text/html" };

describe.each(TRANSPORTS)("a failure over $name", ({ transport }) => {
  it("of the hub says so: a page for a person, JSON for a program, a word for the hub's keeper", async () => {
    await using proxy = await startProxy(() => undefined, { transport, isUpstreamUp: false });
    const shown = await send(proxy, { headers: PERSON });
    expect([shown.status, shown.headers["retry-after"]]).toEqual([502, "5"]);
    expect(shown.text).toContain("The hub on node1 is not running");
    expect(shown.text).toContain(`href="${HOME}"`);
    expect(shown.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(shown.headers["cache-control"]).toBe("no-store");
    const told = await send(proxy);
    expect(JSON.parse(told.text)).toMatchObject({ status: 502, code: "TUNNEL_REFUSED" });
    expect(proxy.failures).toMatchObject(Array(2).fill({ node: "node1", error: { code: "TUNNEL_REFUSED" } }));
  });

  it("by a broken answer breaks the client's: it never looks whole", async () => {
    await using proxy = await startProxy(
      (_req, res) => {
        res.write("half of");
        setTimeout(() => res.destroy(), 20);
      },
      { transport },
    );
    const outgoing = open(proxy);
    outgoing.end();
    const message = await answerOf(outgoing);
    await expect(textOf(message)).rejects.toThrow("aborted");
    expect(message.complete).toBe(false);
  });

  it("by no answer is 502 and tried once", async () => {
    let requests = 0;
    await using proxy = await startProxy(
      (req) => {
        requests += 1;
        req.socket.destroy();
      },
      { transport },
    );
    const answer = await send(proxy, { headers: PERSON });
    expect([answer.status, requests]).toEqual([502, 1]);
    expect(answer.text).toContain("The connection to node1 was lost");
  });

  it("by a kept connection that closes is hidden from requests that may be repeated, from no others", async () => {
    const served = new Map<Socket, number>();
    let requests = 0;
    await using proxy = await startProxy(
      (req, res) => {
        requests += 1;
        const count = (served.get(req.socket) ?? 0) + 1;
        served.set(req.socket, count);
        if (count > 1) req.socket.destroy();
        else res.end("ok");
      },
      { transport, maxConnections: 1 },
    );
    expect((await send(proxy)).text).toBe("ok");
    expect((await send(proxy)).text).toBe("ok");
    expect(requests).toBe(3);
    expect((await send(proxy, { method: "POST" }, "x")).status).toBe(502);
    expect(requests).toBe(4);
    expect((await send(proxy)).text).toBe("ok");
    expect((await send(proxy, { method: "DELETE" })).status).toBe(502);
    expect(requests).toBe(6);
  });

  it("by silence is 504", async () => {
    await using proxy = await startProxy(() => undefined, { transport, answerTimeoutMs: 100 });
    const answer = await send(proxy, { headers: PERSON });
    expect(answer.status).toBe(504);
    expect(answer.text).toContain("node1 takes too long");
  });

  it("by an answer that pauses for ever breaks it", async () => {
    await using proxy = await startProxy((_req, res) => res.write("first"), {
      transport,
      idleTimeoutMs: 100,
    });
    const outgoing = open(proxy);
    outgoing.end();
    await expect(textOf(await answerOf(outgoing))).rejects.toThrow("aborted");
  });

  it("by a reason in no known letters is none", async () => {
    await using proxy = await startProxy(
      (req) => {
        req.socket.end(Buffer.from("HTTP/1.1 299 \xff\xfe\r\nContent-Length: 0\r\n\r\n", "latin1"));
      },
      { transport },
    );
    expect((await send(proxy)).status).toBe(299);
  });

  it.each([
    ["a control character", "HTTP/1.1 200 OK\r\nX: a\x01b\r\nContent-Length: 0\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"],
    ["an upgrade nobody asked for", "HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nhello"],
    ["headers without end", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(70_000)}\r\n\r\n`],
  ])("by %s is 502", async (_name, text) => {
    await using proxy = await startProxy((req) => req.socket.end(text, "latin1"), { transport });
    expect((await send(proxy)).status).toBe(502);
  });

  it("by what is no HTTP is 502", async () => {
    await using proxy = await startProxy((req) => req.socket.end("SSH-2.0-OpenSSH\r\n"), { transport });
    const answer = await send(proxy, { headers: PERSON });
    expect(answer.status).toBe(502);
  });
});

describe.each(TRANSPORTS)("a client that leaves, over $name", ({ transport }) => {
  it("before the answer ends the request on the node", async () => {
    await using proxy = await startProxy(() => undefined, { transport });
    const outgoing = open(proxy);
    outgoing.on("error", () => undefined).end();
    const [request] = (await once(proxy.upstream, "request")) as [IncomingMessage];
    outgoing.destroy();
    await eventually(() => request.socket.destroyed);
  });

  it("in mid-upload ends it there as well, unfinished", async () => {
    await using proxy = await startProxy(() => undefined, { transport });
    const outgoing = open(proxy, { method: "PUT", headers: { ...ALICE, "content-length": "1000" } });
    outgoing.on("error", () => undefined).write("some");
    const [request] = (await once(proxy.upstream, "request")) as [IncomingMessage];
    request.on("error", () => undefined).resume();
    await once(request, "data");
    outgoing.destroy();
    await eventually(() => request.socket.destroyed);
    expect(request.complete).toBe(false);
  });

  it("in mid-answer frees its connection: dozens of them fill no pool of four", async () => {
    const answers: ServerResponse[] = [];
    await using proxy = await startProxy(
      (req, res) => {
        if (req.url === `${HOME}small`) return void res.end("small");
        answers.push(res);
        res.on("error", () => undefined).write(Buffer.alloc(1 << 19));
      },
      { transport, maxConnections: 4 },
    );
    for (let i = 0; i < 40; i += 1) {
      const outgoing = open(proxy);
      outgoing.on("error", () => undefined).end();
      (await answerOf(outgoing)).on("error", () => undefined);
      outgoing.destroy();
    }
    expect((await send(proxy, { path: `${HOME}small` })).text).toBe("small");
    await eventually(() => answers.every((res) => res.destroyed));
  });

  it("in place, but takes nothing, is cut off", async () => {
    let cut = false;
    await using proxy = await startProxy(
      (_req, res) => {
        res.on("close", () => (cut = true)).on("error", () => undefined);
        res.write(Buffer.alloc(64 << 20));
      },
      { transport, stalledReaderMs: 100 },
    );
    const outgoing = open(proxy);
    outgoing.on("error", () => undefined).end();
    const message = await answerOf(outgoing);
    message.on("error", () => undefined).pause();
    await eventually(() => cut);
    outgoing.destroy();
  });
});
