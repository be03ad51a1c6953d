// The way of a person without a screen, from the sign-in form to JupyterLab, through whatever pages say "wait".
import { setTimeout as sleep } from "node:timers/promises";

const MAX_PAUSE_MS = 5000;

/** Fills the form that `url` leads to; resolves with the page after it. */
export async function signIn(visitor, url, user, password, { say = () => {} } = {}) {
  const form = await follow(visitor, await visitor.get(url), (page) => formAction(page) !== undefined, {
    say,
  });
  say(`signing in as ${user} at ${form.url.split("?")[0]}`);
  const target = new URL(unescapeHtml(formAction(form)), form.url);
  const xsrf = /<input[^>]*name="_xsrf"[^>]*value="([^"]*)"/.exec(form.text)?.[1] ?? "";
  const fields = new URLSearchParams({ username: user, password, _xsrf: unescapeHtml(xsrf) });
  const answer = await visitor.post(target, String(fields), {
    "Content-Type": "application/x-www-form-urlencoded",
  });
  if (/login_error/.test(answer.text)) throw new Error(`the password of ${user} was refused`);
  return answer;
}

function formAction(page) {
  return /<form[^>]*action="([^"]*login[^"]*)"/.exec(page.text)?.[1];
}

/** Waits until the pages have led to JupyterLab; resolves with the server's address. */
export async function waitForServer(visitor, first, user, options = {}) {
  const hasArrived = (seen) => seen.status === 200 && serverOf(seen, user) !== undefined;
  return serverOf(await follow(visitor, first, hasArrived, options), user);
}

function serverOf(page, user) {
  const place = /^(.*\/user\/[^/]+\/)lab/.exec(page.url)?.[1];
  return place?.endsWith(`/user/${user}/`) ? place : undefined;
}

/** Reads a page that says "wait" again and again, as a browser without JavaScript does, until it has led on. */
async function follow(visitor, first, hasArrived, { say = () => {}, pauseMs = MAX_PAUSE_MS } = {}) {
  let page = first;
  let shown = "";
  while (!hasArrived(page)) {
    if (page.status >= 400 && page.status !== 503) {
      throw new Error(`${page.url} answered ${page.status}: ${textOf(page)}`);
    }
    const steps = textOf(page);
    if (steps !== shown) say(steps);
    shown = steps;
    const refresh = refreshOf(page);
    await sleep(Math.min(refresh.afterMs, pauseMs));
    page = await visitor.get(refresh.url);
  }
  return page;
}

function refreshOf(page) {
  const meta = /<meta[^>]*http-equiv="refresh"[^>]*content="([^"]*)"/i.exec(page.text)?.[1];
  const [, seconds = "1", url = ""] =
    /^\s*([\d.]+)(?:\s*;\s*url=(.*))?/i.exec(unescapeHtml(meta ?? "")) ?? [];
  return { afterMs: Number(seconds) * 1000, url: new URL(url, page.url).href };
}

function textOf(page) {
  const body =
    /<main[^>]*>([\s\S]*)<\/main>/.exec(page.text)?.[1] ?? /<title>([^<]*)/.exec(page.text)?.[1] ?? "";
  const words = body.replace(/<(script|style)[\s\S]*?<\/\1>/g, " ").replace(/<[^>]+>/g, " ");
  return unescapeHtml(words).replace(/\s+/g, " ").trim().slice(0, 300);
}

function unescapeHtml(text) {
  const named = { amp: "&", lt: "<", gt: ">", quot: '"' };
  return text.replace(/&(?:(amp|lt|gt|quot)|#(\d+)|#x([\da-f]+));/gi, (_, name, decimal, hex) =>
    name
      ? named[name.toLowerCase()]
      : String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16)),
  );
}
