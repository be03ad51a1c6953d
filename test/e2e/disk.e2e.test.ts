import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { installNode, type HubNode } from "../support/hub-node.ts";
import { contentsStatus, servers, startServer } from "../support/hub-server.ts";
import { startLab, type Lab } from "../support/lab.ts";

/** The node's local disk is full: a small file system in the place of the state directory, and one file that fills it. */
const STATE = "/var/lib/multijhub";

let lab: Lab;
let node: HubNode;

beforeAll(async () => {
  lab = startLab();
  node = installNode(lab, "node1");
  node.shell(`mkdir -p ${STATE} && mount -t tmpfs -o size=80m,mode=700 state ${STATE}`);
  expect(await node.startHub()).toMatchObject({ ok: true });
  await node.openTunnel();
}, 400_000);

afterAll(() => {
  node?.close();
  lab?.down();
});

function fill(): void {
  node.shell(`dd if=/dev/zero of=${STATE}/fill bs=64k 2>/dev/null; ! dd if=/dev/zero of=${STATE}/rest bs=1`);
}

function empty(): void {
  node.shell(`rm -f ${STATE}/fill ${STATE}/rest`);
}

function pidOf(service: string): string {
  return node.shell(`sed 's/.*"pid": *\\([0-9]*\\).*/\\1/' /run/multijhub/${service}.json`).trim();
}

function check(): string {
  const python = `import sqlite3; print(*sqlite3.connect("${STATE}/hub/jupyterhub.sqlite").execute("PRAGMA integrity_check").fetchone())`;
  return node.shell(`python3 -c '${python}'`).trim();
}

describe("a full disk", () => {
  it("ends neither hub, proxy nor server, and nobody is refused who comes back", async () => {
    const { server, browser } = await startServer(node);
    const before = [pidOf("hub"), pidOf("proxy")];
    fill();
    expect(await node.startHub()).toMatchObject({ ok: true, result: { changed: false } });
    for (let request = 0; request < 3; request += 1) await fetch(`${node.url}/n/node1/nowhere`); // the proxy logs it
    expect(await contentsStatus(node, browser)).toBe(200);
    expect([pidOf("hub"), pidOf("proxy")]).toEqual(before);
    expect(await servers(node)).toMatchObject([{ pid: server.pid }]);
  });

  it("lets a hub be stopped, and refuses to start one with the cause and the remedy", async () => {
    expect(await node.agent("stop-hub")).toMatchObject({ ok: true, result: { changed: true } });
    const files = node.shell(`ls -A ${STATE}/hub`);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const { ok, error } = await node.startHub({ adminUsers: ["bob"] });
      expect({ ok, ...error }).toMatchObject({
        ...{ ok: false, code: "DISK_FULL", remedy: "free disk space on the node" },
        message: `less than 32 MiB are free in ${STATE}/hub`,
      });
    }
    expect(node.shell(`ls -A ${STATE}/hub`)).toBe(files);
    expect(await node.agent("status")).toMatchObject({ result: { state: "absent" } });
  });

  it("has damaged nothing when there is room again: the same database, the same server", async () => {
    const [server] = await servers(node);
    empty();
    expect(check()).toBe("ok");
    expect(await node.startHub()).toMatchObject({ ok: true, result: { changed: true } });
    const { server: found } = await startServer(node);
    expect(found).toMatchObject({ pid: server?.pid, startTicks: server?.startTicks });
  });
});
