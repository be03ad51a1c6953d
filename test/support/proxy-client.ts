import { once } from "node:events";
import { request, type ClientRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { connect, type Socket } from "node:net";
import type { ProxyFixture } from "./proxy-fixture.ts";

export const ALICE = { cookie: "multijhub-session=alice" };
export const BOB = { cookie: "multijhub-session=bob" };
export const HOME = "/n/node1/user/alice/";

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: IncomingMessage["headers"];
  readonly message: IncomingMessage;
  readonly isConnectionReused: boolean;
}

/** Starts a request of alice's, to her server unless said otherwise; the caller ends it. */
export function open(proxy: ProxyFixture, options: RequestOptions = {}): ClientRequest {
  return request({ host: "127.0.0.1", port: proxy.port, headers: ALICE, path: HOME, ...options });
}

/** The answer's head; its body is the caller's to read. */
export async function answerOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  const [message] = (await once(outgoing, "response")) as [IncomingMessage];
  return message;
}

/** One whole request and its whole answer. */
export async function send(
  proxy: ProxyFixture,
  options: RequestOptions = {},
  body?: string,
): Promise<Answer> {
  const outgoing = open(proxy, options);
  outgoing.end(body);
  const message = await answerOf(outgoing);
  const isConnectionReused = outgoing.reusedSocket;
  const { statusCode: status = 0, headers } = message;
  return { status, text: await textOf(message), headers, message, isConnectionReused };
}

export async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("latin1");
}

/** A bare connection to the router, with `text` sent on it. */
export async function sendRaw(proxy: ProxyFixture, text: string): Promise<Socket> {
  const socket = connect({ port: proxy.port, host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  socket.write(text, "latin1");
  return socket;
}

/** Waits until `condition` holds, for tests over real sockets. */
export async function eventually(condition: () => boolean, withinMs = 3000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("it never came true");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
