import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommandLine } from "../../src/cli/command-line.ts";
import { createTerminal } from "../../src/cli/terminal.ts";
import type { Service } from "../../src/ports.ts";
import { createAdminSocket } from "../../src/router/front/io/admin-socket.ts";

const LOAD = {
  ageMs: 900,
  clockOffsetMs: 0,
  cores: 4,
  load1: 1,
  memoryTotalBytes: 8 * 1024 ** 3,
  memoryAvailableBytes: 6 * 1024 ** 3,
  memoryPressure: null,
  servers: 3,
  users: 2,
  serverBytes: null,
  largestServerBytes: null,
  stateDisk: null,
  gpus: null,
};
const NODE = {
  troubles: [],
  hub: { state: "ready", detail: "", since: "", version: "5.5.1" },
  node: "node1",
  address: "10.0.0.1",
  state: "up",
  detail: "",
  warnings: [],
  closure: null,
  weight: 1,
  labels: [],
  maxServers: null,
  lastSeen: null,
  load: LOAD,
  reservations: 1,
};

let folder: string;
const running: Service[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "multijhub-"));
  await writeFile(join(folder, "config.yaml"), "state_dir: .\nhosts_file: hosts\n");
  await writeFile(join(folder, "hosts"), "node1 address=127.0.0.1\n");
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.stop()));
  await rm(folder, { recursive: true });
});

async function run(...args: string[]) {
  let out = "";
  let err = "";
  const terminal = createTerminal(
    (text) => (out += text),
    (text) => (err += text),
  );
  const code = await runCommandLine(["--config", join(folder, "config.yaml"), ...args], terminal);
  return { code, out, err };
}

/** Stands for the running router: answers each `METHOD path` with its JSON. */
async function routerWith(answers: Record<string, { status?: number; body: unknown }>): Promise<void> {
  const service = createAdminSocket(join(folder, "admin.sock"), (request, response) => {
    const answer = answers[`${request.method ?? ""} ${request.url ?? ""}`];
    response.writeHead(answer === undefined ? 404 : (answer.status ?? 200));
    response.end(JSON.stringify(answer?.body ?? { error: { message: "no such endpoint" } }));
  });
  await service.start();
  running.push(service);
}

describe("the command line", () => {
  it("lists its commands", async () => {
    const { code, out } = await run("--help");
    expect(code).toBe(0);
    for (const name of ["serve", "nodes", "where", "explain", "trust", "provision", "signout"]) {
      expect(out).toContain(name);
    }
  });

  it("does not guess what was meant", async () => {
    const { code, err } = await run("wher", "alice");
    expect(code).toBe(2);
    expect(err).toContain("unknown command");
  });

  it("says what to do when no router runs", async () => {
    const { code, err } = await run("nodes");
    expect(code).toBe(1);
    expect(err).toMatch(
      /no router answers at .*admin\.sock[\s\S]*what to do: start it with `multijhub serve`/,
    );
  });

  it("shows the router's own words when it refuses", async () => {
    await routerWith({
      "GET /api/v1/users/a%2Fb/servers": {
        status: 400,
        body: { error: { message: "no user can have this name" } },
      },
    });
    const { code, err } = await run("where", "a/b");
    expect({ code, err }).toEqual({ code: 1, err: "multijhub: no user can have this name\n" });
  });
});

const OCCUPANT = {
  ...{ user: "alice", server: "", state: "ready", busy: true, doing: "1 kernel (1 busy)" },
  ...{ startedAt: null, idleSince: null, stopNotBefore: null },
};

describe("nodes NODE", () => {
  it.each([
    [[OCCUPANT], /^alice +ready +1 kernel \(1 busy\) +- +busy +-$/m],
    [[], /^nobody is on it$/m],
  ])("says who is on it", async (occupants, expected) => {
    await routerWith({ "GET /api/v1/nodes/node1": { body: { ...NODE, occupants } } });
    const { out } = await run("nodes", "node1");
    expect(out).toMatch(/^node1 +up /m);
    expect(out).toMatch(expected);
  });
});

describe("nodes", () => {
  const body = { takenAt: "", nodes: [NODE], problems: [{ line: 3, message: "unknown key" }] };

  it("prints one line a node, and what is wrong with the hosts file", async () => {
    await routerWith({ "GET /api/v1/nodes": { body } });
    const { out } = await run("nodes");
    expect(out).toMatch(/^node1 +up +ready +3 +1 +0\.25 +6\.0 of 8\.0 GiB$/m);
    expect(out).toContain("hosts file, line 3: unknown key");
  });

  it("prints what to see to on a node that works", async () => {
    const nodes = [{ ...NODE, warnings: ["its clock is 5 min ahead"] }];
    await routerWith({ "GET /api/v1/nodes": { body: { ...body, nodes } } });
    expect((await run("nodes")).out).toMatch(/^node1 +up .* its clock is 5 min ahead$/m);
  });

  it("prints why a node takes no new servers", async () => {
    const nodes = [
      { ...NODE, closure: { state: "cordoned", words: "cordoned by alice: new disk", order: null } },
    ];
    await routerWith({ "GET /api/v1/nodes": { body: { ...body, nodes } } });
    expect((await run("nodes")).out).toMatch(/^node1 +up, cordoned .* cordoned by alice: new disk$/m);
  });

  it("prints the answer as it is with --json", async () => {
    await routerWith({ "GET /api/v1/nodes": { body } });
    expect(JSON.parse((await run("nodes", "--json")).out)).toEqual(body);
  });
});

