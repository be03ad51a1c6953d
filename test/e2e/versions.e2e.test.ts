import { afterEach, expect, it } from "@jest/globals";
import { compute, startLab, startRouter, type Lab, type RouterProcess } from "../support/lab.ts";

/** The way in without a browser, from the sign-in form to a kernel's answer, on every JupyterHub we support. */
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
  "signs in and computes on JupyterHub: %s",
  async (_, build, version) => {
    lab = startLab({ build });
    const { LAB_JUPYTERHUB = "" } = lab.settings;
    expect(lab.run("sh", "node1", `${LAB_JUPYTERHUB} --version`)).toMatch(version);
    router = await startRouter(lab);
    expect(await compute(router, "alice")).toBe("42");
  },
  600_000,
);
