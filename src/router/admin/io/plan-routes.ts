import express, { Router } from "express";
import { z } from "zod";
import type { Rebalancing } from "../../../plan.ts";
import { planPage, plansPage } from "../decide/plan-page.ts";
import { plansAnswer, recordAnswer, rehearsalAnswer } from "../decide/plan-views.ts";
import { sendJsonError, sendPage } from "../../web/io/answers.ts";
import { sessionOf, type SessionMiddleware } from "../../sign-in/io/session-middleware.ts";
import type { FormTokenIssuer } from "../../sign-in/io/visitor.ts";

/** One line of a name, as it stands in logs. */
const By = z.string().regex(/^[^\p{Cc}]{1,255}$/u);
const Run = z.strictObject({ by: By, dryRun: z.boolean().default(false), act: z.boolean().default(false) });
const Approval = z.strictObject({ by: By });

/** The plans, for whoever may read the API. */
export function createPlanViews(rebalancing: Rebalancing): Router {
  const router = Router();
  router.get("/api/v1/plans", async (_request, response) => {
    response.json(plansAnswer(rebalancing.mode, await rebalancing.plans()));
  });
  router.get("/api/v1/plans/:id", async (request, response) => {
    response.json(recordAnswer(await rebalancing.find(request.params["id"])));
  });
  return router;
}

/** What changes something, for whoever may open the admin socket; they say who they are. */
export function createPlanRoutes(rebalancing: Rebalancing): Router {
  const router = Router();
  const json = express.json({ limit: "16kb" });
  router.post("/api/v1/rebalance", json, async (request, response) => {
    const { data, error } = Run.safeParse(request.body);
    if (data === undefined) sendJsonError(response, 400, "BAD_ORDER", z.prettifyError(error));
    else if (data.dryRun) response.json(rehearsalAnswer(await rebalancing.rehearse(data.by)));
    else {
      const isAct = data.act || rebalancing.mode === "act";
      response.json(recordAnswer(await rebalancing.run(data.by, isAct)));
    }
  });
  router.post("/api/v1/plans/:id/approve", json, async (request, response) => {
    const { data, error } = Approval.safeParse(request.body);
    if (data === undefined) sendJsonError(response, 400, "BAD_ORDER", z.prettifyError(error));
    else response.json(recordAnswer(await rebalancing.approve(request.params["id"], data.by)));
  });
  return router;
}

export interface PlanPagesDeps {
  readonly rebalancing: Rebalancing;
  readonly formTokens: FormTokenIssuer;
}

/** `/admin/plans` and its forms, for admins by their session. */
export function createPlanPages(
  { rebalancing, formTokens }: PlanPagesDeps,
  { requireForm }: SessionMiddleware,
): Router {
  const router = Router();
  router.get("/admin/plans", async (_request, response) => {
    const answer = plansAnswer(rebalancing.mode, await rebalancing.plans());
    sendPage(response, { status: 200, body: plansPage(answer, formTokens.issue(sessionOf(response))) });
  });
  router.get("/admin/plans/:id", async (request, response) => {
    const answer = recordAnswer(await rebalancing.find(request.params["id"]));
    sendPage(response, { status: 200, body: planPage(answer, formTokens.issue(sessionOf(response))) });
  });
  router.post("/admin/plans", ...requireForm, async (_request, response) => {
    const { plan } = await rebalancing.run(sessionOf(response).user, rebalancing.mode === "act");
    response.redirect(303, `/admin/plans/${plan.id}`);
  });
  router.post("/admin/plans/:id/approve", ...requireForm, async (request, response) => {
    const { plan } = await rebalancing.approve(String(request.params["id"]), sessionOf(response).user);
    response.redirect(303, `/admin/plans/${plan.id}`);
  });
  return router;
}
