import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { AppError } from "../../../../src/errors.ts";
import type { NodeId, ServerKey, UserName } from "../../../../src/model.ts";
import { type HubApiAdapter, createHubApi } from "../../../../src/nodes/hubs/io/hub-api.ts";
import { type HubClient, createHubClient } from "../../../../src/nodes/hubs/io/hub-client.ts";
import { createLobby } from "../../../../src/nodes/hubs/io/hub-lobby.ts";
import { createMemoryLog } from "../../../support/memory-log.ts";
import {
  type Reply,
  type ScriptedHub,
  error,
  json,
  startScriptedHub,
} from "../../../support/scripted-hub.ts";

const NODE = "node1" as NodeId;
const ALICE = "alice" as UserName;
const KEY = { user: ALICE, server: "" } as ServerKey;
const API = "/n/node1/hub/api";
const SERVER = `${API}/users/alice/server`;
const NEVER = new AbortController().signal;
const TABS = [0, 1, 2, 3, 4];

let hub: ScriptedHub;
let client: HubClient;
let api: HubApiAdapter;

beforeEach(async () => {
  hub = await startScriptedHub();
  client = createHubClient(hub.dialer, {
    proxyPortOf: () => 910,
    callTimeoutMs: 1000,
    silenceTimeoutMs: 1000,
    maxAnswerBytes: 100_000,
  });
  api = createHubApi(client, { tokenOf: (node) => `token-of-${node}`, pollMs: 10, startTimeoutMs: 400 });
});
afterEach(async () => {
  await client.close();
  await hub.close();
});

function listed(...names: string[]) {
  return names.map((name) => ({ name, servers: { "": { ready: true, pending: null } } }));
}

function page(items: unknown[], total: number, next?: number) {
  return json(200, { items, _pagination: { total, next: next === undefined ? null : { offset: next } } });
}

function userWith(server: object | undefined) {
  return json(200, { name: "alice", servers: server === undefined ? {} : { "": server } });
}

function events(...data: object[]) {
  return (_: unknown, response: ServerResponse) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("\n\n");
    for (const event of data) response.write(`data: ${JSON.stringify(event)}\n\n`);
    return response;
  };
}

function ended(...data: object[]) {
  return (request: unknown, response: ServerResponse) => {
    events(...data)(request, response).end();
  };
}

function open(...data: object[]) {
  return (request: unknown, response: ServerResponse) => {
    events(...data)(request, response);
  };
}

describe("listServers", () => {
  it("reads page after page, as the service, at the node's own address", async () => {
    hub.on(`GET ${API}/users`, page(listed("alice", "bob"), 3, 2), page(listed("carol"), 3));
    const servers = await api.listServers(NODE, NEVER);
    expect(servers.map(({ key }) => key.user)).toEqual(["alice", "bob", "carol"]);
    expect(hub.seen.map(({ url }) => url)).toEqual([
      `${API}/users?state=active&limit=200&offset=0`,
      `${API}/users?state=active&limit=200&offset=2`,
    ]);
    expect(hub.seen[0]?.headers).toMatchObject({
      authorization: "token token-of-node1",
      host: "127.0.0.1:910",
      accept: "application/jupyterhub-pagination+json",
    });
  });

  it("starts again when somebody left between two pages", async () => {
    hub.on(
      `GET ${API}/users`,
      page(listed("alice", "bob"), 3, 2),
      page([], 2),
      page(listed("bob", "carol"), 2),
    );
    const servers = await api.listServers(NODE, NEVER);
    expect(servers.map(({ key }) => key.user)).toEqual(["bob", "carol"]);
  });

  it.each([
    ["a list that goes round", [page(listed("a"), 9, 1), page(listed("b"), 9, 1)]],
    ["another shape", [json(200, { users: [] })]],
    ["no JSON", [json(200, "x")]],
    ["an endless answer", [json(200, "x".repeat(200_000))]],
  ])("refuses %s", async (_, replies) => {
    hub.on(`GET ${API}/users`, ...replies);
    await expect(api.listServers(NODE, NEVER)).rejects.toMatchObject({ code: "HUB_REFUSED" });
  });

  it("says that a hub knows another token", async () => {
    hub.on(`GET ${API}/users`, error(403, "Missing or invalid credentials."));
    await expect(api.listServers(NODE, NEVER)).rejects.toMatchObject({
      code: "HUB_REFUSED",
      message: expect.stringContaining("Missing or invalid credentials"),
      remedy: expect.stringContaining("state directory"),
    });
  });

  it.each([404, 503])("takes the proxy's %d for a hub that is not there", async (status) => {
    hub.on(`GET ${API}/users`, (_, response) => response.writeHead(status).end("<html>"));
    await expect(api.listServers(NODE, NEVER)).rejects.toMatchObject({ code: "HUB_UNREACHABLE" });
  });

  it("has a deadline", async () => {
    hub.on(`GET ${API}/users`, () => undefined);
    await expect(api.listServers(NODE, NEVER)).rejects.toMatchObject({
      code: "HUB_UNREACHABLE",
      message: expect.stringContaining("did not answer within 1 s"),
    });
  });

  it("has a deadline for an answer that trickles", async () => {
    hub.on(`GET ${API}/users`, (_, response) => response.writeHead(200).write("{"));
    await expect(api.listServers(NODE, NEVER)).rejects.toMatchObject({ code: "HUB_UNREACHABLE" });
  });

  it("ends with its caller's reason when the caller leaves", async () => {
    hub.on(`GET ${API}/users`, () => undefined);
    const reason = new Error("left");
    const caller = new AbortController();
    const call = api.listServers(NODE, caller.signal);
    setTimeout(() => {
      caller.abort(reason);
    }, 20);
    await expect(call).rejects.toBe(reason);
  });

  it("passes on why a node cannot be reached", async () => {
    const down = new AppError("NODE_UNREACHABLE", "no route to node1");
    const other = createHubClient({ dial: () => Promise.reject(down) }, { proxyPortOf: () => 910 });
    const unreachable = createHubApi(other, { tokenOf: () => "x" });
    await expect(unreachable.listServers(NODE, NEVER)).rejects.toBe(down);
    await other.close();
  });

  it("reads again when the connection was closed while idle", async () => {
    hub.on(`GET ${API}/users`, page(listed("alice"), 1));
    await api.listServers(NODE, NEVER);
    hub.cut();
    expect(await api.listServers(NODE, NEVER)).toHaveLength(1);
  });
});

