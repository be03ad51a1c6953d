import { describe, expect, it } from "@jest/globals";
import type { NodeId, NodeSpec } from "../../../src/model.ts";
import type { EditedFile } from "../../../src/ports.ts";
import type { HostsChange } from "../../../src/nodes/inventory/decide/hosts-change.ts";
import { createHosts } from "../../../src/nodes/inventory/hosts.ts";
import type { NodeMemory } from "../../../src/ports.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { createMemoryLog } from "../../support/memory-log.ts";
import { nodeSpec } from "../../support/node-views.ts";

interface FakeFile extends EditedFile {
  text: string | Error;
  hint(): void;
}

function createFakeFile(text: string | Error): FakeFile {
  let listener: (() => void) | undefined;
  const file: FakeFile = {
    path: "/etc/multijhub/hosts",
    text,
    read: () => (file.text instanceof Error ? Promise.reject(file.text) : Promise.resolve(file.text)),
    watch(onHint) {
      listener = onHint;
      return Promise.resolve(() => {
        listener = undefined;
        return Promise.resolve();
      });
    },
    hint: () => listener?.(),
  };
  return file;
}

function setUp(text: string | Error, memory?: NodeMemory) {
  const file = createFakeFile(text);
  const clock = createFakeClock();
  const log = createMemoryLog();
  const hosts = createHosts({ file, clock, log, ...(memory && { memory }) });
  const changes: HostsChange[] = [];
  function names(): readonly string[] {
    return hosts.all().map(({ id }) => id);
  }
  return { file, clock, log, hosts, changes, names };
}

async function started(text: string) {
  const rig = setUp(text);
  await rig.hosts.start();
  rig.hosts.onChange((change) => rig.changes.push(change));
  return rig;
}

