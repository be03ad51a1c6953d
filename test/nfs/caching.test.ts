import { beforeAll, expect, it } from "@jest/globals";
import { describeNfs } from "./describe-nfs.ts";
import { FROM_SERVER, GID, must, type Lab, type Machine } from "./lab.ts";

/** Milliseconds: until it is listed, until its content is read, after a rename, by its name alone. */
type Times = readonly number[];

describeNfs("what a node wrote is seen by the router", (lab) => {
  beforeAll(async () => {
    await must(lab().node1.setup("client", "node", ...FROM_SERVER, "--version", "3"));
    await must(lab().node2.setup("client", "node", ...FROM_SERVER, "--version", "4.2"));
    await mountBoth(lab(), "3");
    await mountBoth(lab(), "4.2");
    await must(lab().server.setup("grant", "--homes", "/export/home", "--all"));
  }, 120_000);

  it("soon with the options of nfs-setup/client, a good deal later with the system's own", async () => {
    const [v3, v42] = await Promise.all([
      both(lab(), "alice", "3", lab().node1),
      both(lab(), "bob", "4.2", lab().node2),
    ]);
    process.stdout.write(table({ ...v3, ...v42 }));
    for (const { ours, usual } of [...Object.values(v3), ...Object.values(v42)]) {
      expect(usual.at(-1)).toBeGreaterThan(5000);
      expect(2 * Math.max(...ours)).toBeLessThan(usual.at(-1) ?? 0); // a busy machine adds to both
    }
  }, 150_000);
});

async function mountBoth({ router }: Lab, version: string): Promise<void> {
  const asRouter = ["router", ...FROM_SERVER, "--uid", String(GID), "--version", version];
  await must(router.setup("client", ...asRouter, "--at", `/srv/ours${version}`));
  await must(router.run("mkdir", `/srv/usual${version}`));
  const options = `vers=${version},ro,nosharecache${version === "3" ? ",nolock" : ""}`;
  await must(
    router.run("mount", "-t", "nfs", "-o", options, "10.108.0.1:/export/home", `/srv/usual${version}`),
  );
}

async function both(lab: Lab, user: string, version: string, node: Machine) {
  const ours = await latency(lab, user, `/srv/ours${version}`, node);
  const usual = await latency(lab, user, `/srv/usual${version}`, node);
  return { [`NFSv${version}`]: { ours, usual } };
}

async function latency({ router }: Lab, user: string, homes: string, node: Machine): Promise<Times> {
  const words = ["--homes", homes, "--latency", user, "--node", node.prefix.join(" ")];
  const said = await must(
    router.order({ words: [`${process.cwd()}/nfs-setup/check`, ...words], timeoutS: 120 }),
  );
  return [...said.matchAll(/(\d+) ms/g)].map(([, ms]) => Number(ms));
}

function table(times: Readonly<Record<string, { readonly ours: Times; readonly usual: Times }>>): string {
  const rows = Object.entries(times).flatMap(([version, { ours, usual }]) => [
    [`${version}, nfs-setup/client router`, ...ours],
    [`${version}, default options`, ...usual],
  ]);
  return (
    [["", "listed", "content", "replaced", "by name"], ...rows]
      .map((row) => `  ${row.join("\t")}`)
      .join("\n") + "\n"
  );
}
