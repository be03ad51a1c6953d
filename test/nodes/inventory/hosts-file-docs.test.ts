import { readFileSync } from "node:fs";
import { expect, it } from "@jest/globals";
import { parseHostsFile } from "../../../src/nodes/inventory/decide/hosts-file.ts";

const text = readFileSync("docs/hosts-file.md", "utf8");
const examples = [...text.matchAll(/```ini\n([^]*?)```/g)].map(([, example = ""]) => example);

it("the examples of the documentation are read as it says", () => {
  expect(examples.map((example) => parseHostsFile(example).problems)).toEqual([[], [], []]);
  const [first, second, third] = examples.map((example) => parseHostsFile(example).nodes);
  expect(first).toHaveLength(18);
  expect(first?.find(({ id }) => id === "gpu1")).toMatchObject({
    labels: ["gpu"],
    maxServers: 8,
    sshUser: "root",
  });
  expect(second?.find(({ id }) => id === "gpu3")).toMatchObject({ labels: ["gpu", "h100"], maxServers: 8 });
  expect(third?.map(({ maintenance }) => maintenance?.windows.length)).toEqual([1, 2, 2]);
});

it("the documentation lists every key there is", () => {
  const [problem] = parseHostsFile("n unknown-key=1").problems;
  const keys = /Known keys: (.*);/.exec(problem?.remedy ?? "")?.[1]?.split(", ") ?? [];
  expect(keys.length).toBeGreaterThan(8);
  for (const key of keys) expect(text).toContain(`| \`${key}\``);
});
