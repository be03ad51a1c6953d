import { count, percent, size } from "../../../amounts.ts";
import type { LoadSample, NodeSpec } from "../../../model.ts";
import type { ExpectedServer, ProjectedUse } from "./projected-use.ts";

/** How a node that can take the server stands, one line each for memory, load and servers. */
export function describeUse(
  spec: NodeSpec,
  sample: LoadSample,
  use: ProjectedUse,
  expected: ExpectedServer,
): readonly string[] {
  const { weight } = spec;
  const starting = use.starting === 0 ? "" : `, ${use.starting} starting`;
  return [
    ...(spec.places === "jobs" ? [describeJobs(spec, use)] : describeLoad(sample, use, expected)),
    `${count(use.servers - use.starting, "server")} running${starting}`,
    ...(weight === 1 ? [] : [`weight ${weight}: its use counts as ${percent(1 / weight)} of what it is`]),
  ];
}

function describeJobs({ maxServers }: NodeSpec, { memory, servers }: ProjectedUse): string {
  if (maxServers === undefined) return `servers are jobs on other machines: ${servers + 1} with this one`;
  return `jobs ${percent(memory)} used with this server: ${servers + 1} of at most ${maxServers}`;
}

function describeLoad(sample: LoadSample, use: ProjectedUse, expected: ExpectedServer): readonly string[] {
  const held =
    use.starting === 0 ? "" : `, ${size(use.heldBytes)} held for ${count(use.starting, "start")} under way`;
  const grows = use.growing === 0 ? "" : `, ${size(use.growthBytes)} expected as ${growers(use.growing)}`;
  const free = `${size(sample.memoryAvailableBytes)} of ${size(sample.memoryTotalBytes)} free`;
  return [
    `memory ${percent(use.memory)} used with this server: ${free}${held}${grows}, ${wanted(expected)}`,
    `load ${percent(use.load)} of ${count(sample.cores, "core")} with this server`,
  ];
}

function wanted({ memoryBytes, learntBytes = 0 }: ExpectedServer): string {
  if (learntBytes <= memoryBytes) return `${size(memoryBytes)} for it`;
  return `${size(learntBytes)} for it, as its owner's servers took lately`;
}

function growers(number: number): string {
  return `${count(number, "new server")} ${number === 1 ? "grows" : "grow"}`;
}
