import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { HubBrowser } from "../support/hub-browser.ts";
import { installNode, signTicket, type HubNode } from "../support/hub-node.ts";
import { startLab, type Lab } from "../support/lab.ts";
import { waitFor } from "../support/wait-for.ts";

/** Permit, claim and grant on real hubs of two nodes that share a home; the router's part is played by the test. */
let lab: Lab;
let one: HubNode;
let two: HubNode;

const RUNTIME = "/home/alice/.local/share/jupyter/runtime";
const SETTINGS = { homeGroup: "multijhub" };
const CLAIM = `${RUNTIME}/jhub-claim-.json`;

beforeAll(async () => {
  const build = process.env["E2E_JUPYTERHUB"] as "stable" | "beta" | "debian13" | undefined;
  lab = startLab(build === undefined ? {} : { build });
  [one, two] = [installNode(lab, "node1"), installNode(lab, "node2")];
  for (const node of [one, two]) {
    const { ok, error } = await node.startHub(SETTINGS);
    if (!ok) throw new Error(error.message);
    await node.openTunnel();
  }
}, 400_000);

afterAll(() => {
  one?.close();
  two?.close();
  lab?.down();
});

function api(node: HubNode, path: string, method = "GET", token = node.settings["serviceToken"]) {
  const headers = { authorization: `token ${String(token)}` };
  return fetch(`${node.url}/n/${node.name}/hub/api${path}`, { method, headers });
}

async function permit(node: HubNode, start: object = {}, user = "alice"): Promise<void> {
  const token = signTicket(node, { use: "introduce", sub: user, start: { server: "", ...start } });
  const headers = { "x-multijhub-token": token };
  const answer = await fetch(`${node.url}/n/${node.name}/hub/router_introduce`, { method: "POST", headers });
  expect(answer.status).toBe(200);
}

let browser: HubBrowser;

/** Signs alice in on the first node; resolves with a path for a form of hers there. */
async function signedIn(path: string): Promise<{ readonly path: string; readonly body: string }> {
  browser = new HubBrowser(one);
  const first = await browser.signIn({ sid: "s" }, "/n/node1/hub/token");
  await browser.follow(first.location ?? "");
  return { path: `/n/node1/hub${path}?_xsrf=${browser.cookie("_xsrf") ?? ""}`, body: "{}" };
}

interface End {
  readonly ready?: boolean;
  readonly message: string;
  readonly html_message?: string;
}

/** Asks for a start and follows it; resolves with all its events, the last of which says how it ended. */
async function start(node: HubNode, user = "alice", token?: string): Promise<readonly End[]> {
  const asked = await api(node, `/users/${user}/server`, "POST", token);
  expect([201, 202]).toContain(asked.status);
  return waitFor(`how the start for ${user} ended`, async () => {
    const answer = await api(node, `/users/${user}/server/progress`, "GET", token);
    const text = await answer.text();
    // Refused while the hub is still cleaning up after a start that failed.
    return (
      answer.ok && [...text.matchAll(/^data: (.*)$/gm)].map(([, data = "{}"]) => JSON.parse(data) as End)
    );
  });
}

async function permitAndStart(node: HubNode, user = "alice"): Promise<readonly End[]> {
  await permit(node, {}, user);
  return start(node, user);
}

async function stop(node: HubNode, user = "alice"): Promise<void> {
  await api(node, `/users/${user}/server`, "DELETE");
  await waitFor(`the server of ${user} stops`, async () => {
    const state = (await (await api(node, `/users/${user}`)).json()) as { servers?: object };
    return Object.keys(state.servers ?? {}).length === 0;
  });
}

function claim(): Record<string, unknown> | undefined {
  const text = one.shell(`cat ${CLAIM} 2>/dev/null || true`);
  return text === "" ? undefined : (JSON.parse(text) as Record<string, unknown>);
}

async function pidOf(node: HubNode): Promise<number | undefined> {
  const servers = (await node.agent("servers")).result["servers"] as { user: string; pid: number }[];
  return servers.find(({ user }) => user === "alice")?.pid;
}

afterEach(async () => {
  await stop(one);
  await stop(two);
});

