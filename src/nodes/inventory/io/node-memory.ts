import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import { NodeName, parseJsonText } from "../../../json-text.ts";
import type { NodeSpec } from "../../../model.ts";
import type { NodeMemory } from "../../../ports.ts";

const Window = z.object({ day: z.string(), from: z.string(), days: z.int(), to: z.string() });

const Spec = z.object({
  id: NodeName,
  address: z.string().min(1),
  sshPort: z.int().min(1).max(65_535),
  sshUser: z.string().exactOptional(),
  become: z.enum(["none", "sudo"]),
  transport: z.enum(["ssh", "direct"]),
  weight: z.number().positive(),
  labels: z.array(z.string()),
  maxServers: z.int().nonnegative().exactOptional(),
  places: z.literal("jobs").exactOptional(),
  jupyterhub: z.string().exactOptional(),
  proxyCommand: z.string().exactOptional(),
  maintenance: z.object({ windows: z.array(Window), leadMs: z.int() }).exactOptional(),
  isLeaving: z.literal(true).exactOptional(),
});

/** The nodes in a file of the state directory. One that is missing or damaged is as good as none: it only helps. */
export async function openNodeMemory(path: string): Promise<NodeMemory> {
  const text = await readFile(path, "utf8").catch(() => "[]");
  const known: readonly NodeSpec[] = parseJsonText(z.array(Spec), text) ?? [];
  return {
    known,
    async save(specs) {
      await writeFile(`${path}.new`, `${JSON.stringify(specs, undefined, 1)}\n`, {
        mode: 0o600,
        flush: true,
      });
      await rename(`${path}.new`, path);
    },
  };
}