describe("hosts", () => {
  it("are those of the file, in its order", async () => {
    const { hosts, names } = await started("node2\nnode1 weight=2\n");
    expect(names()).toEqual(["node2", "node1"]);
    expect(hosts.find("node1" as NodeId)?.weight).toBe(2);
    await hosts.stop();
  });

  it("do not start with a broken file, and every problem is told", async () => {
    const { hosts } = setUp("node1 port=x\n[gpu\n");
    await expect(hosts.start()).rejects.toMatchObject({
      code: "BAD_CONFIG",
      message: expect.stringMatching(/hosts:1: port=x[^]*hosts:2: this is not a section/),
    });
    await hosts.stop();
  });

  it("do not start without a file", async () => {
    const { hosts } = setUp(new Error("ENOENT: no such file"));
    await expect(hosts.start()).rejects.toMatchObject({
      code: "BAD_CONFIG",
      message: expect.stringContaining("ENOENT"),
      remedy: expect.stringContaining("/etc/multijhub/hosts"),
    });
  });

  it("follow an edit within a second of the hint", async () => {
    const { file, clock, hosts, changes, names } = await started("node1\nnode2\nnode3");
    file.text = "node1\nnode3 weight=2\nnode4";
    file.hint();
    await clock.advance(1000);
    expect(names()).toEqual(["node1", "node3", "node4", "node2"]);
    expect(changes).toEqual([
      {
        added: [expect.objectContaining({ id: "node4" })],
        changed: [
          expect.objectContaining({ id: "node3", weight: 2 }),
          expect.objectContaining({ id: "node2", isLeaving: true }),
        ],
        moved: [],
        removed: [],
      },
    ]);
    await hosts.stop();
  });

  it("stay reachable when they leave the file, until they are empty", async () => {
    const { file, clock, hosts, changes, names } = await started("node1\nnode2 address=10.0.0.2");
    file.text = "node1";
    file.hint();
    await clock.advance(1000);
    expect(hosts.find("node2" as NodeId)).toMatchObject({ address: "10.0.0.2", isLeaving: true });
    hosts.release("node1" as NodeId);
    hosts.release("node2" as NodeId);
    expect(names()).toEqual(["node1"]);
    expect(changes.at(-1)).toMatchObject({ removed: [{ id: "node2" }] });
    await hosts.stop();
  });

  it("come back from leaving as the file has them", async () => {
    const { file, clock, hosts } = await started("node1\nnode2");
    for (const text of ["node1", "node1\nnode2 weight=3"]) {
      file.text = text;
      file.hint();
      await clock.advance(1000);
    }
    expect(hosts.find("node2" as NodeId)).toMatchObject({ weight: 3 });
    expect(hosts.find("node2" as NodeId)).not.toHaveProperty("isLeaving");
    await hosts.stop();
  });

  it("are remembered over a restart, also when they left the file meanwhile", async () => {
    const saved: (readonly NodeSpec[])[] = [];
    const memory = {
      known: [] as readonly NodeSpec[],
      save: (specs: readonly NodeSpec[]) => {
        saved.push(specs);
        return Promise.resolve();
      },
    };
    const before = setUp("node1\nnode2 address=10.0.0.2", memory);
    await before.hosts.start();
    await before.hosts.stop();
    const after = setUp("node1", { ...memory, known: saved.at(-1) ?? [] });
    await after.hosts.start();
    expect(after.hosts.find("node2" as NodeId)).toMatchObject({ address: "10.0.0.2", isLeaving: true });
    await after.hosts.stop();
  });

  it.each<[string, string | Error]>([
    ["broken", "node1 port=x"],
    ["empty", ""],
    ["gone", new Error("ENOENT: no such file")],
  ])(
    "start as they were known last with a file that is %s, and take the next faultless one",
    async (_, text) => {
      const memory = { known: [nodeSpec("node1", { weight: 3 }), nodeSpec("node2", { isLeaving: true })] };
      const { file, clock, hosts, log, names } = setUp(text, { ...memory, save: () => Promise.resolve() });
      await hosts.start();
      expect(hosts.all()).toEqual(memory.known);
      expect(hosts.problems()).toHaveLength(1);
      expect(log.lines).toContainEqual(expect.objectContaining({ level: "error" }));
      file.text = "node3";
      file.hint();
      await clock.advance(1000);
      expect([names(), hosts.problems()]).toEqual([["node3", "node1", "node2"], []]);
      await hosts.stop();
    },
  );

  it("that were only given another name are not there twice", async () => {
    const { file, clock, hosts, names } = await started("node1 address=10.0.0.1");
    file.text = "node9 address=10.0.0.1";
    file.hint();
    await clock.advance(1000);
    expect(names()).toEqual(["node9"]);
    await hosts.stop();
  });

  it("notice an edit nobody hinted at", async () => {
    const { file, clock, hosts, names } = await started("node1");
    file.text = "node1\nnode2";
    await clock.advance(11_000);
    expect(names()).toEqual(["node1", "node2"]);
    await hosts.stop();
  });

  it("wait until a file that is being written stays as it is", async () => {
    const { file, clock, hosts, changes, names } = await started("node[1-3]");
    file.text = "node1\n";
    file.hint();
    await clock.advance(100);
    file.text = "node1\nnode2\n";
    await clock.advance(200);
    file.text = "node1\nnode2\nnode3\nnode4\n";
    await clock.advance(1000);
    expect(names()).toEqual(["node1", "node2", "node3", "node4"]);
    expect(changes).toHaveLength(1);
    await hosts.stop();
  });

  it.each([
    ["broken", "node1\nnode2 port=x\n", 2],
    ["empty", "", 1],
    ["gone", new Error("ENOENT"), 0],
  ])(
    "stay as they were while the file is %s, with its problems shown, and follow it once mended",
    async (_what, text, line) => {
      const { file, clock, hosts, changes, names, log } = await started("node1");
      file.text = text;
      file.hint();
      await clock.advance(30_000);
      expect(names()).toEqual(["node1"]);
      expect(hosts.problems()).toEqual([expect.objectContaining({ line })]);
      expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(1);

      file.text = "node1";
      file.hint();
      await clock.advance(1000);
      expect(hosts.problems()).toEqual([]);
      expect(changes).toEqual([]);

      file.text = "node1\nnode2";
      file.hint();
      await clock.advance(1000);
      expect(names()).toEqual(["node1", "node2"]);
      await hosts.stop();
    },
  );

  it("are left alone by an edit of comments and order", async () => {
    const { file, clock, hosts, changes, names } = await started("node1\nnode2");
    file.text = "# turned round\nnode2\nnode1";
    file.hint();
    await clock.advance(1000);
    expect(changes).toEqual([]);
    expect(names()).toEqual(["node2", "node1"]);
    await hosts.stop();
    await hosts.stop();
  });
});
