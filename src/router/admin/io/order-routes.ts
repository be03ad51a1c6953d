import express, { Router } from "express";
import { z } from "zod";
import { parseNodeId } from "../../../model.ts";
import type { Clock, NodeOrders } from "../../../ports.ts";
import { orderedAnswer, type NodesAnswer } from "../decide/api-views.ts";
import { html } from "../../web/decide/html.ts";
import { orderPage } from "../decide/order-page.ts";
import { sendJsonError, sendPage, sendWords } from "../../web/io/answers.ts";
import { sessionOf, type SessionMiddleware } from "../../sign-in/io/session-middleware.ts";
import type { Occupants } from "../decide/occupants.ts";
import { whenGone, type FormTokenIssuer } from "../../sign-in/io/visitor.ts";

const Kind = z.enum(["cordon", "drain", "lift"]);

const Wish = z.strictObject({
  kind: Kind,
  by: z.string(),
  end: z.string().optional(),
  reason: z.string().optional(),
  dryRun: z.boolean().default(false),
});

/** A form's fields are never absent. */
const Field = z
  .string()
  .trim()
  .transform((text) => (text === "" ? undefined : text))
  .optional();
const Form = z.object({ kind: Kind, end: Field, reason: Field });

export interface OrderRouteDeps {
  readonly orders: NodeOrders;
  readonly occupants: Occupants;
}

/** `POST /api/v1/nodes/NODE/order`, for whoever may open the admin socket; they say who they are. */
export function createOrderRoute({ orders, occupants }: OrderRouteDeps): Router {
  const router = Router();
  router.post("/api/v1/nodes/:node/order", express.json({ limit: "16kb" }), async (request, response) => {
    const node = parseNodeId(request.params["node"]);
    const wish = Wish.safeParse(request.body);
    if (node === undefined) sendJsonError(response, 400, "BAD_NAME", "no node can have this name");
    else if (!wish.success) sendJsonError(response, 400, "BAD_ORDER", z.prettifyError(wish.error));
    else {
      const { dryRun, ...order } = wish.data;
      const { signal } = new AbortController();
      const outcome = await orders.give(node, order, dryRun, signal);
      response.json(orderedAnswer(node, dryRun, outcome, await occupants(node, signal)));
    }
  });
  return router;
}

/** `GET /api/v1/nodes/NODE`: it, and who is on it. */
export function createNodeView({ nodes, occupants }: Pick<OrderPagesDeps, "nodes" | "occupants">): Router {
  const router = Router();
  router.get("/api/v1/nodes/:node", async (request, response) => {
    const id = parseNodeId(request.params["node"]);
    const found = nodes().nodes.find(({ node }) => node === id);
    if (id === undefined || found === undefined)
      sendJsonError(response, 404, "NODE_UNKNOWN", "there is no such node");
    else response.json({ ...found, occupants: await occupants(id, whenGone(response)) });
  });
  return router;
}

export interface OrderPagesDeps extends OrderRouteDeps {
  readonly nodes: () => NodesAnswer;
  readonly formTokens: FormTokenIssuer;
  readonly clock: Pick<Clock, "now" | "timeZone">;
}

/** `/admin/nodes/NODE` and its forms, for admins by their session. */
export function createOrderPages(deps: OrderPagesDeps, { requireForm }: SessionMiddleware): Router {
  const { orders, occupants, nodes, formTokens, clock } = deps;
  const router = Router();
  router.get("/admin/nodes/:node", async (request, response, next) => {
    const id = parseNodeId(request.params["node"]);
    const found = nodes().nodes.find(({ node }) => node === id);
    if (found === undefined || id === undefined) next();
    else {
      const detail = { ...found, occupants: await occupants(id, whenGone(response)) };
      const time = { nowMs: clock.now(), timeZone: clock.timeZone };
      const body = orderPage(detail, formTokens.issue(sessionOf(response)), time);
      sendPage(response, { status: 200, body });
    }
  });
  router.post("/admin/nodes/:node/order", ...requireForm, async (request, response) => {
    const node = parseNodeId(String(request.params["node"]));
    const form = Form.safeParse(request.body);
    if (node === undefined || !form.success) {
      sendWords(response, 400, "This cannot be asked of a node", html`<p>Please go back to the page.</p>`);
      return;
    }
    const wish = { ...form.data, by: sessionOf(response).user };
    await orders.give(node, wish, false, new AbortController().signal);
    response.redirect(303, `/admin/nodes/${node}`);
  });
  return router;
}
