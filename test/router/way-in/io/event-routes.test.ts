import { afterEach, describe, expect, it } from "@jest/globals";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import request from "supertest";
import { AppError } from "../../../../src/errors.ts";
import type { StartEvent } from "../../../../src/router/way-in/decide/start-event.ts";
import { NODE2 } from "../../../support/fake-world.ts";
import { createPagesRig } from "../../../support/pages-rig.ts";

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
});

async function listen(app: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(app).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Received {
  readonly id: string;
  readonly data: StartEvent;
}

/** Reads events until the stream ends or `enough` are there. */
async function receive(response: Response, enough = Infinity): Promise<Received[]> {
  const events: Received[] = [];
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const found = /^id: (.*)\nevent: state\ndata: (.*)$/.exec(block);
      if (found) events.push({ id: found[1] ?? "", data: JSON.parse(found[2] ?? "") as StartEvent });
    }
    if (events.length >= enough) break;
  }
  return events;
}

describe("/events/start", () => {
  it("tells every step and ends with where to go", async () => {
    const { app, clock } = createPagesRig();
    const url = await listen(app);
    const response = await fetch(`${url}/events/start?server=&next=/user/alice/lab/tree/x`);
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const [events] = await Promise.all([receive(response), clock.advance(5000)]);
    const last = events.at(-1)?.data;
    expect(last?.url).toBe("/login?node=node1&next=%2Fn%2Fnode1%2Fuser%2Falice%2Flab%2Ftree%2Fx");
    expect(last?.status).toBe("Your server on node1 is ready.");
    expect(events.slice(0, -1).every(({ data }) => data.url === undefined)).toBe(true);
  });

  it("resumes after a lost connection without repeating what is known", async () => {
    const { app, clock } = createPagesRig();
    const url = await listen(app);
    await request(app).get("/").set("Accept", "text/html");
    const [first] = await receive(await fetch(`${url}/events/start`), 1);
    const again = await fetch(`${url}/events/start`, { headers: { "last-event-id": first?.id ?? "" } });
    const [events] = await Promise.all([receive(again), clock.advance(5000)]);
    expect(events.map(({ id }) => id)).not.toContain(first?.id);
    expect(events.at(-1)?.data.url).toContain("node1");
  });

  it("tells a page that comes back late what the end was", async () => {
    const { app, clock, entry } = createPagesRig();
    const url = await listen(app);
    await request(app).get("/");
    await clock.advance(5000);
    const { id, version } = entry.find({ user: "alice", server: "" } as never) ?? {};
    const response = await fetch(`${url}/events/start`, { headers: { "last-event-id": `${id}.${version}` } });
    expect((await receive(response)).at(-1)?.data.url).toContain("node1");
  });

  it("goes on in a router that does not know the journey", async () => {
    const { app, world } = createPagesRig();
    world.servers.set("alice/", NODE2);
    const response = await fetch(`${await listen(app)}/events/start`, {
      headers: { "last-event-id": "of-another-router.7" },
    });
    expect((await receive(response)).at(-1)?.data.url).toContain("node2");
  });

  it("says that another page is due", async () => {
    const { app, world, clock } = createPagesRig();
    world.hubFailure = new AppError("DISK_FULL", "<b>full</b>", {});
    const response = await fetch(`${await listen(app)}/events/start`);
    const [events] = await Promise.all([receive(response), clock.advance(2000)]);
    expect(events.at(-1)?.data.face).toBe("failed");
    expect(JSON.stringify(events)).not.toContain("<b>");
  });

  it("keeps a quiet connection alive", async () => {
    const { app } = createPagesRig();
    const response = await fetch(`${await listen(app)}/events/start`);
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += new TextDecoder().decode(chunk as Uint8Array);
      if (text.includes(": still here")) break;
    }
    expect(text).toMatch(/^retry: 2000\n\n/);
  });

  it("cancels nothing when the page is closed", async () => {
    const { app, clock, entry } = createPagesRig();
    const leaving = new AbortController();
    const response = await fetch(`${await listen(app)}/events/start`, { signal: leaving.signal });
    await receive(response, 1);
    leaving.abort();
    await clock.advance(5000);
    expect(entry.find({ user: "alice", server: "" } as never)?.outcome?.kind).toBe("arrived");
  });

  it("says nothing of its own shutdown: the page returns to the next router", async () => {
    const { app, entry } = createPagesRig();
    const response = await fetch(`${await listen(app)}/events/start`);
    const [events] = await Promise.all([receive(response), entry.stop()]);
    expect(events.every(({ data }) => data.face === "going")).toBe(true);
  });

  it("is for the user's own eyes", async () => {
    const { app, state } = createPagesRig();
    state.session = undefined;
    expect((await request(app).get("/events/start")).status).toBe(401);
  });

  it("bounds how many pages one user may leave open", async () => {
    const { app } = createPagesRig();
    const url = await listen(app);
    const pages = await Promise.all([1, 2, 3].map(() => fetch(`${url}/events/start`)));
    expect((await fetch(`${url}/events/start`)).status).toBe(429);
    for (const { body } of pages) await body?.cancel();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const after = await fetch(`${url}/events/start`);
    expect(after.status).toBe(200);
    await after.body?.cancel();
  });

  it("ends a stream after a while, so that the session is looked at again", async () => {
    const { app } = createPagesRig({ events: { heartbeatMs: 1000, maxStreamMs: 50, maxPerUser: 3 } });
    const events = await receive(await fetch(`${await listen(app)}/events/start`));
    expect(events.every(({ data }) => data.url === undefined)).toBe(true);
  });
});
