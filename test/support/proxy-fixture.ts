import { createServer, type RequestListener, type Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { AppError } from "../../src/errors.ts";
import type { NodeId, UserName } from "../../src/model.ts";
import type { NodeDialer, Service } from "../../src/ports.ts";
import type { SessionReader } from "../../src/router/sign-in/decide/session.ts";
import { createFrontServer, type FrontServerOptions } from "../../src/router/front/io/front-server.ts";
import { createNodeProxy, type NodeProxyDeps } from "../../src/router/proxy/io/node-proxy.ts";
import type { ForwarderOptions } from "../../src/router/proxy/io/forwarder.ts";
import { createMemoryLog } from "./memory-log.ts";

const NODE = "node1" as NodeId;

/** Makes byte streams to a port of this machine, as a transport would to a node's. */
export type Transport = (port: () => number) => Promise<{ dialer: NodeDialer; close: () => Promise<void> }>;

/** Plain TCP, as `transport: direct`. */
export function tcpTransport(port: () => number): ReturnType<Transport> {
  const dialer: NodeDialer = {
    dial: (node, _port, signal) =>
      new Promise<Duplex>((resolve, reject) => {
        const socket = connect({ host: "127.0.0.1", port: port(), allowHalfOpen: true, noDelay: true });
        socket.once("connect", () => {
          resolve(socket);
        });
        socket.once("error", (cause) => {
          reject(new AppError("TUNNEL_REFUSED", `${node} refused`, { cause }));
        });
        signal.addEventListener("abort", () => socket.destroy());
      }),
  };
  return Promise.resolve({ dialer, close: () => Promise.resolve() });
}

/** Takes the session cookie's value for the user's name; refuses two of them. */
const fakeSessions: SessionReader = {
  read({ rawHeaders }) {
    const cookies = rawHeaders.filter((_, i) => rawHeaders[i - 1]?.toLowerCase() === "cookie").join("; ");
    const users = [...cookies.matchAll(/(?:^|; *)multijhub-session=([^;]*)/g)].map(([, user]) => user ?? "");
    if (users.length > 1)
      return Promise.resolve({ kind: "refused", reason: "the session cookie came twice" });
    const user = users[0];
    if (user === undefined) return Promise.resolve({ kind: "none" });
    const session = {
      id: "s",
      user: user as UserName,
      groups: [],
      isAdmin: false,
      nodes: [],
      startedAtMs: 0,
      expiresAtMs: 1,
    };
    return Promise.resolve({
      kind: "session",
      session,
      renewal: ["multijhub-session=renewed; Path=/; HttpOnly"],
    });
  },
};

export interface ProxyFixture extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly upstream: Server;
  readonly failures: { readonly node: NodeId; readonly error: Error }[];
  readonly front: Service;
}

export interface FixtureOptions extends Partial<ForwarderOptions> {
  readonly transport?: Transport;
  readonly app?: RequestListener;
  readonly drainMs?: number;
  readonly listenPort?: number;
  readonly tls?: { readonly certificate: string; readonly key: string };
  readonly sessions?: SessionReader;
  readonly whereNow?: NodeProxyDeps["whereNow"];
  /** The node's own limit; Node's default unless said. */
  readonly upstreamMaxHeaderSize?: number;
  /** Whether a node called `node1` has anything listening. */
  readonly isUpstreamUp?: boolean;
}

/** A router's front in front of one node, whose hub proxy is `handler`. */
export async function startProxy(
  handler: RequestListener,
  options: FixtureOptions = {},
): Promise<ProxyFixture> {
  const { transport = tcpTransport, app = notFound, isUpstreamUp = true, sessions = fakeSessions } = options;
  const upstream = createServer(
    { keepAliveTimeout: 5000, maxHeaderSize: options.upstreamMaxHeaderSize },
    handler,
  );
  const sockets = new Set<Socket>();
  upstream.on(
    "connection",
    (socket) => sockets.add(socket).size && socket.on("close", () => sockets.delete(socket)),
  );
  const upstreamPort = isUpstreamUp ? await listening(upstream) : await closedPort();
  const { dialer, close } = await transport(() => upstreamPort);
  const failures: { node: NodeId; error: Error }[] = [];
  const log = createMemoryLog();
  const proxy = createNodeProxy(
    {
      dialer,
      sessions,
      log,
      isKnown: (node) => node === NODE,
      ...(options.whereNow && { whereNow: options.whereNow }),
      onUpstreamFailure: (node, error) => failures.push({ node, error }),
    },
    { ...PROXY_OPTIONS, isTls: options.tls !== undefined, ...options },
  );
  const front = createFrontServer({ app, proxy, log }, frontOptions(options));
  await front.start().catch(async (err: unknown) => {
    await close();
    upstream.close();
    throw err;
  });
  const { port } = front.address();
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    upstream,
    failures,
    front,
    async [Symbol.asyncDispose]() {
      await front.stop();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => upstream.close(resolve));
      await close();
    },
  };
}

function frontOptions({ drainMs = 100, listenPort = 0, tls }: FixtureOptions): FrontServerOptions {
  const limits = { idleTimeoutMs: 60_000, maxHeaderSize: 65_536, drainMs };
  return { host: "127.0.0.1", port: listenPort, ...limits, ...(tls && { tls }) };
}

export const PROXY_OPTIONS: ForwarderOptions = {
  port: 910,
  dialTimeoutMs: 2000,
  answerTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  maxHeaderSize: 65_536,
  maxConnections: 100,
  stalledReaderMs: 10_000,
  isTls: false,
};

function notFound(
  _request: unknown,
  response: { writeHead: (s: number) => { end: (t: string) => void } },
): void {
  response.writeHead(404).end("app");
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
