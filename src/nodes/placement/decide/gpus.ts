import { count } from "../../../amounts.ts";
import { keyText, type Gpu, type GpuGrant, type NodeView, type ServerKey } from "../../../model.ts";

/** "assigned": every server gets devices of its own, or sees none. "shared": all servers see all of them. */
export type GpuMode = "assigned" | "shared";

/** Which server wants how many. */
export interface GpuRequest {
  readonly key: ServerKey;
  readonly gpus?: number;
}

function gpusOf({ load }: NodeView): readonly Gpu[] {
  return load?.gpus ?? [];
}

/** The devices that no other server has, or is about to get; those with most free memory first. */
export function freeGpus(view: NodeView, key: ServerKey): readonly Gpu[] {
  const own = keyText(key);
  const others = view.reservations.filter((each) => keyText(each.key) !== own);
  const held = new Set(others.flatMap(({ gpus = [] }) => gpus));
  return gpusOf(view)
    .filter(({ id, holders }) => !held.has(id) && holders.every((holder) => keyText(holder) === own))
    .toSorted((a, b) => a.memoryUsedBytes - b.memoryUsedBytes || a.index - b.index);
}

/** What a server is given on a node that gives its devices out; undefined where too few are free. */
export function grantGpus(view: NodeView, { key, gpus: wanted = 0 }: GpuRequest): GpuGrant | undefined {
  const free = freeGpus(view, key).slice(0, wanted);
  const kind = gpusOf(view)[0]?.kind;
  return kind === undefined || free.length < wanted ? undefined : { kind, ids: free.map(({ id }) => id) };
}

/** Why a node has too few devices; nothing where it has enough. */
export function gpuShortage(
  view: NodeView,
  { key, gpus: wanted = 0 }: GpuRequest,
  mode: GpuMode = "shared",
): readonly string[] {
  if (wanted === 0) return [];
  const total = gpusOf(view).length;
  if (total === 0) return ["has no GPU"];
  if (total < wanted) return [`has ${count(total, "GPU")}, it takes ${wanted}`];
  const free = mode === "shared" ? total : freeGpus(view, key).length;
  return free >= wanted ? [] : [`its GPUs are taken: ${free} of ${total} free, it takes ${wanted}`];
}

/** Use of the devices once the server has those it wants; 0 if it wants none. */
export function gpuUse(
  view: NodeView,
  { key, gpus: wanted = 0 }: GpuRequest,
  mode: GpuMode = "shared",
): number {
  const gpus = gpusOf(view);
  if (wanted === 0 || gpus.length === 0) return 0;
  if (mode === "assigned") return (gpus.length - freeGpus(view, key).length + wanted) / gpus.length;
  return gpus.reduce((sum, gpu) => sum + busyShare(gpu), 0) / gpus.length;
}

function busyShare({ memoryUsedBytes, memoryTotalBytes, use = 0 }: Gpu): number {
  return Math.max(use, memoryTotalBytes === 0 ? 0 : memoryUsedBytes / memoryTotalBytes);
}

/** How the devices stand, for a server that wants some. */
export function describeGpus(
  view: NodeView,
  { key, gpus: wanted = 0 }: GpuRequest,
  mode: GpuMode = "shared",
): readonly string[] {
  const gpus = gpusOf(view);
  if (wanted === 0) return [];
  if (mode === "shared") return [`${count(gpus.length, "GPU")}, shared by all servers there`];
  return [`${freeGpus(view, key).length} of ${count(gpus.length, "GPU")} free, ${wanted} for it alone`];
}
