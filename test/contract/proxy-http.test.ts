import { once } from "node:events";
import { Agent, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { describe, expect, it, jest } from "@jest/globals";
import { ALICE, answerOf, HOME, open, send, sendRaw, textOf } from "../support/proxy-client.ts";
import { startProxy } from "../support/proxy-fixture.ts";
import { TRANSPORTS } from "../support/proxy-transports.ts";

// Real sockets on machines that may be busy.
jest.setTimeout(30_000);

describe.each(TRANSPORTS)("HTTP over $name", ({ transport }) => {
  it("passes method, target, headers and body on, and the answer back", async () => {
    await using proxy = await startProxy(
      (req, res) => {
        void textOf(req).then((body) => {
          res.writeHead(207, "Mixed", { "X-Seen": "yes" });
          res.end(JSON.stringify({ method: req.method, url: req.url, headers: req.headers, body }));
        });
      },
      { transport },
    );
    const headers = { ...ALICE, host: "lab.example.org:8000", "x-custom": "1" };
    const answer = await send(proxy, { method: "PUT", path: `${HOME}a%20b?q=1&q=2`, headers }, "hello");
    expect([answer.status, answer.message.statusMessage, answer.headers["x-seen"]]).toEqual([
      207,
      "Mixed",
      "yes",
    ]);
    expect(JSON.parse(answer.text)).toMatchObject({
      method: "PUT",
      url: `${HOME}a%20b?q=1&q=2`,
      body: "hello",
      headers: { host: "lab.example.org:8000", "x-custom": "1", "x-forwarded-for": "127.0.0.1" },
    });
  });

  it("passes a chunked body on as one, of unknown length", async () => {
    await using proxy = await startProxy(
      (req, res) => {
        void textOf(req).then((body) => res.end(`${req.headers["content-length"] ?? "chunked"} ${body}`));
      },
      { transport },
    );
    const outgoing = open(proxy, { method: "POST" });
    outgoing.write("one ");
    await once(proxy.upstream, "request");
    outgoing.end("two");
    expect(await textOf(await answerOf(outgoing))).toBe("chunked one two");
  });

  it("answers HEAD, 204 and 304 without a body, on a kept connection", async () => {
    await using proxy = await startProxy(
      (req, res) => {
        const status = Number(new URL(req.url ?? "", "http://x").searchParams.get("s"));
        res.writeHead(status, status === 200 ? { "Content-Length": 5 } : {});
        res.end(status === 200 && req.method === "GET" ? "hello" : undefined);
      },
      { transport },
    );
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (const [method, status, length] of [
      ["HEAD", 200, "5"],
      ["GET", 204, undefined],
      ["GET", 304, undefined],
      ["GET", 200, "5"],
    ] as const) {
      const answer = await send(proxy, { method, path: `${HOME}?s=${status}`, agent });
      expect([answer.status, answer.headers["content-length"]]).toEqual([status, length]);
    }
    agent.destroy();
  });

  it("passes server-sent events on at once, headers before the first of them", async () => {
    const answers: ServerResponse[] = [];
    await using proxy = await startProxy(
      (_req, res) => {
        answers.push(res);
        res.writeHead(200, { "Content-Type": "text/event-stream" });
        res.flushHeaders();
      },
      { transport },
    );
    const outgoing = open(proxy);
    outgoing.on("error", () => undefined).end();
    const message = await answerOf(outgoing);
    expect(message.headers["content-type"]).toBe("text/event-stream");
    for (const text of ["data: 1\n\n", "data: 2\n\n"]) {
      answers[0]?.write(text);
      const [chunk] = (await once(message, "data")) as [Buffer];
      expect(chunk.toString()).toBe(text);
    }
    outgoing.destroy();
  });

  it("keeps connections alive on both sides", async () => {
    let connections = 0;
    await using proxy = await startProxy((_req, res) => res.end("ok"), { transport });
    proxy.upstream.on("connection", () => (connections += 1));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const reused: boolean[] = [];
    for (let i = 0; i < 5; i += 1) reused.push((await send(proxy, { agent })).isConnectionReused);
    agent.destroy();
    expect([connections, reused]).toEqual([1, [false, true, true, true, true]]);
  });

  it("asks for a body only once the request may pass", async () => {
    await using proxy = await startProxy(
      (req, res) => {
        void textOf(req).then((body) => res.end(`got ${body}`));
      },
      { transport },
    );
    const headers = { ...ALICE, expect: "100-continue", "content-length": "2" };
    const outgoing = open(proxy, { method: "PUT", headers });
    outgoing.flushHeaders();
    await once(outgoing, "continue");
    outgoing.end("ok");
    expect(await textOf(await answerOf(outgoing))).toBe("got ok");

    const refused = open(proxy, { method: "PUT", headers: { ...headers, cookie: "multijhub-session=bob" } });
    refused.on("error", () => undefined).flushHeaders();
    expect((await answerOf(refused)).statusCode).toBe(403);
    refused.destroy();
  });

  it("passes trailers on, but no cookie in them", async () => {
    await using proxy = await startProxy(
      (_req, res) => {
        res.writeHead(200, { Trailer: "Server-Timing, Set-Cookie" });
        res.write("body");
        res.addTrailers({ "Server-Timing": "x", "Set-Cookie": "a=1" });
        res.end();
      },
      { transport },
    );
    const { message } = await send(proxy);
    expect(message.trailers).toEqual({ "server-timing": "x" });
  });

  it("renews the session on whatever answer", async () => {
    await using proxy = await startProxy((_req, res) => res.setHeader("Set-Cookie", "a=1").end(), {
      transport,
    });
    const renewed = "multijhub-session=renewed; Path=/; HttpOnly";
    expect((await send(proxy)).headers["set-cookie"]).toEqual([
      `a=1; Path=${HOME}`.replace(/\/$/, ""),
      renewed,
    ]);
    expect((await send(proxy, { path: "/n/node1/user/bob/" })).headers["set-cookie"]).toEqual([renewed]);
  });

  it("takes the headers of many hubs' cookies, up to 64 KiB", async () => {
    await using proxy = await startProxy((req, res) => res.end(String(req.headers.cookie?.length)), {
      transport,
      upstreamMaxHeaderSize: 65_536,
    });
    const [many, tooMany] = [40_000, 70_000].map((bytes) => `${ALICE.cookie}; a=${"x".repeat(bytes)}`);
    expect((await send(proxy, { headers: { cookie: many } })).text).toBe("40002");
    expect((await send(proxy, { headers: { cookie: tooMany } })).status).toBe(431);
  });

  it("serves HTTP/1.0 clients by closing", async () => {
    await using proxy = await startProxy((_req, res) => res.end("old"), { transport });
    const socket = await sendRaw(proxy, `GET ${HOME} HTTP/1.0\r\nHost: x\r\nCookie: ${ALICE.cookie}\r\n\r\n`);
    expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 200 OK[^]*\r\n\r\nold$/);
  });
});

