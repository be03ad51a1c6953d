import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "@jest/globals";
import type { NodeId } from "../../../src/model.ts";
import { createOwnerWebhook } from "../../../src/rebalancing/io/owner-webhook.ts";
import { serverKey } from "../../support/node-views.ts";

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A site's own receiver; `status` 0: it never answers. */
async function receive(status: number) {
  const bodies: string[] = [];
  server = createServer((request, response) => {
    void text(request).then((body) => {
      bodies.push(body);
      if (status > 0) response.writeHead(status, { location: "http://127.0.0.1:1/" }).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    bodies,
    webhook: createOwnerWebhook(`http://127.0.0.1:${port}/hook`, "https://lab.example.org/home"),
  };
}

const NOTICE = {
  key: serverKey("alice"),
  node: "node1" as NodeId,
  why: "hot-node",
  words: "node1 is hot",
  sinceMs: 0,
  notBeforeMs: 900_000,
} as const;

describe("the webhook", () => {
  it("tells who, what, why, when, and where to keep it", async () => {
    const { bodies, webhook } = await receive(204);
    await webhook.tell(NOTICE, AbortSignal.timeout(5000));
    expect(bodies.map((body): unknown => JSON.parse(body))).toEqual([
      {
        user: "alice",
        server: "",
        node: "node1",
        why: "node1 is hot",
        notBefore: "1970-01-01T00:15:00.000Z",
        keepUrl: "https://lab.example.org/home",
      },
    ]);
  });

  it.each([302, 404, 500])("is not heard when it answers %i, and nothing is followed", async (status) => {
    const { webhook } = await receive(status);
    await expect(webhook.tell(NOTICE, AbortSignal.timeout(5000))).rejects.toThrow(String(status));
  });

  it("is given up at the deadline", async () => {
    const { webhook } = await receive(0);
    await expect(webhook.tell(NOTICE, AbortSignal.timeout(100))).rejects.toThrow();
  });
});