describe("where", () => {
  it("names the node", async () => {
    const seen = { evidence: "hub-list", ageMs: 1200, lastActivity: null, pid: 4711 };
    const record = { kernels: { open: 2, busy: 1 } };
    const server = { server: "", node: "node2", state: "ready", record, ...seen };
    const home = { trouble: "The router cannot read alice's home" };
    const body = { user: "alice", kind: "found", servers: [server], silent: [], home };
    await routerWith({ "GET /api/v1/users/alice/servers": { body } });
    const { code, out } = await run("where", "alice");
    expect(code).toBe(0);
    expect(out).toMatch(/^\(default\) +node2 +ready +4711 +1 of 2 +- +hub-list, 1 s old$/m);
    expect(out).toContain("cannot read alice's home");
  });

  it("fails when it is not known, and says which nodes are silent", async () => {
    const silent = [{ node: "node3", reason: "no route", lastSeen: null }];
    const body = { user: "alice", kind: "unknown", servers: [], silent, home: { trouble: "" } };
    await routerWith({ "GET /api/v1/users/alice/servers": { body } });
    const { code, out } = await run("where", "alice");
    expect(code).toBe(1);
    expect(out).toContain("node3: no route");
  });
});

describe("explain", () => {
  it("shows every node with its reasons, the chosen one marked", async () => {
    const verdicts = [
      { node: "node1", accepted: true, score: 0.31, reasons: ["memory 31 % used"] },
      { node: "node2", accepted: false, reasons: ["it is down"] },
    ];
    const body = {
      ...{ user: "alice", kind: "none", servers: [], silent: [], home: { trouble: "" } },
      asks: { choice: null, labels: [], gpus: 0, groups: [], trouble: "" },
      now: { node: "node1", verdicts },
      last: null,
    };
    await routerWith({ "GET /api/v1/explain/alice": { body } });
    const { out } = await run("explain", "alice");
    expect(out).toMatch(/^\* node1 +31 % +memory 31 % used$/m);
    expect(out).toMatch(/^ {2}node2 +no +it is down$/m);
  });
});

describe("signout", () => {
  it("fails when a hub could not be told", async () => {
    const silent = [{ node: "node2", detail: "its hub does not answer" }];
    const body = { user: "alice", ended: ["node1"], silent };
    await routerWith({ "POST /api/v1/users/alice/signout": { body } });
    const { code, out } = await run("signout", "alice");
    expect(code).toBe(1);
    expect(out).toBe(
      "alice is signed out at the router and at node1\nnot at node2: its hub does not answer\n",
    );
  });
});

describe("orders", () => {
  const after = { state: "cordoned", words: "cordoned by alice until 18:00 CET", order: null };
  const answer = { node: "node1", dryRun: false, before: null, after, servers: 3, occupants: [] };
  const path = "POST /api/v1/nodes/node1/order";

  it("says what the node is now, and what is left alone", async () => {
    await routerWith({ [path]: { body: answer } });
    const { code, out } = await run("cordon", "node1", "--until", "18:00", "--reason", "kernel update");
    expect({ code, out }).toEqual({
      code: 0,
      out: "node1: cordoned by alice until 18:00 CET\n  3 running there, left alone\n",
    });
  });

  it("lists who is there, with --json as it is answered", async () => {
    const body = { ...answer, occupants: [OCCUPANT] };
    await routerWith({ [path]: { body } });
    const { out } = await run("drain", "node1");
    expect(out).toMatch(
      /left alone\nUSER +STATE +IN IT .*\nalice +ready +1 kernel \(1 busy\) +- +busy +-\n$/,
    );
    expect(JSON.parse((await run("drain", "node1", "--json")).out)).toEqual(body);
  });

  it.each([
    ["undrain", false, "node1 takes new servers\n"],
    ["uncordon", true, "node1 would take new servers\n"],
  ])("%s lets it take new servers", async (command, dryRun, expected) => {
    await routerWith({ [path]: { body: { ...answer, dryRun, after: null } } });
    const { out } = await run(command, "node1", ...(dryRun ? ["--dry-run"] : []));
    expect(out).toBe(expected);
  });

  it("tells the router's refusal with what to do", async () => {
    const error = { code: "BAD_ORDER", message: "11:00 UTC is over", remedy: "say it as 18:00" };
    await routerWith({ [path]: { status: 400, body: { error } } });
    const { code, err } = await run("drain", "node1", "--by", "11:00");
    expect({ code, err }).toEqual({
      code: 1,
      err: "multijhub: 11:00 UTC is over\n  what to do: say it as 18:00\n",
    });
  });
});

describe("commands that act on nodes", () => {
  it.each(["provision", "trust"])("%s refuses a node that is not in the hosts file", async (command) => {
    const { code, err } = await run(command, "node7");
    expect(code).toBe(1);
    expect(err).toMatch(/node7 is not in the hosts file[\s\S]*what to do: .*node1/);
  });

  it.each(["provision", "trust"])("%s wants to be told which nodes", async (command) => {
    const { code, err } = await run(command);
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining("or say --all") });
  });
});