describe("the front", () => {
  it("gives the application what is not below /n/", async () => {
    await using proxy = await startProxy((_req, res) => res.end("node"));
    for (const path of ["/", "/home", "/n", "/N/node1/", "//n/node1/user/alice/", "/%6e/node1/"]) {
      expect((await send(proxy, { path })).text).toBe("app");
    }
    expect((await send(proxy)).text).toBe("node");
  });

  it("answers an upgrade that is none in plain HTTP, as curl --http2 asks for", async () => {
    await using proxy = await startProxy((req, res) => res.end(`plain ${req.headers.upgrade ?? "none"}`));
    const headers = {
      ...ALICE,
      connection: "Upgrade, HTTP2-Settings",
      upgrade: "h2c",
      "http2-settings": "x",
    };
    expect((await send(proxy, { headers })).text).toBe("plain none");
    expect((await send(proxy, { headers, path: "/home" })).text).toBe("app");
  });

  it("lets requests finish when it stops, and takes no new ones", async () => {
    const answers: ServerResponse[] = [];
    await using proxy = await startProxy((_req, res) => answers.push(res), { drainMs: 2000 });
    const outgoing = open(proxy);
    outgoing.end();
    await once(proxy.upstream, "request");
    const stopped = proxy.front.stop();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const late = connect(proxy.port, "127.0.0.1");
    await once(late, "error");
    answers[0]?.end("in time");
    expect(await textOf(await answerOf(outgoing))).toBe("in time");
    await stopped;
    await proxy.front.stop();
  });

  it("breaks what does not finish by the deadline", async () => {
    await using proxy = await startProxy(() => undefined, { drainMs: 50 });
    const outgoing = open(proxy);
    outgoing.end();
    const broken = once(outgoing, "error");
    await once(proxy.upstream, "request");
    await proxy.front.stop();
    await broken;
  });
});
