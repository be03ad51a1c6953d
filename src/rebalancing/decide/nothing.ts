import { count, percent } from "../../amounts.ts";
import type { NodeId } from "../../model.ts";
import type { NodeUse } from "../../plan.ts";
import type { Staying } from "./stop-list.ts";

const OBSTACLES: Readonly<Record<Staying["obstacle"], string>> = {
  busy: "busy",
  silent: "not known to be idle",
  kept: "kept by its owner",
  resting: "newly started or moved",
  "no help": "of no help if stopped",
  capped: "left for a later run",
  "no room": "without another node to go to",
};

/** Why nothing is to be done, in words that begin with a name for it. */
export function whyNothing(
  nodes: readonly NodeUse[],
  staying: readonly Staying[],
  draining: readonly NodeId[],
): string {
  const stuck = nodes.filter(({ node, standing }) => {
    const isOccupied = staying.some((each) => each.node === node);
    return standing === "hot" || (isOccupied && draining.includes(node));
  });
  if (stuck.length > 0)
    return `no candidates: ${stuck.map(({ node }) => stuckWords(node, staying)).join("; ")}`;
  const counted = nodes.filter(({ standing }) => standing !== "not counted");
  if (counted.length === 0) return "balanced: there are no open nodes to compare";
  const uses = counted.map(({ before = 0 }) => before);
  return `balanced: ${count(counted.length, "node")} at ${percent(Math.min(...uses))} to ${percent(Math.max(...uses))}`;
}

function stuckWords(node: NodeId, staying: readonly Staying[]): string {
  const here = staying.filter((each) => each.node === node);
  const obstacles = [...new Set(here.map(({ obstacle }) => obstacle))].sort();
  const [only, ...others] = obstacles;
  if (only === undefined) return `${node} is hot, but no server runs there`;
  if (others.length === 0) return `every server on ${node} is ${OBSTACLES[only]}`;
  const parts = obstacles.map((each) => {
    const number = here.filter(({ obstacle }) => obstacle === each).length;
    return `${number} ${number === 1 ? "is" : "are"} ${OBSTACLES[each]}`;
  });
  return `of ${here.length} servers on ${node} ${parts.join(", ")}`;
}
