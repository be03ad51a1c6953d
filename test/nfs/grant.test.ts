import { beforeAll, describe, expect, it } from "@jest/globals";
import { describeNfs } from "./describe-nfs.ts";
import { FROM_SERVER, GID, must, REPOSITORY, type Lab, type Machine } from "./lab.ts";

const RUNTIME = ".local/share/jupyter/runtime";
const RECORD = "jhub-node1-7.json";
const NEWER = "jhub-node1-8.json";
const SEEN_BY_ROUTER = { v3: "/srv/v3", v42: "/srv/v42" };

/** Each user is granted in another way; the router looks at all of them over both versions. */
const WAYS = [
  { user: "alice", way: "on a node over NFSv3", at: (lab: Lab) => lab.node1, home: "/home/alice", words: [] },
  { user: "bob", way: "on a node over NFSv4.2", at: (lab: Lab) => lab.node2, home: "/home/bob", words: [] },
  {
    user: "carol",
    way: "on the file server itself",
    at: (lab: Lab) => lab.server,
    home: "/export/home/carol",
    words: ["--homes", "/export/home"],
  },
] as const;

describeNfs("the grant on real NFS", (lab) => {
  beforeAll(async () => {
    await must(lab().node1.setup("client", "node", ...FROM_SERVER, "--version", "3"));
    await must(lab().node2.setup("client", "node", ...FROM_SERVER, "--version", "4.2"));
    const asRouter = ["router", ...FROM_SERVER, "--uid", String(GID)];
    await must(lab().router.setup("client", ...asRouter, "--version", "3", "--at", SEEN_BY_ROUTER.v3));
    await must(lab().router.setup("client", ...asRouter, "--version", "4.2", "--at", SEEN_BY_ROUTER.v42));
  }, 120_000);

  it("mounts what it says: nodes write, the router reads and follows no link", async () => {
    const node = await must(lab().node2.run("findmnt", "-n", "-o", "FSTYPE,OPTIONS", "/home"));
    expect(node).toMatch(/^nfs4 .*\brw\b.*\bhard\b/);
    const router = await must(lab().router.run("findmnt", "-n", "-o", "OPTIONS", SEEN_BY_ROUTER.v42));
    for (const option of ["ro", "nosuid", "nodev", "noexec", "soft", "nosymfollow"])
      expect(router.trim().split(",")).toContain(option);
  });

  it("finds nothing to do the second time", async () => {
    const again = await lab().node2.setup("client", "node", ...FROM_SERVER, "--version", "4.2");
    expect(again).toMatchObject({ code: 0, out: "", err: "" });
  });

  describe.each(WAYS)("$way", ({ user, at, home, words }) => {
    function grant(...more: string[]) {
      return at(lab()).setup("grant", ...words, ...more, user);
    }
    async function write(name: string, mode: string) {
      await must(at(lab()).as(user, "sh", "-c", `umask 077; echo mine > ${name}; chmod ${mode} ${name}`));
    }

    it("shows the router nothing before", async () => {
      await must(at(lab()).as(user, "sh", "-c", `umask 077; mkdir -p ${home}/${RUNTIME}`));
      await write(`${home}/${RUNTIME}/${RECORD}`, "640");
      await write(`${home}/private`, "640");
      await write(`${home}/public`, "644");
      expect(await readable(lab().router, user, RECORD)).toBe(false);
    });

    it("is made by the commands it prints, and says that it is in force", async () => {
      const printed = (await must(grant("--dry-run"))).replace(/^#.*\n/, "");
      expect(await must(grant())).toBe(printed);
      expect(await must(grant("--check"))).toBe(`${user}: granted\n`);
      expect(await must(grant())).toBe("");
    });

    it("opens new records to the router, over both versions", async () => {
      await write(`${home}/${RUNTIME}/${NEWER}`, "640");
      expect(await readable(lab().router, user, NEWER)).toBe(true);
    });

    it("opens nothing else", async () => {
      await write(`${home}/${RUNTIME}/jpserver-7.json`, "600");
      await write(`${home}/.local/token`, "600");
      expect(await readable(lab().router, user, "jpserver-7.json")).toBe(false);
      for (const seen of Object.values(SEEN_BY_ROUTER)) {
        const at = `${seen}/${user}`;
        for (const words of [
          ["ls", at],
          ["cat", `${at}/private`],
          ["ls", `${at}/.local`],
          ["cat", `${at}/.local/token`],
          ["touch", `${at}/${RUNTIME}/planted`],
        ])
          expect(await lab().router.as("multijhub", ...words)).toMatchObject({
            code: expect.any(Number),
            out: "",
          });
      }
    });

    it("lets the router open by name what everybody may read: the closed home was all that kept it out", async () => {
      const seen = await lab().router.as("multijhub", "cat", `${SEEN_BY_ROUTER.v42}/${user}/public`);
      expect(seen.out).toBe("mine\n");
    });

    it("leaves the owner everything", async () => {
      await write(`${home}/${RUNTIME}/later`, "600");
      expect(await must(at(lab()).as(user, "cat", `${home}/${RUNTIME}/later`))).toBe("mine\n");
    });

    it("is lost by a chmod 700, which --check tells, and put back", async () => {
      await must(at(lab()).as(user, "chmod", "700", home));
      expect(await grant("--check")).toMatchObject({ code: 1 });
      await must(grant());
      expect(await readable(lab().router, user, NEWER)).toBe(true);
    });

    it("is given by the hub's own step before a start: new users need nobody", async () => {
      await must(grant("--revoke"));
      expect(await prepareHome(at(lab()), user, home)).toEqual({ kind: "ready", isClaimed: true, notes: [] });
      expect(await must(grant("--check"))).toBe(`${user}: granted\n`);
      expect(await readable(lab().router, user, NEWER)).toBe(true);
    });

    it("is taken back: the plain modes of before, and made again", async () => {
      await must(grant("--revoke"));
      expect(await must(lab().server.run("getfacl", "-cp", `/export/home/${user}`))).toBe(
        "user::rwx\ngroup::---\nother::---\n\n",
      );
      expect(await readable(lab().router, user, NEWER)).toBe(false);
      await must(grant());
      expect(await readable(lab().router, user, NEWER)).toBe(true);
    });
  });

  it("fails with the recipe one finds everywhere: the mask hides what is 0600, and shows what is 0644", async () => {
    const recipe = `cd ~alice/${RUNTIME} && setfacl -d -m g:${GID}:r . && umask 022 &&
      python3 -c "import os; os.close(os.open('jpserver-8.json', os.O_CREAT | os.O_WRONLY, 0o600))" && echo token > jpserver-8-open.html`;
    await must(lab().node1.as("alice", "sh", "-c", recipe));
    expect(await readable(lab().router, "alice", "jpserver-8.json")).toBe(false);
    expect(await readable(lab().router, "alice", "jpserver-8-open.html")).toBe(true);
  });

  it("needs the owner's own entry first on NFSv4, or the owner is locked out of new files", async () => {
    const alone = `mkdir -m 700 ~/trap && nfs4_setfacl -a A:fdig:${GID}:r ~/trap && umask 077 && touch ~/trap/new; cat ~/trap/new`;
    expect(await lab().node2.as("bob", "env", "HOME=/home/bob", "sh", "-c", alone)).toMatchObject({
      code: 1,
    });
  });

  it("is not given by root on a node, who is nobody on the server", async () => {
    expect(await lab().node1.run("setfacl", "-m", `g:${GID}:rwx`, "/home/alice")).not.toMatchObject({
      code: 0,
    });
    expect(await lab().node2.run("cat", `/home/bob/${RUNTIME}/${RECORD}`)).not.toMatchObject({ code: 0 });
  });

  it("is not gained by a client's word for an extra group; its word for the first one is believed", async () => {
    const path = `${SEEN_BY_ROUTER.v42}/alice/${RUNTIME}/${NEWER}`;
    const asCarol = ["setpriv", "--reuid", "carol"];
    const extra = [...asCarol, "--regid", "carol", "--groups", String(GID), "cat", path];
    const first = [...asCarol, "--regid", String(GID), "--clear-groups", "cat", path];
    expect(await lab().router.run(...extra)).toMatchObject({ code: 1, out: "" });
    expect(await lab().router.run(...first)).toMatchObject({ code: 0, out: "mine\n" });
  });

  it("is seen by nfs-setup/check, which tells a file that should not be readable", async () => {
    const check = ["--homes", SEEN_BY_ROUTER.v42];
    await must(lab().node2.as("bob", "rm", `/home/bob/${RUNTIME}/${RECORD}`)); // it is older than the grant
    expect(await must(lab().router.setup("check", ...check, "bob"))).toBe(
      "bob: 2 records and claims readable, nothing else\n",
    );
    const alice = await lab().router.setup("check", ...check, "alice");
    expect(alice).toMatchObject({ code: 1, err: expect.stringContaining("can read jpserver-8-open.html") });
  });

  it("takes back what was changed on the machines, and nothing of it is left", async () => {
    await must(lab().node2.setup("client", "node", "--undo"));
    expect(await lab().node2.run("findmnt", "--mountpoint", "/home")).toMatchObject({ code: 1 });
    expect(await must(lab().node2.run("cat", "/etc/fstab"))).toBe("");
    expect(await lab().node2.run("getent", "group", "multijhub")).toMatchObject({ code: 2 });
    await must(lab().server.setup("server", "--undo"));
    expect(await must(lab().server.run("exportfs", "-s"))).toBe("");
    expect(await lab().server.run("getent", "passwd", "multijhub")).toMatchObject({ code: 2 });
  });
});

/** What a hub does in a home before it starts a server there. */
async function prepareHome(node: Machine, user: string, home: string): Promise<unknown> {
  const place = { user, server: "", node: "node1", bootId: "23b9c0b2-2274-4e8c-8def-713702ebab07" };
  const claim = { version: 1, id: `${user}-claims-this-place`, ...place, createdAtMs: 1 };
  const order = { step: "prepare", user, home, group: "multijhub", claim, supersedes: null };
  const steps = `${REPOSITORY}/src/nodes/remote/multijhub_hub/home_steps.py`;
  return JSON.parse(
    await must(node.order({ words: ["/usr/bin/python3", steps], input: JSON.stringify(order) })),
  );
}

/** Whether the router's account can read it: the same over both versions, or an error. What it saw before may be a second old. */
async function readable(router: Machine, user: string, name: string): Promise<boolean> {
  const answers = await Promise.all(
    Object.values(SEEN_BY_ROUTER).map((seen) => settled(router, `${seen}/${user}/${RUNTIME}/${name}`)),
  );
  if (new Set(answers).size > 1) throw new Error(`v3 and v4.2 disagree: ${answers.join()}`);
  return answers[0] === true;
}

// Clients remember an access check for up to actimeo: ask until two answers, more than that apart, agree.
async function settled(router: Machine, path: string): Promise<boolean> {
  await router.run("sleep", "1.2");
  return (await router.as("multijhub", "cat", path)).code === 0;
}
