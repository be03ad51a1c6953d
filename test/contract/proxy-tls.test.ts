import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { expect, it, jest } from "@jest/globals";
import { WebSocket, WebSocketServer } from "ws";
import { ALICE, HOME, textOf } from "../support/proxy-client.ts";
import { startProxy } from "../support/proxy-fixture.ts";
import { CERTIFICATE, makeTlsFiles } from "../support/tls-files.ts";

// Real sockets on machines that may be busy.
jest.setTimeout(30_000);

const ca = CERTIFICATE;

it("serves pages and websockets by TLS, and tells the node so", async () => {
  using tls = makeTlsFiles();
  await using proxy = await startProxy((req, res) => res.end(JSON.stringify(req.headers)), { tls });
  const outgoing = request({
    host: "127.0.0.1",
    port: proxy.port,
    path: HOME,
    headers: { ...ALICE, host: "lab.example.org" },
    ca,
    servername: "localhost",
  });
  outgoing.end();
  const [message] = (await once(outgoing, "response")) as [IncomingMessage];
  expect(JSON.parse(await textOf(message))).toMatchObject({
    "x-scheme": "https",
    "x-forwarded-proto": "https",
    "x-forwarded-port": "443",
    "x-forwarded-host": "lab.example.org",
  });
  outgoing.destroy();

  const server = new WebSocketServer({ server: proxy.upstream });
  server.on("connection", (socket, req) => {
    socket.send(String(req.headers["x-scheme"]));
  });
  const client = new WebSocket(`wss://localhost:${proxy.port}${HOME}x`, { headers: ALICE, ca });
  const [data] = (await once(client, "message")) as [Buffer];
  expect(data.toString()).toBe("https");
  client.terminate();
  server.close();
});

it("says what is wrong with the certificate, or the address", async () => {
  using tls = makeTlsFiles();
  const wrong = { certificate: tls.key, key: tls.certificate };
  const refused = startProxy(() => undefined, { tls: wrong });
  await expect(refused).rejects.toMatchObject({
    code: "BAD_CONFIG",
    message: expect.stringMatching("cannot serve by TLS") as unknown,
  });
  const missing = { ...tls, key: "/nonexistent.key" };
  await expect(startProxy(() => undefined, { tls: missing })).rejects.toThrow("/nonexistent.key");
  await using first = await startProxy(() => undefined);
  await expect(startProxy(() => undefined, { listenPort: first.port })).rejects.toThrow(
    `127.0.0.1:${first.port}`,
  );
});
