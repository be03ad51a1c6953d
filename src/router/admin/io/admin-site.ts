import { Router, type RequestHandler } from "express";
import { html } from "../../web/decide/html.ts";
import { isForeign } from "../../web/decide/request-origin.ts";
import { sendJsonError, sendWords } from "../../web/io/answers.ts";

/** What only admins use. */
export const ADMIN_PATHS = ["/api", "/metrics", "/admin"];

/** On the entrance, when administration has a host of its own: 404, and where it is. */
export function createAdminPointer(origin: string): Router {
  const router = Router();
  router.use(ADMIN_PATHS, (request, response) => {
    if (request.accepts(["json", "html"]) === "html") {
      const link = html`<p>It is at <a href="${origin}/admin">${origin}</a>.</p>`;
      sendWords(response, 404, "Administration has an address of its own", link);
    } else sendJsonError(response, 404, "ADMIN_ELSEWHERE", `this is served at ${origin} only`);
  });
  return router;
}

/** On the admin host: the pages of users lead to the admin page. */
export function createAdminStart(): Router {
  const router = Router();
  router.get(["/", "/home"], (_request, response) => {
    response.redirect(302, "/admin");
  });
  return router;
}

/** On the admin host: other origins, sister sites too, can link to a page and do nothing else. */
export function refuseForeign(): RequestHandler {
  return (request, response, next) => {
    if (!isForeign(request.headers) || request.headers["sec-fetch-dest"] === "document") next();
    else sendJsonError(response, 403, "FOREIGN", "not for pages of other sites");
  };
}