describe("serversOf", () => {
  it("knows no servers of a user whom the hub has never seen", async () => {
    hub.on(`GET ${API}/users/alice`, error(404, "Not Found"));
    expect(await api.serversOf(NODE, ALICE, NEVER)).toEqual([]);
  });

  it("does not take the proxy's 404 for an answer", async () => {
    await expect(api.serversOf(NODE, ALICE, NEVER)).rejects.toMatchObject({ code: "HUB_UNREACHABLE" });
  });

  it("escapes names as JupyterHub does", async () => {
    const user = "domain\\user@lab (x)" as UserName;
    hub.on(`GET ${API}/users/domain%5Cuser@lab%20%28x%29`, json(200, { name: user, servers: {} }));
    expect(await api.serversOf(NODE, user, NEVER)).toEqual([]);
  });
});

describe("startServer", () => {
  it.each([
    ["a start", (_: unknown, response: ServerResponse) => response.writeHead(202).end()],
    ["a start that was quick", (_: unknown, response: ServerResponse) => response.writeHead(201).end()],
    ["one that runs", error(400, "alice is already running")],
  ])("is content with %s", async (_, reply) => {
    hub.on(`POST ${SERVER}`, reply);
    await api.startServer(NODE, KEY, NEVER);
    expect(hub.seen).toHaveLength(1);
  });

  it("waits for a stop that is under way", async () => {
    const stopping = error(400, "alice is pending stop");
    hub.on(`POST ${SERVER}`, stopping, stopping, (_, response) => response.writeHead(202).end());
    await api.startServer(NODE, KEY, NEVER);
    expect(hub.seen).toHaveLength(3);
  });

  it("does not wait for ever", async () => {
    hub.on(`POST ${SERVER}`, error(400, "alice is pending stop"));
    await expect(api.startServer(NODE, KEY, NEVER)).rejects.toMatchObject({ code: "SERVER_TIMEOUT" });
  });

  it.each([
    ["USER_REFUSED", error(404, "Not Found")],
    ["HUB_REFUSED", error(403, "Missing or invalid credentials.")],
    ["SERVER_FAILED", error(400, "Named servers are not enabled.")],
    ["SERVER_FAILED", error(429, "Too many users trying to log in right now.")],
    ["HUB_UNREACHABLE", (_: unknown, response: ServerResponse) => response.writeHead(503).end("<html>")],
  ])("throws %s", async (code, reply) => {
    hub.on(`POST ${SERVER}`, reply);
    await expect(api.startServer(NODE, KEY, NEVER)).rejects.toMatchObject({
      code,
      remedy: expect.stringMatching(/./),
    });
  });

  it("says why a start failed at once, where the hub says only that it did", async () => {
    hub.on(`POST ${SERVER}`, error(500, "error"));
    hub.on(`GET ${SERVER}/progress`, ended({ failed: true, message: "Spawn failed: home is full" }));
    await expect(api.startServer(NODE, KEY, NEVER)).rejects.toMatchObject({
      code: "SERVER_FAILED",
      message: expect.stringContaining("home is full"),
    });
  });

  it("addresses a named server", async () => {
    hub.on(`POST ${API}/users/alice/servers/big%20one`, (_, response) => response.writeHead(202).end());
    await api.startServer(NODE, { user: ALICE, server: "big one" } as ServerKey, NEVER);
  });
});

