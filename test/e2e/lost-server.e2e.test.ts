import { expect, it } from "@jest/globals";
import type { ServersAnswer } from "../../src/router/admin/decide/servers-answer.ts";
import { useLab } from "../support/lab.ts";
import { pressButton, signInAt, until, untilLab } from "../support/lab-visitor.ts";

/** A hub whose database is lost with its backups, on real nodes. */
const site = useLab();

function where(user: string): ServersAnswer {
  return JSON.parse(site.router.command("where", user, "--json")) as ServersAnswer;
}

function serverPid(node: string, user: string): string {
  return site.lab.run("sh", node, `pgrep -u ${user} -f '[s]ingleuser' || true`).trim();
}

it("keeps a server that its hub has lost, and stops it when its owner says so", async () => {
  const alice = await signInAt(site.router.url, "alice");
  const node = await untilLab(alice);
  const pid = serverPid(node, "alice");
  const killHub = "kill -9 $(pgrep -f '[b]in/jupyterhub --config')";
  site.lab.run("sh", node, `${killHub}; find /var/lib/multijhub -name '*sqlite*' -delete`);

  const lost = await until(alice, "/", ({ body }) => body.includes("/stop-lost"));
  expect(lost.status).toBe(409);
  const record = { pid: Number(pid), stale: false };
  expect(where("alice").servers).toMatchObject([{ node, state: "lost", pid: Number(pid), record }]);

  await pressButton(alice, lost, "/keep-lost");
  const kept = await until(alice, "/", ({ body }) => body.includes("left alone"));
  expect(serverPid(node, "alice")).toBe(pid);

  await pressButton(alice, kept, "/stop-lost");
  const next = await untilLab(alice);
  expect(serverPid(next, "alice")).not.toBe(pid);
  expect(where("alice").servers).toMatchObject([{ node: next, state: "ready" }]);
});
