import { expect, it } from "@jest/globals";
import type { ExplainAnswer, NodesAnswer } from "../../src/router/admin/decide/api-views.ts";
import { restartRouter, useLab } from "../support/lab.ts";
import { eventually } from "../support/lab-recovery.ts";
import { pressButton, signInAt, until, untilLab } from "../support/lab-visitor.ts";
import { freePort } from "../support/free-port.ts";

/** node1 has two GPUs, by the word of a scripted nvidia-smi in the format that the real one documents. */
const PLACEMENT = {
  gpus: "assigned",
  choices: [
    { name: "any", title: "Any machine" },
    { name: "gpu", title: "With a GPU", gpus: 1 },
  ],
};
const NVIDIA_SMI = [
  "#!/bin/sh",
  'case "$*" in *--query-gpu=index,uuid,name,memory.total,memory.used,utilization.gpu*) ;; *) exit 1 ;; esac',
  "echo '0, GPU-00000000-aaaa-bbbb-cccc-000000000000, NVIDIA A100-SXM4-40GB, 40960, 3, 0'",
  "echo '1, GPU-11111111-aaaa-bbbb-cccc-111111111111, NVIDIA A100-SXM4-40GB, 40960, 3, [N/A]'",
].join("\n");

const site = useLab({
  async arrange(lab) {
    const write = "cat > /usr/local/bin/nvidia-smi";
    lab.run("sh", "node1", `${write} <<'END'\n${NVIDIA_SMI}\nEND\nchmod 755 /usr/local/bin/nvidia-smi`);
    return { placement: PLACEMENT, listen: { host: "127.0.0.1", port: await freePort() } };
  },
});

/** What the user's server was told of devices. */
function devicesOf(user: string): string {
  const environment = `tr '\\0' '\\n' < /proc/$(pgrep -o -u ${user} -f '[s]ingleuser')/environ`;
  return site.lab.run("sh", "node1", `${environment} | grep ^CUDA_VISIBLE_DEVICES`).trim();
}

async function untilHeld(users: readonly string[]): Promise<void> {
  await eventually(() => {
    const { nodes } = JSON.parse(site.router.command("nodes", "--json")) as NodesAnswer;
    const held = nodes[0]?.load?.gpus?.flatMap(({ holders }) => holders.map(({ user }) => user));
    expect(held).toEqual(users);
  });
}

function reasonsFor(user: string): readonly string[] {
  const { now } = JSON.parse(site.router.command("explain", user, "--json")) as ExplainAnswer;
  return now.verdicts.flatMap(({ node, reasons }) => reasons.map((reason) => `${node}: ${reason}`));
}

const NONE_FREE = "node1: its GPUs are taken: 0 of 2 free, it takes 1";

it("gives alice the first GPU, by a link", async () => {
  await eventually(() => {
    const { nodes } = JSON.parse(site.router.command("nodes", "--json")) as NodesAnswer;
    expect(nodes[0]?.load?.gpus).toHaveLength(2);
  });
  const alice = await signInAt(site.router.url, "alice");
  expect(await untilLab(alice, "/?choice=gpu")).toBe("node1");
  expect(devicesOf("alice")).toBe("CUDA_VISIBLE_DEVICES=GPU-00000000-aaaa-bbbb-cccc-000000000000");
});

it("asks bob which machine he wants, says what is free, and gives him the second", async () => {
  const bob = await signInAt(site.router.url, "bob");
  const page = await until(bob, "/", ({ body }) => body.includes("Which kind of machine?"));
  expect(page.body).toContain("1 of 2 GPUs free on node1");
  await pressButton(bob, page, "/choose-machine?choice=gpu");
  expect(await untilLab(bob)).toBe("node1");
  expect(devicesOf("bob")).toBe("CUDA_VISIBLE_DEVICES=GPU-11111111-aaaa-bbbb-cccc-111111111111");
  await untilHeld(["alice", "bob"]);
});

it("has none for carol, says so, and knows who has which after kill -9 of the router", async () => {
  const carol = await signInAt(site.router.url, "carol");
  await until(carol, "/?choice=gpu", ({ body }) => body.includes("its GPUs are taken: 0 of 2 free"));
  expect(reasonsFor("carol")).toEqual(expect.arrayContaining([NONE_FREE, "node2: has no GPU"]));

  const gone = new Promise((done) => site.router.process.once("exit", done));
  site.router.process.kill("SIGKILL");
  await gone;
  site.router = await restartRouter(site.router);
  await untilHeld(["alice", "bob"]);
  const again = await signInAt(site.router.url, "carol");
  await until(again, "/?choice=gpu", ({ body }) => body.includes("its GPUs are taken: 0 of 2 free"));

  const alice = await signInAt(site.router.url, "alice");
  const home = await alice.go("/home");
  await pressButton(alice, home, "/home/stop");
  await untilHeld(["bob"]);
  await pressButton(again, await again.go("/"), "/retry");
  expect(await untilLab(again)).toBe("node1");
  expect(devicesOf("carol")).toBe("CUDA_VISIBLE_DEVICES=GPU-00000000-aaaa-bbbb-cccc-000000000000");
});

it("shows no GPU to a server that asked for none", async () => {
  const alice = await signInAt(site.router.url, "alice");
  const node = await untilLab(alice, "/?choice=any");
  if (node === "node1") expect(devicesOf("alice")).toBe("CUDA_VISIBLE_DEVICES=");
});