describe("followStart", () => {
  const ready = { progress: 100, ready: true };

  async function follow(): Promise<string[]> {
    const texts: string[] = [];
    await api.followStart(NODE, KEY, (text) => texts.push(text), NEVER);
    return texts;
  }

  it("tells the progress and ends when the server is ready", async () => {
    hub.on(`GET ${SERVER}/progress`, open({ message: "Server requested" }, { message: "Spawning" }, ready));
    expect(await follow()).toEqual(["Server requested", "Spawning"]);
  });

  it("fails in the hub's words", async () => {
    hub.on(`GET ${SERVER}/progress`, ended({ failed: true, message: "Spawn failed: home is full" }));
    await expect(follow()).rejects.toMatchObject({
      code: "SERVER_FAILED",
      message: expect.stringContaining("home is full"),
    });
  });

  it("takes the stream up again when it is lost while the start goes on", async () => {
    hub.on(`GET ${SERVER}/progress`, ended({ message: "one" }), open({ message: "two" }, ready));
    hub.on(`GET ${API}/users/alice`, userWith({ ready: false, pending: "spawn" }));
    expect(await follow()).toEqual(["one", "two"]);
  });

  it("waits through a restart of the hub", async () => {
    function gone(_: unknown, response: ServerResponse): void {
      response.writeHead(503).end("<html>");
    }
    hub.on(
      `GET ${SERVER}/progress`,
      (request, response) => {
        open({ message: "one" })(request, response);
        setTimeout(() => {
          hub.cut();
        }, 50);
      },
      gone,
      error(400, "alice is not starting..."),
    );
    hub.on(`GET ${API}/users/alice`, gone, gone, userWith({ ready: true }));
    expect(await follow()).toEqual(["one", "waiting for the hub on node1", "waiting for the hub on node1"]);
  });

  it("notices a server that ended", async () => {
    hub.on(`GET ${SERVER}/progress`, error(400, "alice is not starting..."));
    hub.on(`GET ${API}/users/alice`, userWith(undefined));
    await expect(follow()).rejects.toMatchObject({ code: "SERVER_FAILED" });
  });

  it("hears why a start failed though the hub is still cleaning up after it", async () => {
    const refusal = error(400, "alice is not starting...");
    const words = "Spawn failed: CLAIMED_ELSEWHERE node2: a server of yours holds its place on node2";
    hub.on(`GET ${SERVER}/progress`, refusal, refusal, ended({ failed: true, message: words }));
    hub.on(`GET ${API}/users/alice`, userWith({ ready: false, pending: "stop" }), userWith(undefined));
    await expect(follow()).rejects.toMatchObject({ code: "CLAIMED_ELSEWHERE", details: { holder: "node2" } });
  });

  it("has a deadline", async () => {
    hub.on(`GET ${SERVER}/progress`, ended());
    hub.on(`GET ${API}/users/alice`, userWith({ ready: false, pending: "spawn" }));
    await expect(follow()).rejects.toMatchObject({ code: "SERVER_TIMEOUT" });
  });

  it("waits for a job in a queue as long as it takes", async () => {
    hub.on(`GET ${SERVER}/progress`, (request, response) => {
      open({ message: "Job 7 waits in the queue", queued: true })(request, response);
      const waiting = setInterval(() => {
        response.write(`data: ${JSON.stringify({ message: "Job 7 waits in the queue", queued: true })}\n\n`);
      }, 50);
      setTimeout(() => {
        clearInterval(waiting);
        response.write(`data: ${JSON.stringify(ready)}\n\n`);
      }, 800);
    });
    const texts = await follow();
    expect(new Set(texts)).toEqual(new Set(["Job 7 waits in the queue"]));
  });

  it("closes the stream when its caller leaves", async () => {
    let isClosed = false;
    hub.on(`GET ${SERVER}/progress`, (request, response) => {
      open({ message: "one" })(request, response);
      response.on("close", () => (isClosed = true));
    });
    const caller = new AbortController();
    const reason = new Error("left");
    const following = api.followStart(
      NODE,
      KEY,
      () => {
        caller.abort(reason);
      },
      caller.signal,
    );
    await expect(following).rejects.toBe(reason);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isClosed).toBe(true);
  });
});

