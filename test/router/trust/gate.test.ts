import { once } from "node:events";
import { describe, expect, it } from "@jest/globals";
import { WebSocket } from "ws";
import { send } from "../../support/proxy-client.ts";
import { startProxy } from "../../support/proxy-fixture.ts";

const CAROL = "/n/node1/user/carol/";
const AS_ALICE = { cookie: "multijhub-session=alice" };
const NAVIGATION = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", accept: "text/html" };
const IN_A_FRAME = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe", accept: "text/html" };

describe("carol's server is opened by alice", () => {
  it.each([
    ["a page", "GET", NAVIGATION],
    ["a frame", "GET", IN_A_FRAME],
    ["a form that is sent", "POST", NAVIGATION],
    ["a script", "GET", { "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script" }],
    ["an XHR", "GET", { "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" }],
    ["a client without Sec-Fetch", "DELETE", {}],
  ])("never as %s", async (_name, method, headers) => {
    let isReached = false;
    await using proxy = await startProxy((_req, res) => {
      isReached = true;
      res.end("<script>steal()</script>");
    });
    const answer = await send(proxy, { method, path: CAROL, headers: { ...AS_ALICE, ...headers } });
    expect([answer.status, isReached]).toEqual([403, false]);
    expect(answer.text).toContain("This server belongs to carol");
    expect(answer.text).not.toContain("steal");
  });

  it("never as a websocket", async () => {
    let isReached = false;
    await using proxy = await startProxy(() => undefined);
    proxy.upstream.on("upgrade", () => (isReached = true));
    const client = new WebSocket(`ws://127.0.0.1:${proxy.port}${CAROL}x`, { headers: AS_ALICE });
    const [error] = (await once(client, "error")) as [Error];
    expect([error.message.includes("403"), isReached]).toEqual([true, false]);
  });

  it.each([
    "/n/node1/user/alice/../carol/",
    "/n/node1/user/alice/%2e%2e/carol/",
    "/n/node1/us%65r/carol/",
    "/n/node1//user/carol/",
  ])("nor by the address %s", async (path) => {
    let isReached = false;
    await using proxy = await startProxy((_req, res) => {
      isReached = true;
      res.end();
    });
    expect([(await send(proxy, { path, headers: AS_ALICE })).status, isReached]).toEqual([400, false]);
  });

  it("nor when she is not signed in: pages lead to the sign-in", async () => {
    await using proxy = await startProxy((_req, res) => res.end("<script>steal()</script>"));
    for (const headers of [NAVIGATION, IN_A_FRAME, { accept: "text/html" }, { "service-worker": "script" }]) {
      const answer = await send(proxy, { path: `${CAROL}lab`, headers });
      expect([answer.status, answer.headers.location]).toEqual([302, "/login?next=%2Fuser%2Fcarol%2Flab"]);
    }
  });
});

describe("alice's own open tab", () => {
  it("goes on after her session has ended: requests and websockets pass, her server checks them", async () => {
    await using proxy = await startProxy((_req, res) => res.end("checked by the server"));
    const headers = { "sec-fetch-mode": "cors", cookie: "jupyterhub-user-alice=x" };
    const answer = await send(proxy, { path: "/n/node1/user/alice/api/contents", headers });
    expect(answer.text).toBe("checked by the server");
  });
});

it("refuses a request that carries the session cookie twice", async () => {
  await using proxy = await startProxy((_req, res) => res.end("reached"));
  const headers = { cookie: "multijhub-session=carol; multijhub-session=alice" };
  for (const path of [CAROL, "/n/node1/hub/login"]) {
    const answer = await send(proxy, { path, headers });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("twice");
  }
});

it("knows no node that is not in the hosts file", async () => {
  await using proxy = await startProxy((_req, res) => res.end("reached"));
  expect((await send(proxy, { path: "/n/evil.example.org/hub/" })).status).toBe(404);
});
