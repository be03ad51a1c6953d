import { html, page, type Html, type StatusPage } from "../../web/decide/html.ts";
import type { Farewell, LobbyTrouble, SignInTrouble } from "./sign-in.ts";

interface Words {
  readonly status: number;
  readonly title: string;
  readonly text: Html;
  /** Where the button leads, and what it says. */
  readonly way: readonly [href: string, label: string];
  readonly head?: Html;
}

/** What a visitor sees when sign-in does not go on: what happened, and a way forward. */
export function troublePage(trouble: SignInTrouble): StatusPage {
  const { status, title, text, way, head } = wordsFor(trouble);
  const [href, label] = way;
  const body = html`<h1>${title}</h1>
    ${text}
    <p><a class="button" href="${href}">${label}</a></p>`;
  return { status, body: page({ title, body, ...(head && { head }) }) };
}

const START_AGAIN = ["/", "Start again"] as const;

function wordsFor(trouble: SignInTrouble): Words {
  switch (trouble.reason) {
    case "cookie-twice":
      return {
        status: 400,
        title: "Your browser sent two sign-ins",
        text: html`<p>
          The session cookie came more than once, so somebody else may have planted one of them. Both were
          taken out of your browser.
        </p>`,
        way: ["/", "Sign in again"],
      };
    case "unknown-node":
      return {
        status: 404,
        title: "There is no such node",
        text: html`<p>No node is called <b>${trouble.node}</b>.</p>`,
        way: ["/", "To my server"],
      };
    case "loop":
      return {
        status: 508,
        title: "Sign-in loop stopped",
        text: html`<p>
          <b>${trouble.node}</b> keeps sending your browser back to sign in. Either your browser does not keep
          its cookies, or http and https are mixed on the way.
        </p>`,
        way: ["/logout", "Sign out and begin afresh"],
      };
    case "not-started-here":
    case "declined":
    case "failed":
      return notConfirmed(trouble);
    case "lobby-down":
      return lobbyDown(trouble);
    case "no-header":
      return {
        status: 401,
        title: "Not signed in",
        text: html`<p>
          Sign-in belongs to the proxy in front of this page, and it did not say who you are.
        </p>`,
        way: ["/", "Try again"],
      };
  }
}

function notConfirmed(
  trouble: SignInTrouble & { readonly reason: "not-started-here" | "declined" | "failed" },
): Words {
  switch (trouble.reason) {
    case "not-started-here":
      return {
        status: 403,
        title: "This sign-in was not started here",
        text: html`<p>
          It was begun in another browser, too long ago, or with cookies blocked. You were not signed in.
        </p>`,
        way: START_AGAIN,
      };
    case "declined":
      return {
        status: 403,
        title: "Not signed in",
        text: html`<p><b>${trouble.node}</b> did not confirm who you are.</p>`,
        way: START_AGAIN,
      };
    case "failed":
      return {
        status: 502,
        title: "Sign-in did not work",
        text: html`<p><b>${trouble.node}</b>, which checks who you are: ${trouble.detail}.</p>`,
        way: START_AGAIN,
      };
  }
}

function lobbyDown({ lobbies, retry }: SignInTrouble & { readonly reason: "lobby-down" }): Words {
  return {
    status: 503,
    title: "Sign-in is not ready",
    text: html`<p>Nobody can sign in until one of these answers. This page tries again by itself.</p>
      ${listOf(lobbies)}`,
    way: [retry, "Try now"],
    head: html`<meta http-equiv="refresh" content="3;url=${retry}" />`,
  };
}

/** What signing out did, and what it could not do. */
export function farewellPage({ user, ended, silent, isProxyWord }: Farewell): StatusPage {
  const title = "Signed out";
  const done = html`<p>
    ${user === undefined ? "Nobody was signed in here." : html`<b>${user}</b> is signed out.`} Servers go on
    running.
  </p>`;
  const proxy = html`<p>
    The proxy in front of this site still knows you: sign out there, too, or the next click signs you in
    again.
  </p>`;
  const nodes = html`<p class="muted">Ended on: ${ended.join(", ")}.</p>`;
  const open = html`<p>
      These did not answer. This browser has forgotten them, but a copy of its cookies would still work there:
    </p>
    ${listOf(silent)}`;
  const body = html`<h1>${title}</h1>
    ${done} ${isProxyWord === true ? proxy : undefined} ${ended.length > 0 ? nodes : undefined}
    ${silent.length > 0 ? open : undefined}
    <p><a class="button" href="/">Sign in again</a></p>`;
  return { status: 200, body: page({ title, body }) };
}

/** Asked for by something else than a page of ours: only the person may decide. */
export function confirmSignOutPage(formToken: string): StatusPage {
  const title = "Sign out?";
  const body = html`<h1>${title}</h1>
    <p>This ends your session here and on every node you have been to. Your servers go on running.</p>
    <form method="post" action="/logout">
      <input type="hidden" name="form_token" value="${formToken}" />
      <button>Sign out</button>
      <a class="button quiet" href="/">Stay</a>
    </form>`;
  return { status: 200, body: page({ title, body }) };
}

/** A POST that no page of ours can have sent. */
export function foreignFormPage(): StatusPage {
  const text = "This did not come from a page of this site, or that page was too old. Nothing was done.";
  return messagePage(403, "Not done", text);
}

/** A page of one message. */
export function messagePage(status: number, title: string, text: string): StatusPage {
  const body = html`<h1>${title}</h1>
    <p>${text}</p>
    <p><a class="button" href="/">To my server</a></p>`;
  return { status, body: page({ title, body }) };
}

function listOf(lobbies: readonly LobbyTrouble[]): Html {
  const items = lobbies.map(({ node, detail }) => html`<li><b>${node}</b>: ${detail}</li>`);
  return html`<ul class="reasons">
    ${items}
  </ul>`;
}
