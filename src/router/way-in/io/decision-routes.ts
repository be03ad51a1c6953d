import { Router, type Request } from "express";
import { parseNodeId } from "../../../model.ts";
import type { Decision } from "../decide/obstacle.ts";
import { html } from "../../web/decide/html.ts";
import { journeyUrl } from "../decide/start-event.ts";
import { safeNext } from "../../web/decide/urls.ts";
import type { WayIn } from "../decide/way-in.ts";
import { sendWords } from "../../web/io/answers.ts";
import { sessionOf, type SessionMiddleware } from "../../sign-in/io/session-middleware.ts";
import { field, ownKey } from "../../sign-in/io/visitor.ts";

export interface DecisionRoutesDeps {
  readonly wayIn: Pick<WayIn, "decide" | "prefer">;
  readonly doors: SessionMiddleware;
}

/** What only the user decides on the way to a server, each a form of the waiting page. */
export function createDecisionRoutes({ wayIn, doors }: DecisionRoutesDeps): Router {
  const router = Router();

  for (const [path, parse] of Object.entries(DECISIONS)) {
    router.post(path, doors.requireSession, ...doors.requireForm, async (request, response) => {
      const key = ownKey(field(request.body, "server"), response, sessionOf(response));
      if (key === undefined) return;
      const decision = parse(request);
      if (decision === undefined) {
        sendWords(response, 400, "There is nothing of that name", html`<p>Please check the address.</p>`);
        return;
      }
      const isTaken = wayIn.decide(key, decision);
      if (!isTaken && decision.kind === "wish") await wayIn.prefer(key, decision.name);
      response.redirect(303, journeyUrl("/", key, safeNext(field(request.body, "next"))));
    });
  }
  return router;
}

const DECISIONS: Readonly<Record<string, (request: Request) => Decision | undefined>> = {
  "/start-elsewhere": () => ({ kind: "elsewhere" }),
  "/stop-lost": () => ({ kind: "stop-lost" }),
  "/keep-lost": () => ({ kind: "keep-lost" }),
  "/choose-machine": (request) => {
    const name = field(request.query, "choice");
    return name === undefined ? undefined : { kind: "wish", name };
  },
  "/choose-server": (request) => {
    const node = parseNodeId(field(request.query, "node") ?? "");
    return node === undefined ? undefined : { kind: "choose", node };
  },
};
