import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, it, jest } from "@jest/globals";
import type { MovedAnswer, NodeRequest } from "../../src/router/proxy/decide/moved.ts";
import { ALICE, BOB, HOME, send } from "../support/proxy-client.ts";
import { startProxy, type FixtureOptions } from "../support/proxy-fixture.ts";

// Real sockets on machines that may be busy.
jest.setTimeout(30_000);

const PAGE = { ...ALICE, accept: "text/html" };
const asked: (NodeRequest & { user: string })[] = [];

function answering(answer: MovedAnswer): NonNullable<FixtureOptions["whereNow"]> {
  asked.length = 0;
  return (user, request) => {
    asked.push({ ...request, user });
    return Promise.resolve(answer);
  };
}

const ELSEWHERE: MovedAnswer = { kind: "redirect", to: "/login?node=node2" };

describe("a server that its node does not have", () => {
  function asHub(_request: IncomingMessage, res: ServerResponse): void {
    res.writeHead(302, { Location: "/n/node1/hub/user/alice/lab" }).end();
  }

  it("is looked for: pages go there, open tabs are told that it is gone", async () => {
    await using proxy = await startProxy(asHub, { whereNow: answering(ELSEWHERE) });
    const page = await send(proxy, { headers: PAGE, path: `${HOME}lab?a=1` });
    expect([page.status, page.headers.location]).toEqual([302, "/login?node=node2"]);
    expect(asked).toEqual([
      { user: "alice", method: "GET", url: `${HOME}lab?a=1`, node: "node1", isNavigation: true },
    ]);
    await using other = await startProxy(asHub, { whereNow: answering({ kind: "gone" }) });
    const tab = await send(other, { method: "PUT" }, "notebook");
    expect([tab.status, JSON.parse(tab.text)]).toMatchObject([410, { code: "SERVER_MOVED" }]);
  });

  it("is the hub's to answer for when nobody knows better", async () => {
    await using proxy = await startProxy(asHub, { whereNow: answering({ kind: "forward" }) });
    const answer = await send(proxy, { headers: PAGE });
    expect([answer.status, answer.headers.location]).toEqual([302, "/n/node1/hub/user/alice/lab"]);
    await using broken = await startProxy(asHub, { whereNow: () => Promise.reject(new Error("no")) });
    expect((await send(broken, { headers: PAGE })).headers.location).toBe("/n/node1/hub/user/alice/lab");
  });
});

describe("a node that is down", () => {
  it("is not the end for who has a server elsewhere", async () => {
    await using proxy = await startProxy(() => undefined, {
      whereNow: answering(ELSEWHERE),
      isUpstreamUp: false,
    });
    expect((await send(proxy, { headers: PAGE })).headers.location).toBe("/login?node=node2");
    expect(proxy.failures).toHaveLength(1);
  });

  it("is what everybody else is told", async () => {
    await using proxy = await startProxy(() => undefined, {
      whereNow: answering({ kind: "forward" }),
      isUpstreamUp: false,
    });
    expect((await send(proxy, { headers: PAGE })).status).toBe(502);
    expect((await send(proxy, { headers: BOB, path: "/n/node1/hub/x" })).status).toBe(502);
    expect(asked).toHaveLength(1);
  });
});
