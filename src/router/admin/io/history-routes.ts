import { Router } from "express";
import type { LoadHistory } from "../../../load-history.ts";
import type { NodesAnswer } from "../decide/api-views.ts";
import { historyAnswer } from "../decide/history-answer.ts";
import { sendJsonError } from "../../web/io/answers.ts";

/** `GET /api/v1/nodes/NODE/history`: how loaded it was in the last hours. */
export function createHistoryView(history: LoadHistory, nodes: () => NodesAnswer): Router {
  const router = Router();
  router.get("/api/v1/nodes/:node/history", (request, response) => {
    const found = nodes().nodes.find(({ node }) => node === request.params["node"]);
    if (found === undefined) sendJsonError(response, 404, "NODE_UNKNOWN", "there is no such node");
    else response.json(historyAnswer(found.node, history));
  });
  return router;
}