describe("a start", () => {
  it("without the router's permit is refused with the way to the entrance, whoever asks", async () => {
    const refused = { message: expect.stringContaining("START_NOT_PERMITTED"), failed: true };
    await permit(one);
    await permit(one, { server: "another" });
    expect((await start(one)).at(-1)).toMatchObject({ ready: true });
    await stop(one);
    expect((await start(one)).at(-1)).toMatchObject(refused);
    const { path, body } = await signedIn("/api/users/alice/tokens");
    const { token } = JSON.parse((await browser.request("POST", path, { body })).text) as { token: string };
    const end = (await start(one, "alice", token)).at(-1);
    expect(end).toMatchObject({ ...refused, html_message: expect.stringContaining("<a href='/'>") });
    expect(await pidOf(one)).toBeUndefined();
  });

  it("on the hub's own page is refused with the way to the entrance", async () => {
    const { path } = await signedIn("/spawn/alice");
    await browser.request("POST", path);
    await waitFor("the refusal to be shown", async () => {
      const page = await browser.get("/n/node1/hub/spawn-pending/alice");
      return page.text.includes("Go to the entrance");
    });
  });
});

describe("the claim", () => {
  it("names the server's node and boot while it runs, and goes with it", async () => {
    expect((await permitAndStart(one)).at(-1)).toMatchObject({ ready: true });
    const bootId = (await one.agent("facts")).result["bootId"];
    expect(claim()).toMatchObject({ version: 1, user: "alice", server: "", node: "node1", bootId });
    expect(one.shell(`stat -c '%a %U' ${CLAIM}`).trim()).toBe("640 alice");
    await stop(one);
    expect(claim()).toBeUndefined();
  });

  it("refuses a start on another node, names the one that holds it, and stands", async () => {
    await permitAndStart(one);
    const before = claim();
    const end = (await permitAndStart(two)).at(-1);
    expect(end).toMatchObject({
      message: expect.stringContaining("CLAIMED_ELSEWHERE node1: "),
      failed: true,
    });
    expect(claim()).toEqual(before);
    await permit(two, { supersedes: `${String(before?.["id"])}x` });
    expect((await start(two)).at(-1)).toMatchObject({ failed: true });
    expect(await pidOf(one)).toBeDefined();
  });

  it("is replaced by a permit that supersedes exactly it, and the former server's stop leaves the new one", async () => {
    await permitAndStart(one);
    await permit(two, { supersedes: claim()?.["id"] });
    expect((await start(two)).at(-1)).toMatchObject({ ready: true });
    const mine = claim();
    expect(mine).toMatchObject({ node: "node2" });
    await stop(one);
    expect(claim()).toEqual(mine);
    await stop(two);
    expect(claim()).toBeUndefined();
  });

  it("goes when the server dies, as its hub notices", async () => {
    await permitAndStart(one);
    one.shell(`kill -9 ${String(await pidOf(one))}`);
    await waitFor("the claim to go", () => claim() === undefined);
  });

  it("goes when a start failed", async () => {
    const fragment = "/etc/multijhub/hub.d/90-broken.py";
    const broken = `c.Spawner.cmd = ["/bin/false"]\nc.Spawner.start_timeout = 3\nc.Spawner.http_timeout = 3\n`;
    one.shell(`mkdir -p /etc/multijhub/hub.d && cat > ${fragment}`, broken);
    await one.startHub(SETTINGS);
    expect((await permitAndStart(one)).at(-1)).toMatchObject({ failed: true });
    expect(claim()).toBeUndefined();
    one.shell(`rm ${fragment}`);
    await one.startHub(SETTINGS);
  });

  it("is still known after a restart of the hub", async () => {
    await permitAndStart(one);
    await one.startHub({ ...SETTINGS, adminUsers: ["bob", "carol"] });
    expect(claim()).toMatchObject({ node: "node1" });
    await stop(one);
    expect(claim()).toBeUndefined();
  });
});

