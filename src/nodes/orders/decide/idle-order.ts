import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { parseJsonText } from "../../../json-text.ts";
import type { NodeId, ServerKey } from "../../../model.ts";
import type { ProcessIdentity } from "../../../sighting.ts";
import { plain } from "../../hubs/decide/hub-answers.ts";

/** The order "stop if idle" between the router and the extension inside a server (multijhub_record/orders.py). */
export interface IdleOrder {
  readonly key: ServerKey;
  readonly node: NodeId;
  readonly process: ProcessIdentity;
  /** By the server's own clock, which nobody sets. */
  readonly idleForMs: number;
  readonly ignoresTabs: boolean;
}

/** What the server gave out for one order, and the key that this start of it shares with the router. */
export interface Challenge {
  readonly challenge: string;
  readonly orderKey: string;
}

export type OrderAnswer = { readonly kind: "stopping" } | { readonly kind: "kept"; readonly why: string };

const Envelope = z.object({ signed: z.string().max(8192), mac: z.string() });
const Opening = Envelope.extend({ start: z.string().regex(/^[0-9a-f]{32}$/) });
const Given = z.object({ challenge: z.string().max(200) });
const Decision = z.discriminatedUnion("answer", [
  Given.extend({ answer: z.literal("stopping") }),
  Given.extend({ answer: z.literal("kept"), why: z.string() }),
]);

/**
 * What a server gave out, if it is sealed with a key that follows from one of these tokens of its node: the one in
 * force when it was started, which only its hub, its owner and the router can compute.
 */
export function readChallenge(
  text: string,
  { key, node }: Pick<IdleOrder, "key" | "node">,
  tokens: readonly string[],
): Challenge | undefined {
  const opening = parseJsonText(Opening, text);
  if (opening === undefined) return undefined;
  const keys = tokens.map((token) => orderKeyOf(token, node, key, opening.start));
  const orderKey = keys.find((candidate) => isSealed(opening, "challenge", candidate));
  const given = orderKey === undefined ? undefined : parseJsonText(Given, opening.signed);
  return orderKey === undefined || given === undefined ? undefined : { ...given, orderKey };
}

/** The order as it is sent. */
export function sealOrder(order: IdleOrder, { challenge, orderKey }: Challenge): string {
  const { key, node, process, idleForMs, ignoresTabs } = order;
  const signed = JSON.stringify({ ...key, ...process, node, idleForMs, ignoresTabs, challenge });
  return JSON.stringify({ signed, mac: macOf(orderKey, "order", signed) });
}

/** The server's answer to the order that carried this challenge. */
export function readAnswer(text: string, { challenge, orderKey }: Challenge): OrderAnswer | undefined {
  const envelope = parseJsonText(Envelope, text);
  if (envelope === undefined || !isSealed(envelope, "answer", orderKey)) return undefined;
  const decision = parseJsonText(Decision, envelope.signed);
  if (decision?.challenge !== challenge) return undefined;
  return decision.answer === "stopping" ? { kind: "stopping" } : { kind: "kept", why: plain(decision.why) };
}

function orderKeyOf(token: string, node: NodeId, { user, server }: ServerKey, start: string): string {
  const words = ["multijhub/order-key/v1", node, user, server, start].join("\0");
  return createHmac("sha256", token).update(words).digest("hex");
}

function macOf(orderKey: string, purpose: string, signed: string): string {
  return createHmac("sha256", orderKey).update(`${purpose}\0${signed}`).digest("hex");
}

function isSealed({ signed, mac }: z.infer<typeof Envelope>, purpose: string, orderKey: string): boolean {
  const [expected, given] = [Buffer.from(macOf(orderKey, purpose, signed)), Buffer.from(mac)];
  return expected.length === given.length && timingSafeEqual(expected, given);
}
