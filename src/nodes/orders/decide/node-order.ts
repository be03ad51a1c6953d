import { z } from "zod";
import type { NodeOrder } from "../../../model.ts";

/** Text of one line without anything that a terminal or a page could take for more. */
export const Line = z.string().regex(/^(?:[^\p{C}\p{Z}]| ){1,255}$/u);

const Time = z.int().nonnegative();
const asked = { by: Line, atMs: Time, reason: Line.optional() };

/** An order as a node keeps it. */
export const Order = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("cordon"), ...asked, untilMs: Time.optional() }),
  z.object({ kind: z.literal("drain"), ...asked, deadlineMs: Time.optional() }),
]) satisfies z.ZodType<NodeOrder>;

const Answer = z.object({ order: Order.nullable() });

export type OrderReading =
  | { readonly ok: true; readonly order: NodeOrder | undefined }
  | { readonly ok: false; readonly detail: string };

/** Reads what the agent answers to `order` and `set-order`. */
export function parseOrderAnswer(result: unknown): OrderReading {
  const parsed = Answer.safeParse(result);
  return parsed.success
    ? { ok: true, order: parsed.data.order ?? undefined }
    : { ok: false, detail: z.prettifyError(parsed.error) };
}
