import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { type AddressInfo, type Socket, connect } from "node:net";
import { Duplex } from "node:stream";
import type { NodeDialer } from "../../src/ports.ts";

interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export type Reply = (request: SeenRequest, response: ServerResponse) => void;

/** An HTTP server that answers from a table of `"METHOD /path"`, and the dialer that leads to it. */
export interface ScriptedHub {
  readonly seen: SeenRequest[];
  readonly dialer: NodeDialer;
  /** The last reply of a list stays; a missing one is a 404 as the hub's proxy gives it. */
  on(route: string, ...replies: Reply[]): void;
  /** Cuts every open connection. */
  cut(): void;
  close(): Promise<void>;
}

export function json(status: number, value: unknown): Reply {
  return (_, response) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  };
}

/** A hub's own error answer. */
export function error(status: number, message: string): Reply {
  return json(status, { status, message });
}

export async function startScriptedHub(): Promise<ScriptedHub> {
  const routes = new Map<string, Reply[]>();
  const seen: SeenRequest[] = [];
  const sockets = new Set<Socket>();

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
      seen.push(one);
      const replies = routes.get(`${method} ${url.split("?")[0] ?? ""}`) ?? [];
      const reply = replies.length > 1 ? replies.shift() : replies[0];
      if (reply === undefined) response.writeHead(404).end("404: Not Found");
      else reply(one, response);
    });
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  return {
    seen,
    dialer: {
      dial() {
        const socket = connect(port, "127.0.0.1");
        return new Promise((resolve, reject) => {
          socket.once("error", reject);
          socket.once("connect", () => {
            resolve(asPlainStream(socket));
          });
        });
      },
    },
    on(route, ...replies) {
      routes.set(route, replies);
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A socket as an SSH channel shows it: a byte stream and nothing more. */
function asPlainStream(socket: Socket): Duplex {
  const stream = new Duplex({
    read: () => socket.resume(),
    write: (chunk, _, done) => socket.write(chunk as Buffer, done),
    final: (done) => socket.end(done),
    destroy: (err, done) => {
      socket.destroy();
      done(err);
    },
  });
  socket.on("data", (chunk) => {
    if (!stream.push(chunk)) socket.pause();
  });
  socket.on("end", () => stream.push(null));
  socket.on("error", (err) => stream.destroy(err));
  socket.on("close", () => stream.destroy());
  return stream;
}
