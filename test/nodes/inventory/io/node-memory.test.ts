import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeSpec } from "../../../../src/model.ts";
import { parseHostsFile } from "../../../../src/nodes/inventory/decide/hosts-file.ts";
import { openNodeMemory } from "../../../../src/nodes/inventory/io/node-memory.ts";

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "node-memory-"));
  path = join(directory, "nodes.json");
});

afterEach(() => rm(directory, { recursive: true }));

const LINE =
  "node1 address=10.0.0.1 port=2222 user=ops become=sudo weight=2 labels=gpu max_servers=8 jupyterhub=/x " +
  'maintenance="Sun 02:00-06:00, lead 8h"';

describe("the memory of nodes", () => {
  it("is empty at first", async () => {
    expect((await openNodeMemory(path)).known).toEqual([]);
  });

  it("gives back every node as it was, closed to others", async () => {
    const [spec] = parseHostsFile(LINE).nodes;
    const specs = [{ ...spec, isLeaving: true }, parseHostsFile("node2").nodes[0]] as NodeSpec[];
    await (await openNodeMemory(path)).save(specs);
    expect((await openNodeMemory(path)).known).toEqual(specs);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(["nodes.json"]);
  });

  it.each(["", "{", "[{}]", '[{"id":"../x","address":"a"}]'])("that is damaged is none: %j", async (text) => {
    await writeFile(path, text);
    expect((await openNodeMemory(path)).known).toEqual([]);
  });
});
