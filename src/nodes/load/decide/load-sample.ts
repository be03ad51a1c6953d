import { z } from "zod";
import type { Gpu, LoadSample, NodeOrder, ServerKey, ServerSize } from "../../../model.ts";
import { parseServerName, parseUserName } from "../../../user-name.ts";
import { Order } from "../../orders/decide/node-order.ts";

const Bytes = z.number().nonnegative();

const Device = z.object({
  kind: z.enum(["nvidia", "amd"]),
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  index: z.int().nonnegative(),
  name: z.string().max(200),
  memoryTotalBytes: Bytes,
  memoryUsedBytes: Bytes,
  use: z.number().min(0).max(1).nullish(),
});
const Server = z.object({ user: z.unknown(), server: z.unknown(), uid: z.int().positive() });
const Holder = Server.extend({ ids: z.array(z.string()) });
const Size = Server.extend({ rssBytes: Bytes });

/** What older agents leave out may be absent. Devices that cannot be read, whatever made them so, spoil no sample. */
const Sample = z.object({
  clockMs: z.number(),
  cores: z.number().positive(),
  load1: z.number().nonnegative(),
  memoryTotalBytes: z.number().positive(),
  memoryAvailableBytes: Bytes,
  memoryPressure: z.number().min(0).max(1).nullish(),
  servers: z.int().nonnegative(),
  users: z.int().nonnegative(),
  serversAgeMs: z.number().nonnegative().max(60_000).nullish(),
  order: Order.nullish(),
  serverBytes: Bytes.nullish(),
  largestServerBytes: Bytes.nullish(),
  stateDisk: z.object({ freeBytes: Bytes, totalBytes: Bytes }).nullish(),
  gpus: z.array(Device).max(64).nullish().catch(null),
  gpuHolders: z.array(Holder).nullish().catch(null),
  sizes: z.array(Size).nullish().catch(null),
});
type Sample = z.infer<typeof Sample>;

export type SampleReading =
  | { readonly ok: true; readonly sample: LoadSample; readonly order: NodeOrder | undefined }
  | { readonly ok: false; readonly detail: string };

/** Reads a sample of the agent, which tells the node's order too, that came in at `receivedAtMs` of the router's clock. */
export function parseLoadSample(item: unknown, receivedAtMs: number): SampleReading {
  const parsed = Sample.safeParse(item);
  if (!parsed.success) return { ok: false, detail: z.prettifyError(parsed.error) };
  const { clockMs, cores, load1, memoryTotalBytes, memoryAvailableBytes, servers, users } = parsed.data;
  return {
    ok: true,
    order: parsed.data.order ?? undefined,
    sample: {
      takenAtMs: receivedAtMs,
      clockOffsetMs: clockMs - receivedAtMs,
      cores,
      load1,
      memoryTotalBytes,
      memoryAvailableBytes: Math.min(memoryAvailableBytes, memoryTotalBytes),
      servers,
      users,
      serversCountedAtMs: receivedAtMs - (parsed.data.serversAgeMs ?? 0),
      ...optional(parsed.data),
    },
  };
}

/** A sample without what is claimed in the names of others. */
export function withoutImpostors(
  sample: LoadSample,
  isImpostor: (server: Pick<ServerSize, "key" | "uid">) => boolean,
): LoadSample {
  const { gpus, sizes } = sample;
  return {
    ...sample,
    ...(sizes && { sizes: sizes.filter((size) => !isImpostor(size)) }),
    ...(gpus && {
      gpus: gpus.map((gpu) => ({
        ...gpu,
        holders: gpu.holders.filter(({ uid, ...key }) => !isImpostor({ key, uid })),
      })),
    }),
  };
}

function optional(said: Sample): Partial<LoadSample> {
  const { memoryPressure, serverBytes, largestServerBytes, stateDisk, gpus, sizes } = said;
  return {
    ...(typeof memoryPressure === "number" && { memoryPressure }),
    ...(typeof serverBytes === "number" && { serverBytes }),
    ...(typeof largestServerBytes === "number" && { largestServerBytes }),
    ...(stateDisk && { stateDisk }),
    ...(gpus && { gpus: devicesOf(gpus, said.gpuHolders ?? []) }),
    ...(sizes && { sizes: sizes.flatMap(sizeOf) }),
  };
}

function devicesOf(
  gpus: NonNullable<Sample["gpus"]>,
  holders: NonNullable<Sample["gpuHolders"]>,
): readonly Gpu[] {
  return gpus.map(({ use, ...gpu }) => ({
    ...gpu,
    ...(typeof use === "number" && { use }),
    holders: holders.filter(({ ids }) => ids.includes(gpu.id)).flatMap(holderOf),
  }));
}

function holderOf({ uid, ...server }: z.infer<typeof Holder>): Gpu["holders"] {
  const key = keyOf(server);
  return key === undefined ? [] : [{ ...key, uid }];
}

function sizeOf({ uid, rssBytes, ...server }: z.infer<typeof Size>): readonly ServerSize[] {
  const key = keyOf(server);
  return key === undefined ? [] : [{ key, uid, rssBytes }];
}

function keyOf(said: Pick<z.infer<typeof Server>, "user" | "server">): ServerKey | undefined {
  const user = parseUserName(said.user);
  const server = parseServerName(said.server);
  return user === undefined || server === undefined ? undefined : { user, server };
}
