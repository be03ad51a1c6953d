import { z } from "zod";
import type { NodeId } from "../../model.ts";
import { parseNodeId } from "../../model.ts";
import type { PlacementRecord } from "./way-in.ts";

const Node = z.string().transform((text, context): NodeId => {
  const node = parseNodeId(text);
  if (node !== undefined) return node;
  context.addIssue({ code: "custom", message: "not the name of a node" });
  return z.NEVER;
});

const AssignmentText = z.object({ node: Node, by: z.string() });

const PlacementText = z.object({
  atMs: z.number(),
  node: Node.exactOptional(),
  verdicts: z.array(
    z.object({
      node: Node,
      accepted: z.boolean(),
      score: z.number().exactOptional(),
      reasons: z.array(z.string()),
    }),
  ),
});

/** The router's own decision user -> node, and which router decided it. */
export type Assignment = Readonly<z.infer<typeof AssignmentText>>;

/** An assignment as the store keeps it; undefined for anything else. */
export function parseAssignment(text: string): Assignment | undefined {
  return AssignmentText.safeParse(fromJson(text)).data;
}

/** A placement as the store keeps it; undefined for anything else. */
export function parsePlacementRecord(text: string): PlacementRecord | undefined {
  return PlacementText.safeParse(fromJson(text)).data;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
