import { once } from "node:events";
import { request, Agent, type IncomingMessage, type RequestOptions, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { describe, expect, it } from "@jest/globals";
import { WebSocket, WebSocketServer } from "ws";
import { startProxy, tcpTransport, type ProxyFixture } from "../support/proxy-fixture.ts";

const ALICE = { cookie: "multijhub-session=alice" };
const HOME = "/n/node1/user/alice/";
const transports = [{ name: "TCP", transport: tcpTransport }];

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly message: IncomingMessage;
}

async function send(proxy: ProxyFixture, options: RequestOptions, body?: string): Promise<Answer> {
  const outgoing = request({ host: "127.0.0.1", port: proxy.port, headers: ALICE, path: HOME, ...options });
  outgoing.end(body);
  const [message] = (await once(outgoing, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return { status: message.statusCode ?? 0, text: Buffer.concat(chunks).toString(), message };
}

describe.each(transports)("HTTP over $name", ({ transport }) => {
  it("passes method, target, headers and body on, and the answer back", async () => {
    await using proxy = await startProxy(
      (req, res) => {
        const chunks: Buffer[] = [];
        req.on("data", (chunk: Buffer) => chunks.push(chunk));
        req.on("end", () => {
          const body = Buffer.concat(chunks).toString();
          res.writeHead(207, "Mixed", { "X-Seen": "yes" });
          res.end(JSON.stringify({ method: req.method, url: req.url, headers: req.headers, body }));
        });
      },
      { transport },
    );
    const headers = { ...ALICE, host: "lab.example.org:8000", "x-custom": "1" };
    const answer = await send(proxy, { method: "PUT", path: `${HOME}a%20b?q=1&q=2`, headers }, "hello");
    expect(answer.status).toBe(207);
    expect(answer.message.statusMessage).toBe("Mixed");
    expect(answer.message.headers["x-seen"]).toBe("yes");
    expect(JSON.parse(answer.text)).toMatchObject({
      method: "PUT",
      url: `${HOME}a%20b?q=1&q=2`,
      body: "hello",
      headers: { host: "lab.example.org:8000", "x-custom": "1", "x-forwarded-for": "127.0.0.1" },
    });
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
      expect([answer.status, answer.message.headers["content-length"]]).toEqual([status, length]);
    }
    agent.destroy();
  });

  it("passes server-sent events on at once, headers before the first of them", async () => {
    const answers: ServerResponse[] = [];
    await using proxy = await startProxy(
      (_req, res) => {
        res.writeHead(200, { "Content-Type": "text/event-stream" });
        res.flushHeaders();
        answers.push(res);
      },
      { transport },
    );
    const outgoing = request({ host: "127.0.0.1", port: proxy.port, headers: ALICE, path: HOME });
    outgoing.on("error", () => undefined).end();
    const [message] = (await once(outgoing, "response")) as [IncomingMessage];
    expect(message.headers["content-type"]).toBe("text/event-stream");
    for (const text of ["data: 1\n\n", "data: 2\n\n"]) {
      answers[0]?.write(text);
      const [chunk] = (await once(message, "data")) as [Buffer];
      expect(chunk.toString()).toBe(text);
    }
    outgoing.destroy();
  });
});

describe.each(transports)("websockets over $name", ({ transport }) => {
  it("carries messages both ways, and the close", async () => {
    await using proxy = await startProxy(() => undefined, { transport });
    const server = new WebSocketServer({ server: proxy.upstream });
    server.on("connection", (socket) => {
      socket.on("message", (data: Buffer) => {
        socket.send(`echo ${data.toString()}`);
      });
    });
    const client = new WebSocket(`ws://127.0.0.1:${proxy.port}${HOME}api/kernels/1/channels`, {
      headers: ALICE,
    });
    await once(client, "open");
    client.send("6*7");
    const [data] = (await once(client, "message")) as [Buffer];
    expect(data.toString()).toBe("echo 6*7");
    client.close(4001, "done");
    const [code] = (await once(client, "close")) as [number];
    expect(code).toBe(4001);
    server.close();
  });

  it("shuts the gate on others", async () => {
    await using proxy = await startProxy(() => undefined, { transport });
    const headers = { cookie: "multijhub-session=bob" };
    const client = new WebSocket(`ws://127.0.0.1:${proxy.port}${HOME}x`, { headers });
    const [error] = (await once(client, "error")) as [Error];
    expect(error.message).toContain("403");
  });
});

it("says which part is down", async () => {
  await using proxy = await startProxy(() => undefined, { isUpstreamUp: false });
  const answer = await send(proxy, { headers: { ...ALICE, accept: "text/html" } });
  expect(answer.status).toBe(502);
  expect(answer.text).toContain("The hub on node1 is not running");
  expect(proxy.failures).toMatchObject([{ node: "node1", error: { code: "TUNNEL_REFUSED" } }]);
});

it("closes a connection that sends garbage", async () => {
  await using proxy = await startProxy((_req, res) => res.end("never"));
  const socket = connect(proxy.port, "127.0.0.1");
  socket.write(
    "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  );
  const [data] = (await once(socket, "data")) as [Buffer];
  expect(data.toString()).toMatch(/^HTTP\/1\.1 400 /);
  socket.destroy();
});
