import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, it } from "@jest/globals";
import { HOME, sendRaw, textOf } from "../support/proxy-client.ts";
import { startProxy } from "../support/proxy-fixture.ts";

const LINE = `POST ${HOME} HTTP/1.1`;
const HEAD = "Host: lab\r\nCookie: multijhub-session=alice\r\n";
const NEXT = "GET /n/node1/user/carol/ HTTP/1.1\r\nHost: lab\r\n\r\n";

/** Requests of which two readers could see different ends, names or targets. */
const AMBIGUOUS: readonly (readonly [name: string, request: string])[] = [
  [
    "two kinds of length",
    `${LINE}\r\n${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${NEXT}`,
  ],
  [
    "two kinds of length, the other way round",
    `${LINE}\r\n${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${NEXT}`,
  ],
  ["two lengths", `${LINE}\r\n${HEAD}Content-Length: 0\r\nContent-Length: 44\r\n\r\n${NEXT}`],
  ["two equal lengths in a list", `${LINE}\r\n${HEAD}Content-Length: 0, 0\r\n\r\n${NEXT}`],
  ["a length with a sign", `${LINE}\r\n${HEAD}Content-Length: +4\r\n\r\nabcd`],
  ["a length that is no number", `${LINE}\r\n${HEAD}Content-Length: 0x4\r\n\r\nabcd`],
  ["an unknown coding", `${LINE}\r\n${HEAD}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ["chunked twice", `${LINE}\r\n${HEAD}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`],
  ["chunked not last", `${LINE}\r\n${HEAD}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`],
  ["a space before the colon", `${LINE}\r\n${HEAD}Content-Length : 4\r\n\r\nabcd`],
  ["a folded header", `${LINE}\r\n${HEAD}X-A: 1\r\n Content-Length: 4\r\n\r\nabcd`],
  ["a bare line feed between headers", `${LINE}\r\n${HEAD}X-A: 1\nContent-Length: 4\r\n\r\nabcd`],
  ["a bare carriage return in a header", `${LINE}\r\n${HEAD}X-A: 1\rContent-Length: 4\r\n\r\nabcd`],
  ["a bare line feed after a chunk's size", `${LINE}\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n0\n\r\n`],
  [
    "a chunk's size that is no number",
    `${LINE}\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n0x4\r\nabcd\r\n0\r\n\r\n`,
  ],
  ["an overflowing chunk size", `${LINE}\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n`],
  ["a null byte in a header", `${LINE}\r\n${HEAD}X-A: a\0b\r\n\r\n`],
  ["a line feed in front of the method's spaces", `GET\t${HOME} HTTP/1.1\r\n${HEAD}\r\n`],
  ["no version", `GET ${HOME}\r\n${HEAD}\r\n`],
  ["an unknown version", `GET ${HOME} HTTP/1.9\r\n${HEAD}\r\n`],
  ["two hosts", `GET ${HOME} HTTP/1.1\r\n${HEAD}Host: other\r\n\r\n`],
  ["no host", `GET ${HOME} HTTP/1.1\r\nCookie: multijhub-session=alice\r\n\r\n`],
  ["an empty host", `GET ${HOME} HTTP/1.1\r\nHost:\r\nCookie: multijhub-session=alice\r\n\r\n`],
  ["an absolute target", `GET http://lab${HOME} HTTP/1.1\r\n${HEAD}\r\n`],
  ["a target with a fragment", `GET ${HOME}#/../../carol/ HTTP/1.1\r\n${HEAD}\r\n`],
  ["a target with dots", `GET ${HOME}../carol/ HTTP/1.1\r\n${HEAD}\r\n`],
  ["a target with encoded dots", `GET ${HOME}%2e%2e/carol/ HTTP/1.1\r\n${HEAD}\r\n`],
  ["a target with backslashes", `GET ${HOME}..\\carol\\ HTTP/1.1\r\n${HEAD}\r\n`],
  [
    "a body behind an upgrade",
    `${LINE}\r\n${HEAD}Connection: Upgrade\r\nUpgrade: x\r\nContent-Length: 4\r\n\r\nabcd`,
  ],
];

describe("request smuggling", () => {
  it.each(AMBIGUOUS)("is refused: %s", async (_name, text) => {
    const seen: string[] = [];
    await using proxy = await startProxy((req, res) => {
      req.on("error", () => undefined);
      seen.push(req.url ?? "");
      res.end("reached");
    });
    const socket = await sendRaw(proxy, text);
    const answer = await firstBytes(socket);
    socket.destroy();
    expect(answer).toMatch(/^HTTP\/1\.1 (400|404|405|505) /);
    expect(answer).not.toContain("reached");
    expect(seen).toEqual([]);
  });

  it("two requests on one connection are judged one by one", async () => {
    const seen: string[] = [];
    await using proxy = await startProxy((req, res) => {
      seen.push(req.url ?? "");
      res.end("reached");
    });
    const first = `GET ${HOME} HTTP/1.1\r\n${HEAD}\r\n`;
    const second = `GET /n/node1/user/carol/ HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`;
    const answer = await textOf(await sendRaw(proxy, first + second));
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 403"]);
    expect(seen).toEqual([HOME]);
  });
});

async function firstBytes(socket: Socket): Promise<string> {
  const [data] = (await once(socket, "data", { signal: AbortSignal.timeout(2000) })) as [Buffer];
  return data.toString("latin1");
}
