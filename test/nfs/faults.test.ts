import { beforeAll, expect, it } from "@jest/globals";
import { describeNfs } from "./describe-nfs.ts";
import { FROM_SERVER, GID, guest, must, REPOSITORY, type Lab, type Machine } from "./lab.ts";

const RUNTIME = ".local/share/jupyter/runtime";
const OVER = { v3: "/srv/v3", v42: "/srv/v42", hard: "/srv/hard" };
/** The reader's own deadline, and some slack for a busy machine. */
const DEADLINE_MS = 2000;
const SLACK_MS = 2000;

interface Look {
  readonly user: string;
  readonly atMs: number;
  readonly tookMs: number;
  readonly records?: readonly string[];
  readonly oddities?: readonly string[];
  readonly unreadable?: string;
}

describeNfs("the router's reader on real NFS", (lab) => {
  beforeAll(async () => {
    await must(lab().node1.setup("client", "node", ...FROM_SERVER));
    const asRouter = ["router", ...FROM_SERVER, "--uid", String(GID)];
    await must(lab().router.setup("client", ...asRouter, "--version", "3", "--at", OVER.v3));
    await must(lab().router.setup("client", ...asRouter, "--at", OVER.v42));
    await must(lab().router.run("mkdir", OVER.hard));
    await must(
      lab().router.run(
        "mount",
        "-t",
        "nfs",
        "-o",
        "vers=4.2,ro,hard,nosharecache",
        "10.108.0.1:/export/home",
        OVER.hard,
      ),
    );
    for (const user of ["alice", "bob", "carol"]) {
      await must(lab().node1.setup("grant", user));
      await writeRecord(lab().node1, user, "/home");
    }
  }, 120_000);

  it("reads the record that the server extension writes", async () => {
    expect(await looks(lab(), "once", [`alice=${OVER.v3}/alice`, `bob=${OVER.v42}/bob`])).toEqual([
      expect.objectContaining({ records: ["node1"], oddities: [] }),
      expect.objectContaining({ records: ["node1"], oddities: [] }),
    ]);
  });

  it("believes nothing that is planted, and is not held up by it", async () => {
    await must(lab().node1.as("carol", "sh", "-c", `cd ~carol/${RUNTIME} && ${PLANTED}`));
    const [look] = await looks(lab(), "once", [`carol=${OVER.v42}/carol`]);
    expect(look).toMatchObject({ records: ["node1"] });
    for (const planted of ["link", "fifo", "hard", "big", "folder"])
      expect(look?.oddities?.join("\n")).toContain(`jhub-${planted}-1.json`);
  });

  it("goes on after the directory was removed and made anew under it", async () => {
    const looking = looks(lab(), "12", [`bob=${OVER.v42}/bob`], "anew");
    await reached(lab(), "read", "anew");
    await must(lab().server.run("rm", "-r", `/export/home/bob/${RUNTIME}`));
    await must(lab().server.setup("grant", "--homes", "/export/home", "bob"));
    await writeRecord(lab().server, "bob", "/export/home");
    await must(lab().server.run("sync")); // what clients write is on the disk at once, this is not
    const seen = await looking;
    expect(seen[0]).toMatchObject({ records: ["node1"] });
    expect(seen.at(-1)).toMatchObject({ records: ["node1"] });
  });

  it("is ended at its deadline when the network is cut, as nfs-setup/check --hang shows", async () => {
    const said = await must(lab().router.setup("check", "--homes", OVER.hard, "--hang", "alice"));
    const [gone = 0, again = 0] = [...said.matchAll(/after (\d+) ms/g)].map(([, ms]) => Number(ms));
    expect(gone).toBeLessThan(DEADLINE_MS + SLACK_MS);
    expect(again).toBeLessThan(30_000);
    expect(await must(lab().router.run("ip", "route", "show", "type", "blackhole"))).toBe("");
  });

  it.each(["stopped", "killed"])(
    "answers in time while the file server is %s, on soft and hard mounts, and reads again by itself",
    async (how) => {
      // A reader for each mount, each with two homes: the second is not asked where the first has hung.
      const looking = Object.entries(OVER).map(([label, seen]) =>
        looks(lab(), "back", [`alice=${seen}/alice`, `bob=${seen}/bob`], `${how}-${label}`),
      );
      await Promise.all(Object.keys(OVER).map((label) => reached(lab(), "read", `${how}-${label}`)));
      if (how === "killed") await lab().crash();
      else await must(lab().server.run("rpc.nfsd", "0"));
      await Promise.all(Object.keys(OVER).map((label) => reached(lab(), "lost", `${how}-${label}`)));
      if (how === "killed") await lab().reboot();
      else await must(lab().server.run("rpc.nfsd", "--grace-time", "10", "--lease-time", "10", "8"));

      for (const seen of await Promise.all(looking)) {
        // The first look starts the process that reads; so does the one after it was killed. A home that was asked for
        // together with the one that hung is asked for once more.
        const toStartMs = seen[0]?.tookMs ?? 0;
        const longestMs = Math.max(...seen.map(({ tookMs }) => tookMs));
        expect(longestMs).toBeLessThan(2 * DEADLINE_MS + toStartMs + SLACK_MS);
        for (const user of ["alice", "bob"])
          expect(seen.findLast((look) => look.user === user)).toMatchObject({ records: ["node1"] });
      }
    },
    90_000,
  );
});

const PLANTED = `
  ln -s /proc/self/environ jhub-link-1.json && mkfifo -m 666 jhub-fifo-1.json && mkdir jhub-folder-1.json &&
  cp jhub-node1-*.json hard && ln hard jhub-hard-1.json && truncate -s 3G jhub-big-1.json && chmod 640 jhub-big-1.json`;

async function writeRecord(machine: Machine, user: string, homes: string): Promise<void> {
  const words = ["/usr/bin/python3", guest("write-record.py"), REPOSITORY, "node1", user];
  await must(machine.as(user, ...words, `${homes}/${user}/${RUNTIME}`));
}

/** Waits until the reader of that label has read all homes, or lost them all. */
async function reached({ router }: Lab, what: "read" | "lost", label: string): Promise<void> {
  await must(router.run("sh", "-c", `until [ -e /tmp/${label}.${what} ]; do sleep 0.1; done`));
}

/** The looks of a reader; nobody may wait for what it reaches by a label that was used before. */
async function looks({ router }: Lab, until: string, homes: readonly string[], label = "reader") {
  const words = ["setpriv", "--reuid", "multijhub", "--regid", "multijhub", "--init-groups"];
  const reading = [process.execPath, guest("read-home.mjs"), REPOSITORY, label, until, ...homes];
  const lines = await must(router.order({ words: [...words, ...reading], timeoutS: 80 }));
  return lines
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Look);
}
