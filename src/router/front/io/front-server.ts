import { ServerResponse, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Log, Service } from "../../../ports.ts";
import { close, createHttpServer, drained, listen, type ListenOptions } from "./http-listener.ts";
import type { NodeProxy } from "../../proxy/io/node-proxy.ts";

export interface FrontServerDeps {
  /** Everything outside `/n/`: an Express application, for instance. */
  readonly app: RequestListener;
  readonly proxy: NodeProxy;
  readonly log: Log;
}

export interface FrontServerOptions extends ListenOptions {
  /** How long requests may finish when the server stops. */
  readonly drainMs: number;
}

/** The router's one listening socket. */
export interface FrontServer extends Service {
  /** Where it listens; throws before `start` has resolved. */
  address(): AddressInfo;
}

/** HTTP, or HTTPS with certificate files: `/n/...` to the node proxy, all else to the application. */
export function createFrontServer(deps: FrontServerDeps, options: FrontServerOptions): FrontServer {
  const server = createHttpServer(options);
  const upgraded = new Set<Socket>();
  let isStopping = false;

  function handle(request: IncomingMessage, response: ServerResponse): void {
    if (isStopping) response.shouldKeepAlive = false;
    if (request.httpVersionMajor !== 1) refuse(request.socket, "505 HTTP Version Not Supported");
    else if (isForNode(request)) deps.proxy.handle(request, response);
    else deps.app(request, response);
  }

  /** The node proxy asks for the body itself, once the request may pass. */
  function handleExpecting(request: IncomingMessage, response: ServerResponse): void {
    if (!isForNode(request)) response.writeContinue();
    handle(request, response);
  }

  /** Any `Upgrade` comes here; a clean one for a node may become one, others get a plain answer. */
  function handleUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    upgraded.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => upgraded.delete(socket));
    if (hasBody(request)) {
      refuse(socket, "400 Bad Request");
      return;
    }
    const response = answerTo(request, socket);
    const protocol = upgradeProtocol(request);
    if (protocol === undefined || !isForNode(request)) handle(request, response);
    else deps.proxy.handle(request, response, { protocol, socket, head });
  }

  server.on("request", handle);
  server.on("checkContinue", handleExpecting);
  server.on("upgrade", handleUpgrade);
  server.on("clientError", answerClientError);

  return {
    address() {
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("not listening");
      return address;
    },
    async start() {
      await listen(server, options);
      deps.log.info({ ...this.address() }, "listening");
    },
    async stop() {
      isStopping = true;
      const closed = close(server);
      await drained(server, () => upgraded.size, Date.now() + options.drainMs);
      for (const socket of upgraded) socket.destroy();
      server.closeAllConnections();
      await closed;
      await deps.proxy.close();
    },
  };
}

function isForNode(request: IncomingMessage): boolean {
  return request.url?.startsWith("/n/") === true;
}

/** One protocol, asked for without a body; HTTP/2 would let requests pass the gate unseen. */
function upgradeProtocol(request: IncomingMessage): string | undefined {
  const protocol = request.headers.upgrade?.trim() ?? "";
  const isPlain = /^[A-Za-z0-9!#$%&'*+.^_`|~/-]+$/.test(protocol) && !/^h2c?$/i.test(protocol);
  return isPlain && request.method === "GET" ? protocol : undefined;
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}

/** A plain answer on a connection that Node has given up for an upgrade. */
function answerTo(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.on("finish", () => {
    socket.destroySoon();
  });
  return response;
}

/** What is no proper HTTP: two lengths, a bare line feed, folded or endless headers. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
  else if (error.code === "HPE_HEADER_OVERFLOW") refuse(socket, "431 Request Header Fields Too Large");
  else if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") refuse(socket, "408 Request Timeout");
  else refuse(socket, "400 Bad Request");
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
}
