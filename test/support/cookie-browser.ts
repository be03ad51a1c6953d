import { CookieJar } from "tough-cookie";
import { Agent, buildConnector, request } from "undici";

/** A browser without a screen: it keeps cookies, obeys their paths, and says where a request came from. */
export interface CookieBrowser {
  readonly jar: CookieJar;
  /** A navigation that follows redirects, at most 20. `how` is what a browser would say of its origin. */
  go(path: string, how?: Navigation): Promise<BrowserPage>;
  /** One request, no redirect followed. */
  step(path: string, how?: Navigation): Promise<BrowserPage>;
  /** Sends a form, no redirect followed. */
  post(path: string, fields: Readonly<Record<string, string>>, how?: Navigation): Promise<BrowserPage>;
  /** Sends a form and follows where it leads. */
  submit(path: string, fields: Readonly<Record<string, string>>, how?: Navigation): Promise<BrowserPage>;
  /** The Cookie header the browser would send to a path. */
  cookieHeader(path: string): Promise<string>;
  /** Names of the cookies the browser would send to a path. */
  cookiesFor(path: string): Promise<readonly string[]>;
}

export interface Navigation {
  readonly site?: "none" | "same-origin" | "same-site" | "cross-site";
  readonly headers?: Readonly<Record<string, string>>;
}

export interface BrowserPage {
  readonly status: number;
  /** Path and query of the page in the end. */
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Every path on the way, the last included. */
  readonly hops: readonly string[];
}

const connect = buildConnector({});

/**
 * As browsers do, and the system's resolver does not everywhere: every name below `localhost` is this machine. Each request has
 * a connection of its own: one that was kept may have been closed while a command blocked this process.
 */
const dispatcher = new Agent({
  pipelining: 0,
  connect: (options, callback) => {
    const isLocal = options.hostname.endsWith(".localhost");
    connect(isLocal ? { ...options, hostname: "127.0.0.1" } : options, callback);
  },
});

const MAX_HOPS = 20;
const OWN_PAGE: Navigation = { site: "same-origin" };

/** A fresh one, at a site; or one that has got hold of somebody's cookies. */
export function createCookieBrowser(origin: string, jar = new CookieJar()): CookieBrowser {
  async function send(method: "GET" | "POST", path: string, how: Navigation, form?: string) {
    const url = new URL(path, origin).href;
    const cookie = await jar.getCookieString(url, { sameSiteContext: "lax" });
    const { statusCode, headers, body } = await request(url, {
      method,
      dispatcher,
      headers: {
        accept: "text/html,*/*",
        "sec-fetch-mode": "navigate",
        "sec-fetch-dest": "document",
        "sec-fetch-site": how.site ?? "none",
        ...(cookie === "" ? {} : { cookie }),
        ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded", origin }),
        ...how.headers,
      },
      body: form ?? null,
    });
    for (const text of [headers["set-cookie"] ?? []].flat()) {
      await jar.setCookie(text, url, { ignoreError: true });
    }
    return { status: statusCode, path, headers, body: await body.text(), hops: [path] };
  }

  async function follow(first: BrowserPage, how: Navigation): Promise<BrowserPage> {
    let page = first;
    const hops = [...first.hops];
    while (page.status >= 300 && page.status < 400 && hops.length <= MAX_HOPS) {
      const { pathname, search } = new URL(String(page.headers["location"]), new URL(page.path, origin));
      page = await send("GET", pathname + search, how);
      hops.push(page.path);
    }
    return { ...page, hops };
  }

  return {
    jar,
    step: (path, how = {}) => send("GET", path, how),
    go: async (path, how = {}) => follow(await send("GET", path, how), how),
    post: (path, fields, how = OWN_PAGE) => send("POST", path, how, new URLSearchParams(fields).toString()),
    submit: async (path, fields, how = OWN_PAGE) =>
      follow(await send("POST", path, how, new URLSearchParams(fields).toString()), how),
    cookieHeader: (path) => jar.getCookieString(new URL(path, origin).href),
    async cookiesFor(path) {
      const cookies = await jar.getCookies(new URL(path, origin).href);
      return cookies.map(({ key }) => key).toSorted();
    },
  };
}
