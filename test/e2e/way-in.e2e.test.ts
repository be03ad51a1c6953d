import { describe, expect, it } from "@jest/globals";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExplainAnswer } from "../../src/router/admin/decide/api-views.ts";
import type { ServersAnswer } from "../../src/router/admin/decide/servers-answer.ts";
import { startRouter, useLab } from "../support/lab.ts";
import { pressButton, signInAt, until, untilLab } from "../support/lab-visitor.ts";

/** The way in where something fails: real nodes that lose power, hubs that are killed or cannot start. */
const SETTINGS = {
  server: { start_elsewhere_after: "5s" },
  placement: { groups: { students: { labels: ["teaching"] } } },
};
const site = useLab({
  arrange() {
    setHosts();
    setRouterAccounts();
    return SETTINGS;
  },
});

/** The router's machine knows bob, and that he is a student. */
function setRouterAccounts(): void {
  const folder = join(site.lab.dir, "etc");
  mkdirSync(folder, { mode: 0o755 });
  const lines = { passwd: "bob:x:2002:2002::/home/bob:/bin/bash", group: "students:x:3000:bob" };
  for (const [name, line] of Object.entries(lines)) {
    writeFileSync(join(folder, name), `${readFileSync(join("/etc", name), "utf8")}${line}\n`);
  }
}

/** node2 attracts everybody and has no JupyterHub; the lobby, node1, comes last, but for students. */
function setHosts(): void {
  const file = join(site.lab.dir, "hosts");
  const sayings = {
    node1: "weight=1 labels=teaching",
    node2: "weight=90 jupyterhub=/nowhere",
    node3: "weight=30",
  };
  const lines = readFileSync(file, "utf8").split("\n");
  const edited = lines.map((line) => {
    const saying = Object.entries(sayings).find(([node]) => line.startsWith(`${node} `))?.[1];
    return saying === undefined ? line : `${line} ${saying}`;
  });
  writeFileSync(file, edited.join("\n"));
}

function where(user: string): ServersAnswer {
  return JSON.parse(output(() => site.router.command("where", user, "--json"))) as ServersAnswer;
}

/** What a command printed, also when its answer is a no. */
function output(run: () => string): string {
  try {
    return run();
  } catch (err) {
    return (err as { readonly stdout: string }).stdout;
  }
}

/** The single-user server of a node's user, by its process. */
function serverPid(node: string, user: string): string {
  return site.lab.run("sh", node, `pgrep -u ${user} -f '[s]ingleuser' || true`).trim();
}

describe("the way in", () => {
  it("passes over a node whose hub cannot start, and says so", async () => {
    const alice = await signInAt(site.router.url, "alice");
    const node = await untilLab(alice);
    expect(node).toBe("node3");
    const explained = JSON.parse(site.router.command("explain", "alice", "--json")) as ExplainAnswer;
    const broken = explained.last?.verdicts.find((verdict) => verdict.node === "node2");
    expect(broken).toMatchObject({ accepted: false });
    expect(broken?.reasons.join()).toMatch(/its hub did not start lately|can run no hub/);
  });

  it("starts one server for tabs that come at once, where its owner's group asks for it", async () => {
    const bob = await signInAt(site.router.url, "bob");
    const nodes = await Promise.all([untilLab(bob), untilLab(bob), untilLab(bob, "/user/bob/lab")]);
    expect(new Set(nodes)).toEqual(new Set(["node1"]));
    expect(where("bob").servers).toHaveLength(1);
    const { asks, last } = JSON.parse(site.router.command("explain", "bob", "--json")) as ExplainAnswer;
    expect(asks).toMatchObject({ labels: ["teaching"], trouble: "" });
    expect(asks.groups).toContainEqual({ group: "students", from: "system", labels: ["teaching"] });
    expect(last?.verdicts.find(({ node }) => node === "node3")?.reasons.join()).toContain(
      'does not have the label "teaching"',
    );
    expect(site.router.command("explain", "bob")).toMatch(/students +the router's system +teaching/);
  });

  it("goes on with a start that a restart of the router interrupted", async () => {
    const carol = await signInAt(site.router.url, "carol");
    await carol.go("/");
    const { port } = new URL(site.router.url);
    await site.router.stop();
    site.router = await startRouter(site.lab, {
      ...SETTINGS,
      listen: { host: "127.0.0.1", port: Number(port) },
    });
    const node = await untilLab(carol);
    expect(where("carol").servers).toMatchObject([{ node, state: "ready" }]);
  });

  it("restarts the hub of a running server, and keeps the server", async () => {
    const alice = await signInAt(site.router.url, "alice");
    const node = await untilLab(alice);
    const pid = serverPid(node, "alice");
    expect(pid).not.toBe("");
    site.lab.run("sh", node, "kill -9 $(pgrep -f '[b]in/jupyterhub --config')");
    expect(await untilLab(alice)).toBe(node);
    expect(serverPid(node, "alice")).toBe(pid);
  });

  it("stops a server by its owner's form, and says where the next one goes", async () => {
    const bob = await signInAt(site.router.url, "bob");
    const home = await bob.go("/home");
    await pressButton(bob, home, "/home/stop");
    await until(bob, "/home", ({ body }) => body.includes("You have no running server."));
    expect(where("bob")).toMatchObject({ kind: "none", servers: [] });
  });

  it("waits for a node without power, and starts elsewhere only when its user says so", async () => {
    const alice = await signInAt(site.router.url, "alice");
    const node = await untilLab(alice);
    expect(node).toBe("node3");
    site.lab.run("crash", node);
    const silent = await until(alice, "/", ({ body }) => body.includes(`Waiting for ${node}`));
    expect(silent.status).toBe(503);
    expect(where("alice")).toMatchObject({ kind: "unknown", silent: [{ node }] });
    const choice = await until(alice, "/", ({ body }) => body.includes("/start-elsewhere"));
    await pressButton(alice, choice, "/start-elsewhere");
    expect(await untilLab(alice)).not.toBe(node);
  });
});
