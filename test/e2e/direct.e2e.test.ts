import { afterEach, expect, it } from "@jest/globals";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compute, startLab, startRouter, type Lab, type RouterProcess } from "../support/lab.ts";

/** `transport=direct`: the agent still by SSH, people's traffic by the hub's own port on the node's address. */
let lab: Lab | undefined;
let router: RouterProcess | undefined;

afterEach(async () => {
  await router?.stop();
  lab?.down();
}, 60_000);

it("signs in and computes over the node's own port, which only such a node opens", async () => {
  lab = startLab();
  const hosts = join(lab.dir, "hosts-direct");
  const lines = readFileSync(join(lab.dir, "hosts"), "utf8").trim().split("\n");
  writeFileSync(
    hosts,
    lines.map((line) => (/^node3 /.test(line) ? line : `${line} transport=direct`)).join("\n"),
  );
  for (const node of ["node1", "node2"]) lab.run("load", node, "0", "8000", "7000");
  lab.run("load", "node3", "9", "8000", "200");
  router = await startRouter(lab, { hosts_file: hosts });
  expect(await compute(router, "alice")).toBe("42");
  expect(proxyAddresses(lab, "node1")).toEqual(["0.0.0.0"]);
}, 300_000);

function proxyAddresses(at: Lab, node: string): string[] {
  const last = at
    .run("sh", node, `echo '{"ports":[910]}' | multijhub-agent listeners`)
    .trim()
    .split("\n")
    .at(-1);
  const answer = JSON.parse(last ?? "") as { result: { listeners: { address: string }[] } };
  return answer.result.listeners.map(({ address }) => address);
}