describe("stopServer", () => {
  it.each([
    ["a stop", (_: unknown, response: ServerResponse) => response.writeHead(204).end()],
    ["a slow stop", (_: unknown, response: ServerResponse) => response.writeHead(202).end()],
    ["nothing to stop", error(404, "alice has no server named 'x'")],
  ])("is content with %s", async (_, reply) => {
    hub.on(`DELETE ${SERVER}`, reply);
    await api.stopServer(NODE, KEY, NEVER);
  });

  it("does not take the proxy's 404 for a stop", async () => {
    await expect(api.stopServer(NODE, KEY, NEVER)).rejects.toMatchObject({ code: "HUB_UNREACHABLE" });
  });
});

describe("introduce and signOut", () => {
  it("hand the ticket in a header", async () => {
    hub.on("POST /n/node1/hub/router_introduce", json(200, { name: "alice" }));
    hub.on("POST /n/node1/hub/router_signout", json(200, {}));
    await api.introduce(NODE, "a.b.c", NEVER);
    await api.signOut(NODE, "d.e.f", NEVER);
    expect(hub.seen.map(({ headers, url }) => [headers["x-multijhub-token"], url.includes("?")])).toEqual([
      ["a.b.c", false],
      ["d.e.f", false],
    ]);
    expect(hub.seen[0]?.headers).not.toHaveProperty("authorization");
  });

  it("say why a user is refused", async () => {
    hub.on("POST /n/node1/hub/router_introduce", json(403, { reason: "your account is locked" }));
    await expect(api.introduce(NODE, "a.b.c", NEVER)).rejects.toMatchObject({
      code: "USER_REFUSED",
      message: expect.stringContaining("your account is locked"),
    });
  });
});

describe("isHealthy", () => {
  it.each([
    [200, true],
    [404, false],
    [503, false],
  ])("takes %d for %s", async (status, want) => {
    hub.on(`GET ${API}/health`, (_, response) => response.writeHead(status).end());
    expect(await api.isHealthy(NODE, NEVER)).toBe(want);
  });

  it("is false when nothing answers", async () => {
    await hub.close();
    expect(await api.isHealthy(NODE, NEVER)).toBe(false);
  });
});

