import { request as send } from "undici"; // fetch would set Sec-Fetch-Mode by itself, to what no navigation has

/** A browser without a screen: follows redirects and keeps cookies by their path, as RFC 6265 says, for one host. */
const MAX_REDIRECTS = 30;

export function createVisitor(signal) {
  const jar = new Map();

  async function visit(method, address, body, headers = {}) {
    let url = new URL(address);
    let response = await ask(method, url, body, headers);
    for (let hop = 0; hop < MAX_REDIRECTS; hop += 1) {
      const { statusCode: status, headers: answered } = response;
      const text = await response.body.text();
      if (status < 300 || status >= 400 || answered.location === undefined)
        return { status, url: url.href, text };
      url = new URL(answered.location, url);
      response = await ask("GET", url);
    }
    throw new Error(`more than ${MAX_REDIRECTS} redirects, the last to ${url.origin}${url.pathname}`);
  }

  async function ask(method, url, body, headers) {
    const navigation = {
      "Sec-Fetch-Dest": "document",
      "Sec-Fetch-Mode": "navigate",
      "Sec-Fetch-Site": "same-origin",
    };
    const origin = method === "GET" ? {} : { Origin: url.origin };
    const response = await send(url, {
      method,
      body,
      signal,
      headers: { Accept: "text/html", Cookie: cookiesFor(url), ...navigation, ...origin, ...headers },
    });
    for (const line of [response.headers["set-cookie"] ?? []].flat()) keep(line, url);
    return response;
  }

  function keep(line, url) {
    const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
    const name = pair.slice(0, pair.indexOf("="));
    const attribute = (wanted) =>
      attributes.find((text) => text.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1);
    const path = attribute("path") ?? url.pathname.replace(/\/[^/]*$/, "") ?? "/";
    const gone = attribute("max-age") === "0" || Date.parse(attribute("expires") ?? "") <= Date.now();
    const key = `${name} ${path}`;
    if (gone) jar.delete(key);
    else jar.set(key, { name, value: pair.slice(pair.indexOf("=") + 1), path });
  }

  /** Those of the longest path first. */
  function matching(url) {
    const covers = ({ path }) =>
      url.pathname === path || url.pathname.startsWith(path.endsWith("/") ? path : `${path}/`);
    return [...jar.values()].filter(covers).sort((a, b) => b.path.length - a.path.length);
  }

  function cookiesFor(url) {
    return matching(url)
      .map(({ name, value }) => `${name}=${value}`)
      .join("; ");
  }

  return {
    get: (url) => visit("GET", url),
    post: (url, body, headers) => visit("POST", url, body, headers),
    remove: (url, headers) => visit("DELETE", url, undefined, headers),
    /** The value of the cookie of this name that a request to `url` would carry first. */
    cookie: (name, url) => matching(url).find((cookie) => cookie.name === name)?.value,
    cookiesFor,
  };
}
