import { z } from "zod";
import { NodeName, parseJsonText } from "../../../json-text.ts";
import type { PlacementRecord } from "./way-in.ts";

/** Of the router's clock; what is no date cannot be shown. */
const Time = z.number().min(0).max(8.64e15);

const AssignmentText = z.object({ node: NodeName, by: z.string() });

const PlacementText = z.object({
  atMs: Time,
  node: NodeName.exactOptional(),
  verdicts: z.array(
    z.object({
      node: NodeName,
      accepted: z.boolean(),
      score: z.number().exactOptional(),
      reasons: z.array(z.string()),
    }),
  ),
});

const KeptText = z.object({ process: z.string(), untilMs: Time });

/** The router's own decision user -> node, and which router decided it. */
export type Assignment = Readonly<z.infer<typeof AssignmentText>>;

/** An assignment as the store keeps it; undefined for anything else. */
export function parseAssignment(text: string | undefined): Assignment | undefined {
  return parseJsonText(AssignmentText, text);
}

/** A placement as the store keeps it; undefined for anything else. */
export function parsePlacementRecord(text: string | undefined): PlacementRecord | undefined {
  return parseJsonText(PlacementText, text);
}

/** Which server its owner keeps, and until when, as the store has it; undefined for anything else. */
export function parseKept(text: string | undefined): Readonly<z.infer<typeof KeptText>> | undefined {
  return parseJsonText(KeptText, text);
}
