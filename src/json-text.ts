import { z } from "zod";
import { type NodeId, parseNodeId } from "./model.ts";

/** What a text holds, if it is JSON that fits `schema`; undefined for any other text, and for none. */
export function parseJsonText<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined {
  return schema.safeParse(fromJson(text)).data;
}

/** The name of a node, inside a schema. */
export const NodeName = z.string().transform((text, context): NodeId => {
  const node = parseNodeId(text);
  if (node !== undefined) return node;
  context.addIssue({
    code: "custom",
    message: "the name of a node: lower-case letters, digits, dots, dashes",
  });
  return z.NEVER;
});

function fromJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
