import { Router, type Request, type Response } from "express";
import type { FormTokens } from "../decide/form-token.ts";
import { isOwnNavigation } from "../../web/decide/request-origin.ts";
import type { SessionLookup, SessionReader } from "../decide/session.ts";
import type { SignIn, SignInOutcome, SignOut } from "../decide/sign-in.ts";
import { confirmSignOutPage, farewellPage, foreignFormPage, troublePage } from "../decide/sign-in-pages.ts";
import { sendPage } from "../../web/io/answers.ts";
import { addCookies, credentialsOf, isOwnForm, readForm } from "./session-middleware.ts";
import { createTurns, inTurn } from "../../../turns.ts";
import { field, whenGone } from "./visitor.ts";

interface Parts {
  readonly signIn: SignIn;
  readonly signOut: SignOut;
  readonly sessions: SessionReader;
  readonly formTokens: FormTokens;
}

/** Each asks the lobby's hub, which takes 8 requests at a time: one address leaves room for others. */
const CALLBACKS_AT_ONCE = 4;

/** `/login`, `/auth/callback` and `/logout`. */
export function createSignInRoutes({ signIn, signOut, sessions, formTokens }: Parts): Router {
  const router = Router();
  const callbacks = createTurns(CALLBACKS_AT_ONCE);

  router.get("/login", async (request, response) => {
    const query = { next: field(request.query, "next"), node: field(request.query, "node") };
    answer(response, await signIn.login(credentialsOf(request), query, whenGone(response)));
  });

  router.get("/auth/callback", async (request, response) => {
    const query = { code: field(request.query, "code"), state: field(request.query, "state") };
    const credentials = credentialsOf(request);
    const gone = whenGone(response);
    const outcome = await inTurn(callbacks, credentials.remoteAddress, () =>
      signIn.callback(credentials, query, gone),
    );
    answer(response, outcome);
  });

  async function sayGoodbye(request: Request, response: Response): Promise<void> {
    const farewell = await signOut.signOut(credentialsOf(request));
    addCookies(response, farewell.cookies);
    sendPage(response, farewellPage(farewell));
  }

  router.get("/logout", async (request, response) => {
    if (isOwnNavigation(request.headers)) {
      await sayGoodbye(request, response);
      return;
    }
    const lookup = await sessions.read(credentialsOf(request));
    sendPage(response, confirmSignOutPage(formTokens.issue(formOwner(lookup))));
  });

  router.post("/logout", ...readForm(), async (request, response) => {
    const lookup = await sessions.read(credentialsOf(request));
    if (isOwnForm(request, formTokens, formOwner(lookup))) await sayGoodbye(request, response);
    else sendPage(response, foreignFormPage());
  });

  return router;
}

function answer(response: Response, outcome: SignInOutcome): void {
  addCookies(response, outcome.cookies);
  if (outcome.kind === "redirect") response.redirect(302, outcome.location);
  else sendPage(response, troublePage(outcome.trouble));
}

/** Whose form it is: the session's, or, when that has run out, of nobody in particular. */
function formOwner(lookup: SessionLookup): { readonly id: string } {
  return lookup.kind === "session" ? lookup.session : { id: "signed out" };
}