describe("the grant", () => {
  it("lets the router's account read records and claims, and nothing that holds a secret", async () => {
    await permitAndStart(one);
    one.shell(`su alice -c 'install -m 600 /dev/null ${RUNTIME}/kernel-x.json'`); // as Jupyter makes it
    await waitFor("a record", () => one.shell(`ls ${RUNTIME}/jhub-node1-*.json || true`) !== "");
    const readable = `cd ${RUNTIME} && for f in *; do [ -r "$f" ] && echo "$f"; done; test -w . && echo WRITABLE`;
    const router = "setpriv --reuid 2100 --regid 2100 --clear-groups";
    const names = one.shell(`${router} sh -c '${readable}' || true`).trim().split("\n");
    expect(names.map((name) => name.replace(/\d{2,}/, "PID"))).toEqual([
      "jhub-claim-.json",
      "jhub-node1-PID.json",
    ]);
    expect(one.shell(`ls ${RUNTIME}`)).toMatch(/jpserver-\d+\.json/);
    for (const path of ["/home/alice", "/home/alice/.local"])
      expect(one.shell(`${router} ls ${path} 2>&1 || true`)).toContain("Permission denied");
    await stop(one);
  });

  it("is given again after chmod 700", async () => {
    one.shell("chmod 700 /home/alice /home/alice/.local");
    await permitAndStart(one);
    const router = "setpriv --reuid 2100 --regid 2100 --clear-groups";
    expect(one.shell(`${router} cat ${CLAIM}`)).toContain('"node": "node1"');
    await stop(one);
  });
});

describe("a home", () => {
  it("that is read-only starts a server all the same, with a note", async () => {
    one.shell("mount --bind /home/alice /home/alice && mount -o remount,bind,ro /home/alice");
    const events = await permitAndStart(one);
    one.shell("umount -l /home/alice");
    expect(events).toContainEqual({ message: "Note: no place was claimed: Read-only file system" });
    expect(events.at(-1)).toMatchObject({ ready: true });
  });

  it("without room starts a server all the same, with a note", async () => {
    one.shell(
      `mount -t tmpfs -o size=4k,uid=2001,gid=2001,mode=700 full ${RUNTIME}; head -c 4096 /dev/zero > ${RUNTIME}/x`,
    );
    const events = await permitAndStart(one);
    one.shell(`umount -l ${RUNTIME}`);
    expect(events).toContainEqual({ message: "Note: no place was claimed: No space left on device" });
    expect(events.at(-1)).toMatchObject({ ready: true });
  });

  it("that hangs refuses the start within the deadline, and nobody else's", async () => {
    one.shell("cat > /tmp/hang.py", readFileSync("test/support/hanging-home.py", "utf8"));
    const hang = "python3 /tmp/hang.py /home/alice >/tmp/hang.log 2>&1 & echo $!";
    const pid = one.shell(`${hang}; until grep -q mounted /tmp/hang.log; do sleep 0.1; done`).trim();
    const began = Date.now();
    const [alice, bob] = await Promise.all([permitAndStart(one), permitAndStart(one, "bob")]);
    expect(bob.at(-1)).toMatchObject({ ready: true });
    expect(alice.at(-1)).toMatchObject({
      failed: true,
      message: expect.stringContaining("HOME_UNREACHABLE"),
    });
    expect(Date.now() - began).toBeLessThan(60_000);
    one.shell(`kill -9 ${pid}; umount -l /home/alice`);
    await stop(one, "bob");
  });
});

describe("a hub whose database is lost", () => {
  it("knows the server it has just started, and leaves it running", async () => {
    const folder = "/var/lib/multijhub/hub";
    const newest = `sorted(glob.glob("${folder}/jupyterhub.sqlite.backup-*"))[-1]`;
    const ask = `sqlite3.connect(${newest}).execute("SELECT state FROM spawners").fetchall()`;
    await permitAndStart(one);
    const pid = await pidOf(one);
    const needle = `"pid": ${String(pid)},`;
    await waitFor("a backup with the server in it", () =>
      one.shell(`python3 -c 'import glob, sqlite3; print(${ask})'`).includes(needle),
    );
    one.shell(
      `rm ${folder}/jupyterhub.sqlite; kill -9 $(grep -o '"pid": [0-9]*' /run/multijhub/hub.json | cut -c8-)`,
    );
    const { ok, progress } = await one.startHub(SETTINGS);
    expect(ok).toBe(true);
    expect(progress).toContainEqual(expect.stringContaining("took the backup"));
    const state = (await (await api(one, "/users/alice")).json()) as { servers: object };
    expect(state.servers).toMatchObject({ "": { ready: true } });
    expect(await pidOf(one)).toBe(pid);
    await stop(one);
    expect(claim()).toBeUndefined();
  });
});
