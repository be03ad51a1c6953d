import { afterEach, expect, it } from "@jest/globals";
import { compute, startLab, startRouter, type Lab, type RouterProcess } from "../support/lab.ts";
import type { IdleStopAnswer } from "../../src/ports.ts";
import { createLabIdleStops, orderFor, untilIdle } from "../support/lab-idle-stops.ts";
import { recordsOf, runtimeDirectory } from "../support/lab-records.ts";

/** The way in without a browser, from the sign-in form to a kernel's answer, on every JupyterHub we support,
 * the record of the server that did it, and its end when it is idle. */
let lab: Lab | undefined;
let router: RouterProcess | undefined;

afterEach(async () => {
  await router?.stop();
  lab?.down();
}, 60_000);

it.each([
  ["Debian 13's own", "debian13", /^5\.2/],
  ["the newest stable", "stable", /^5\./],
  ["the newest, pre-releases too", "beta", /^6\./],
] as const)(
  "signs in, computes, and stops the idle server on JupyterHub: %s",
  async (_, build, version) => {
    lab = startLab({ build });
    const { LAB_JUPYTERHUB = "" } = lab.settings;
    expect(lab.run("sh", "node1", `${LAB_JUPYTERHUB} --version`)).toMatch(version);
    router = await startRouter(lab);
    expect(await compute(router, "alice")).toBe("42");
    expect(recordsOf(lab, "alice")).toMatchObject([{ version: 1, user: "alice", kernels: { busy: 0 } }]);
    const names = lab.run("sh", "node1", `ls ${runtimeDirectory("alice")}`).split("\n");
    expect(names.filter((name) => name.endsWith("-open.html"))).toEqual([]);
    expect(await stopIdle(lab, "alice")).toEqual({ kind: "stopped" });
    expect(recordsOf(lab, "alice")).toEqual([]);
  },
  600_000,
);

async function stopIdle(onLab: Lab, user: string): Promise<IdleStopAnswer> {
  const idle = await createLabIdleStops(onLab);
  try {
    const order = orderFor(await untilIdle(onLab, user), 3);
    return await idle.stops.ask(order, AbortSignal.timeout(60_000));
  } finally {
    await idle.close();
  }
}
