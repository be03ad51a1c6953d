import { createCookieBrowser, type BrowserPage, type CookieBrowser } from "./cookie-browser.ts";
import { waitFor } from "./wait-for.ts";

/** Somebody who has signed in at the lab's router, without a screen and without JavaScript. */
export async function signInAt(url: string, user: string, path = "/home"): Promise<CookieBrowser> {
  const browser = createCookieBrowser(url);
  const form = await until(browser, path, ({ body }) => body.includes("username_input"));
  const action = /<form[^>]*action="([^"]*login[^"]*)"/.exec(form.body)?.[1];
  const xsrf = /<input[^>]*name="_xsrf"[^>]*value="([^"]*)"/.exec(form.body)?.[1] ?? "";
  if (action === undefined) throw new Error(`no sign-in form at ${form.path}`);
  const fields = { username: user, password: `${user}-pw`, _xsrf: unescapeHtml(xsrf) };
  await browser.submit(unescapeHtml(action), fields);
  return browser;
}

/** Reads a page again and again, as its refresh would, until it is as wanted. */
export async function until(
  browser: CookieBrowser,
  path: string,
  isWanted: (page: BrowserPage) => boolean,
  seconds = 90,
): Promise<BrowserPage> {
  let page = await browser.go(path);
  if (isWanted(page)) return page;
  return waitFor(
    () => `${path} to be as wanted; ${page.path} answered ${page.status}\n${page.body}`,
    async () => {
      page = await browser.go(path);
      return isWanted(page) && page;
    },
    { withinMs: seconds * 1000, everyMs: 1000 },
  );
}

/** Where JupyterLab opened: the node. */
export async function untilLab(browser: CookieBrowser, path = "/"): Promise<string> {
  const page = await until(browser, path, ({ status, path: at }) => status === 200 && LAB.test(at));
  return LAB.exec(page.path)?.[1] ?? "";
}

const LAB = /^\/n\/(node\d)\/user\/[^/]+\/lab/;

/** Sends the form of a page that posts to `action`. */
export function pressButton(
  browser: CookieBrowser,
  { body }: BrowserPage,
  action: string,
): Promise<BrowserPage> {
  const form = body.slice(body.indexOf(`action="${action}`));
  const token = /name="form_token" value="([^"]*)"/.exec(form)?.[1];
  const target = /^action="([^"]*)"/.exec(form)?.[1];
  if (token === undefined || target === undefined) throw new Error(`no form to ${action} in\n${body}`);
  return browser.submit(unescapeHtml(target), { form_token: token, server: "", next: "" });
}

function unescapeHtml(text: string): string {
  return text
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}
