import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { describe, expect, it, jest } from "@jest/globals";
import { WebSocket, WebSocketServer } from "ws";
import { ALICE, BOB, eventually, HOME, sendRaw, textOf } from "../support/proxy-client.ts";
import { startProxy, type ProxyFixture } from "../support/proxy-fixture.ts";
import { TRANSPORTS } from "../support/proxy-transports.ts";

// Real sockets on machines that may be busy.
jest.setTimeout(30_000);

const UPGRADE = `Host: lab\r\nCookie: ${ALICE.cookie}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n`;
const CONSENT = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n";

function onUpgrade(
  proxy: ProxyFixture,
  take: (socket: Socket, request: IncomingMessage, head: Buffer) => void,
): void {
  proxy.upstream.on("upgrade", (request, socket, head) => {
    socket.on("error", () => undefined);
    take(socket as unknown as Socket, request, head);
  });
}

describe.each(TRANSPORTS)("websockets over $name", ({ transport }) => {
  it("carry messages both ways, and the close with its code", async () => {
    await using proxy = await startProxy(() => undefined, { transport });
    const server = new WebSocketServer({ server: proxy.upstream });
    server.on("connection", (socket, request) => {
      socket.send(`${request.headers.host ?? ""} ${request.headers.cookie ?? "no cookie"}`);
      socket.on("message", (data: Buffer) => {
        socket.send(data, { binary: true });
      });
    });
    const url = `ws://127.0.0.1:${proxy.port}${HOME}api/kernels/1/channels?session_id=1`;
    const client = new WebSocket(url, { headers: { ...ALICE, host: "lab.example.org" } });
    const received: Buffer[] = [];
    client.on("message", (data: Buffer) => received.push(data));
    const [[response]] = (await Promise.all([once(client, "upgrade"), once(client, "open")])) as [
      [IncomingMessage],
      unknown,
    ];
    expect(response.headers["set-cookie"]).toEqual(["multijhub-session=renewed; Path=/; HttpOnly"]);
    const large = Buffer.alloc(1 << 20, "kernel output ");
    client.send(large);
    await eventually(() => received.length === 2);
    expect(received[0]?.toString()).toBe("lab.example.org no cookie");
    expect(received[1]?.equals(large)).toBe(true);
    client.close(4001, "done");
    const [code] = (await once(client, "close")) as [number];
    expect(code).toBe(4001);
    server.close();
  });

  it("pass the bytes that either side sent early", async () => {
    await using proxy = await startProxy(() => undefined, { transport });
    onUpgrade(proxy, (socket, _request, head) => {
      socket.write(`${CONSENT}\r\nearly `);
      let seen = head.toString();
      socket.on("data", (data) => {
        seen += data.toString();
        if (seen === "HEADMORE") socket.end(seen);
      });
      if (seen === "HEADMORE") socket.end(seen);
    });
    const client = await sendRaw(proxy, `GET ${HOME} HTTP/1.1\r\n${UPGRADE}\r\nHEAD`);
    client.write("MORE");
    const text = await textOf(client);
    expect(text).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n[^]*\r\n\r\nearly HEADMORE$/);
    client.destroy();
  });

  it("pass a half-close on, and what comes after it", async () => {
    await using proxy = await startProxy(() => undefined, { transport });
    onUpgrade(proxy, (socket) => {
      socket.write(`${CONSENT}\r\n`);
      let text = "";
      socket.on("data", (data) => (text += data.toString()));
      socket.on("end", () => setTimeout(() => socket.end(`after ${text}`), 20));
    });
    const client = await sendRaw(proxy, `GET ${HOME} HTTP/1.1\r\n${UPGRADE}\r\n`);
    await once(client, "readable");
    client.end("question");
    expect(await textOf(client)).toMatch(/\r\n\r\nafter question$/);
  });

  it("break on both sides when one breaks", async () => {
    const sockets: Socket[] = [];
    await using proxy = await startProxy(() => undefined, { transport });
    onUpgrade(proxy, (socket) => {
      sockets.push(socket);
      socket.resume().write(`${CONSENT}\r\n`);
    });
    const first = await sendRaw(proxy, `GET ${HOME} HTTP/1.1\r\n${UPGRADE}\r\n`);
    await once(first, "data");
    first.resetAndDestroy();
    await eventually(() => sockets[0]?.readableEnded === true);
    const second = await sendRaw(proxy, `GET ${HOME} HTTP/1.1\r\n${UPGRADE}\r\n`);
    second.on("error", () => undefined);
    await once(second, "data");
    sockets[1]?.destroy();
    await eventually(() => second.readableEnded || second.destroyed);
    second.destroy();
  });

  it("break when nothing moves for long, and when the router stops", async () => {
    await using proxy = await startProxy(() => undefined, { transport, idleTimeoutMs: 150 });
    onUpgrade(proxy, (socket) => socket.write(`${CONSENT}\r\n`));
    const idle = await sendRaw(proxy, `GET ${HOME} HTTP/1.1\r\n${UPGRADE}\r\n`);
    await once(idle, "data");
    idle.on("error", () => undefined).resume();
    await once(idle, "end");
    idle.destroy();
    const open = await sendRaw(proxy, `GET ${HOME} HTTP/1.1\r\n${UPGRADE}\r\n`);
    await once(open, "data");
    open.on("error", () => undefined).resume();
    await Promise.all([once(open, "end"), proxy.front.stop()]);
    open.destroy();
  });

  it("get a node's refusal as it is", async () => {
    await using proxy = await startProxy(() => undefined, { transport });
    onUpgrade(proxy, (socket) => {
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\nX-Why: xsrf\r\n\r\nforbid");
    });
    const text = await textOf(await sendRaw(proxy, `GET ${HOME} HTTP/1.1\r\n${UPGRADE}\r\n`));
    expect(text).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[^]*\r\nX-Why: xsrf\r\n[^]*\r\n\r\nforbid$/);
    expect(text).toContain("\r\nConnection: close\r\n");
  });

  it("get 502 when the hub is down", async () => {
    await using proxy = await startProxy(() => undefined, { transport, isUpstreamUp: false });
    const client = new WebSocket(`ws://127.0.0.1:${proxy.port}${HOME}x`, { headers: ALICE });
    const [error] = (await once(client, "error")) as [Error];
    expect(error.message).toContain("502");
  });

  it("pass the gate like everything else", async () => {
    await using proxy = await startProxy(() => undefined, { transport });
    onUpgrade(proxy, (socket) => socket.end(`${CONSENT}\r\n`));
    const client = new WebSocket(`ws://127.0.0.1:${proxy.port}${HOME}x`, { headers: BOB });
    const [error] = (await once(client, "error")) as [Error];
    expect(error.message).toContain("403");
  });

  it("open by hundreds beside one another", async () => {
    await using proxy = await startProxy(() => undefined, { transport, maxConnections: 1000 });
    const server = new WebSocketServer({ server: proxy.upstream });
    server.on("connection", (socket) => {
      socket.on("message", (data: Buffer) => {
        socket.send(data);
      });
    });
    const clients = Array.from(
      { length: 200 },
      () => new WebSocket(`ws://127.0.0.1:${proxy.port}${HOME}x`, { headers: ALICE }),
    );
    await Promise.all(clients.map((client) => once(client, "open")));
    await Promise.all(
      clients.map(async (client, i) => {
        client.send(String(i));
        const [data] = (await once(client, "message")) as [Buffer];
        expect(data.toString()).toBe(String(i));
        client.terminate();
      }),
    );
    server.close();
  });
});