describe("identify", () => {
  const token = json(200, { access_token: "secret", token_type: "Bearer" });
  const carol = json(200, { kind: "user", name: "carol", admin: true, groups: ["lab"], token_id: "a1" });

  function lobby(log = createMemoryLog()) {
    return createLobby(client, log, { tokenOf: () => "service-secret" });
  }

  it("exchanges the code, reads who it is and revokes the token", async () => {
    hub.on(`POST ${API}/oauth2/token`, token);
    hub.on(`GET ${API}/user`, carol);
    hub.on(`DELETE ${API}/users/carol/tokens/a1`, (_, response) => response.writeHead(204).end());
    expect(await lobby().identify(NODE, "c&de", NEVER)).toEqual({
      user: "carol",
      groups: ["lab"],
      isAdmin: true,
    });
    expect(Object.fromEntries(new URLSearchParams(hub.seen[0]?.body))).toEqual({
      client_id: "service-multijhub",
      client_secret: "service-secret",
      grant_type: "authorization_code",
      code: "c&de",
      redirect_uri: "/auth/callback",
    });
    expect(hub.seen.slice(1).map(({ headers }) => headers.authorization)).toEqual([
      "Bearer secret",
      "Bearer secret",
    ]);
  });

  /** Codes are `USER-NUMBER`; as in JupyterHub, deleting one token deletes all of that user. `slow` delays both ways. */
  function actAsHub(slow: () => Promise<void>): ReadonlySet<string> {
    const live = new Set<string>();
    function route(name: string, act: (token: string, body: string) => Reply): void {
      hub.on(name, (request, response) => {
        const token = (request.headers.authorization ?? "").replace("Bearer ", "");
        void slow()
          .then(() => act(token, request.body))
          .then(async (reply) => {
            await slow();
            reply(request, response);
          });
      });
    }
    route(`POST ${API}/oauth2/token`, (_, body) => {
      const code = new URLSearchParams(body).get("code") ?? "";
      if (code.startsWith("garbage")) return json(400, { error: "invalid_grant" });
      live.add(code);
      return json(200, { access_token: code });
    });
    route(`GET ${API}/user`, (token) => {
      const [name] = token.split("-");
      return live.has(token) ? json(200, { kind: "user", name, token_id: token }) : error(403, "Forbidden");
    });
    for (const [user, i] of ["carol", "bob"].flatMap((name) => TABS.map((tab) => [name, tab] as const))) {
      route(`DELETE ${API}/users/${user}/tokens/${user}-${i}`, (token) => {
        if (!live.has(token)) return error(403, "Forbidden");
        for (const one of live) if (one.startsWith(user)) live.delete(one);
        return (_, response) => response.writeHead(204).end();
      });
    }
    return live;
  }

  it("signs in every tab of a user at once, and leaves no token", async () => {
    let calls = 0;
    const live = actAsHub(() => new Promise((resolve) => setTimeout(resolve, ((calls += 1) * 7) % 11)));
    const log = createMemoryLog();
    const visitors = lobby(log);
    const users = await Promise.all(
      TABS.flatMap((i) => ["carol", "bob", "garbage"].map((name) => [name, i] as const)).map(
        async ([name, i]) => {
          await new Promise((resolve) => setTimeout(resolve, i * 6));
          const identity = visitors.identify(NODE, `${name}-${i}`, NEVER);
          return [
            name,
            await identity.then(({ user }) => user).catch((err: unknown) => (err as AppError).code),
          ];
        },
      ),
    );
    expect(users).toEqual(
      TABS.flatMap(() => [
        ["carol", "carol"],
        ["bob", "bob"],
        ["garbage", "SIGN_IN_FAILED"],
      ]),
    );
    expect([live.size, log.lines]).toEqual([0, []]);
  });

  it("names a visitor while codes that are no good wait for their answer", async () => {
    const held: (() => void)[] = [];
    hub.on(`POST ${API}/oauth2/token`, (request, response) => {
      if (request.body.includes("good")) token(request, response);
      else
        held.push(() => {
          json(400, { error: "invalid_grant" })(request, response);
        });
    });
    hub.on(`GET ${API}/user`, (request, response) => {
      carol(request, response);
      for (const answer of held) answer();
    });
    hub.on(`DELETE ${API}/users/carol/tokens/a1`, (_, response) => response.writeHead(204).end());
    const visitors = lobby();
    const bad = TABS.map((i) => visitors.identify(NODE, `bad-${i}`, NEVER));
    const refusals = Promise.allSettled(bad);
    expect(await visitors.identify(NODE, "good", NEVER)).toMatchObject({ user: "carol" });
    for (const { status } of await refusals) expect(status).toBe("rejected");
    for (const one of bad) await expect(one).rejects.toMatchObject({ code: "SIGN_IN_FAILED" });
  });

  it("signs in, with a warning, where the token cannot be revoked", async () => {
    hub.on(`POST ${API}/oauth2/token`, token);
    hub.on(`GET ${API}/user`, carol);
    const log = createMemoryLog();
    expect(await lobby(log).identify(NODE, "1", NEVER)).toMatchObject({ user: "carol" });
    expect(log.lines.map(({ level }) => level)).toEqual(["warn"]);
    expect(JSON.stringify(log.lines)).not.toContain("secret");
  });

  it.each([
    ["SIGN_IN_FAILED", json(400, { error: "invalid_grant" })],
    ["HUB_REFUSED", json(401, { error: "invalid_client" })],
    ["HUB_UNREACHABLE", (_: unknown, response: ServerResponse) => response.writeHead(503).end()],
    ["HUB_REFUSED", json(200, {})],
  ])("throws %s, and the next sign-in still works", async (code, reply) => {
    hub.on(`POST ${API}/oauth2/token`, reply, token);
    hub.on(`GET ${API}/user`, carol);
    const visitors = lobby();
    await expect(visitors.identify(NODE, "1", NEVER)).rejects.toMatchObject({ code });
    expect(await visitors.identify(NODE, "2", NEVER)).toMatchObject({ user: "carol" });
  });
});
