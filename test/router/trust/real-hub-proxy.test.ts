import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "@jest/globals";
import fc from "fast-check";
import { WebSocket, WebSocketServer } from "ws";
import { ALICE, HOME, send, sendRaw } from "../../support/proxy-client.ts";
import { startProxy, tcpTransport, type ProxyFixture } from "../../support/proxy-fixture.ts";

/** The part of configurable-http-proxy that is used here; it comes without types. */
interface HubProxy {
  readonly proxyServer: Server;
  readonly apiServer: Server;
  addRoute(path: string, route: { readonly target: string }): Promise<void>;
}

let hubProxy: HubProxy;
let servers: Server[] = [];
let reached: string[] = [];

async function serve(handler: RequestListener): Promise<{ server: Server; target: string }> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, target: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function named(name: string): RequestListener {
  return (req, res) => {
    reached.push(name);
    res.end(`${name} ${req.url ?? ""}`);
  };
}

beforeEach(async () => {
  // @ts-expect-error It comes without types.
  const { ConfigurableProxy } = (await import("configurable-http-proxy")) as {
    ConfigurableProxy: new (options: object) => HubProxy;
  };
  const log = { debug: noop, info: noop, warn: noop, error: noop };
  hubProxy = new ConfigurableProxy({ log });
  reached = [];
  servers = [hubProxy.proxyServer];
  for (const [path, server] of [
    ["/n/node1/", "hub"],
    ["/n/node1/user/carol/", "carol"],
  ] as const) {
    await hubProxy.addRoute(path, { target: (await serve(named(server))).target });
  }
  await new Promise<void>((resolve) => hubProxy.proxyServer.listen(0, "127.0.0.1", resolve));
});

afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

function throughHubProxy(): Promise<ProxyFixture> {
  const { port } = hubProxy.proxyServer.address() as AddressInfo;
  return startProxy(noop, { transport: () => tcpTransport(() => port) });
}

it("alice reaches her own server and the hub through a real hub proxy", async () => {
  const alice = await serve(named("alice"));
  await hubProxy.addRoute("/n/node1/user/alice/", alice);
  await using proxy = await throughHubProxy();
  expect((await send(proxy, { path: `${HOME}api?x=1` })).text).toBe(`alice ${HOME}api?x=1`);
  expect((await send(proxy, { path: "/n/node1/hub/api" })).text).toBe("hub /n/node1/hub/api");
  const sockets = new WebSocketServer({ server: alice.server });
  sockets.on("connection", (socket, request: IncomingMessage) => {
    socket.send(request.headers["x-forwarded-host"] ?? "");
  });
  const client = new WebSocket(`ws://127.0.0.1:${proxy.port}${HOME}x`, {
    headers: { ...ALICE, host: "lab:80" },
  });
  const [data] = (await once(client, "message")) as [Buffer];
  expect(data.toString()).toBe("lab:80");
  client.terminate();
  sockets.close();
});

it("no address leads alice to carol's server, however it is written", async () => {
  await hubProxy.addRoute("/n/node1/user/alice/", await serve(named("alice")));
  await using proxy = await throughHubProxy();
  const piece = fc.constantFrom(
    ...[
      "n",
      "node1",
      "user",
      "alice",
      "carol",
      "carol",
      "/",
      "/",
      "/",
      "//",
      "\\",
      ".",
      "..",
      "%2e",
      "%2e%2e",
      "%2f",
    ],
    ...["%5c", "%252e", "%63arol", "%00", "?", "#", ";", "http://h/n/node1/user/carol/", "@", ":"],
  );
  const start = fc.constantFrom(HOME, "/n/node1/", "/n/node1/user/", "/n/", "/", "");
  await fc.assert(
    fc.asyncProperty(start, fc.array(piece, { maxLength: 9 }), async (prefix, pieces) => {
      const head = `Host: lab\r\nCookie: ${ALICE.cookie}\r\nConnection: close\r\n`;
      const socket = await sendRaw(proxy, `GET ${prefix}${pieces.join("")} HTTP/1.1\r\n${head}\r\n`);
      socket.resume();
      await once(socket, "end");
      socket.destroy();
      expect(reached).not.toContain("carol");
    }),
    { numRuns: 300 },
  );
  expect(reached).toContain("alice");
}, 30_000);

function noop(): void {
  // nothing
}
