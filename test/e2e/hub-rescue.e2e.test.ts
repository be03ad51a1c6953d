import { expect, it } from "@jest/globals";
import { useLab } from "../support/lab.ts";
import { signInAt, until, untilLab } from "../support/lab-visitor.ts";

/** A hub and its proxy die under alice, who only has JupyterLab open. */
const site = useLab();

it.each(["proxy", "hub"])(
  "brings the %s back under its users, without a visit to the first page",
  async (name) => {
    const alice = await signInAt(site.router.url, "alice");
    const node = await untilLab(alice);
    const status = `/n/${node}/user/alice/api/status`;
    const { started } = JSON.parse((await alice.go(status)).body) as { readonly started: string };

    const pid = pidOf(node, name);
    site.lab.run("sh", node, `kill -9 ${pid}`);
    const page = await until(alice, status, () => pidOf(node, name) !== pid, 60);
    expect(page.path).toBe(status);
    const again = await until(alice, status, (answer) => answer.status === 200, 30);
    expect(JSON.parse(again.body)).toMatchObject({ started });
  },
  240_000,
);

function pidOf(node: string, name: string): number {
  const record = site.lab.run("sh", node, `cat /run/multijhub/${name}.json 2>/dev/null || echo '{}'`);
  return (JSON.parse(record) as { readonly pid?: number }).pid ?? 0;
}
