import { createHash, randomBytes } from "node:crypto";
import { request } from "undici";
import { signTicket, type HubNode } from "./hub-node.ts";

export interface Page {
  readonly status: number;
  readonly text: string;
  readonly location: string | null;
  readonly url: string;
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

/** A browser's cookies and redirects, without its screen: enough to walk through sign-in. */
export class HubBrowser {
  private cookies: Cookie[] = [];
  private readonly node: HubNode;
  readonly nonce: string;

  constructor(node: HubNode, nonce = randomBytes(16).toString("base64url")) {
    this.node = node;
    this.nonce = nonce;
  }

  /** Its nonce's hash, as the router puts it into a ticket. */
  get binding(): string {
    return createHash("sha256").update(this.nonce).digest("base64url");
  }

  keepNonce(): void {
    this.keep({ name: "multijhub-nonce", value: this.nonce, path: `/n/${this.node.name}/hub/router_login` });
  }

  /** A second browser into which somebody copied these cookies. */
  copy(): HubBrowser {
    const other = new HubBrowser(this.node, this.nonce);
    other.cookies = [...this.cookies];
    return other;
  }

  cookie(name: string): string | undefined {
    return this.cookies.find((cookie) => cookie.name === name)?.value;
  }

  forgetCookies(): void {
    this.cookies = [];
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Page> {
    return this.request("GET", path, { headers });
  }

  async request(
    method: string,
    path: string,
    { headers = {}, body }: { headers?: Record<string, string>; body?: string } = {},
  ) {
    const url = new URL(path, this.node.url);
    // Not fetch: that sets Sec-Fetch-Mode itself, and JupyterHub tells pages from scripts by it.
    const answer = await request(url, {
      method: method,
      headers: {
        cookie: this.header(url.pathname),
        "x-multijhub": "1",
        "sec-fetch-mode": "navigate",
        ...headers,
      },
      body: body ?? null,
    });
    const { location = null, "set-cookie": cookies = [] } = answer.headers;
    for (const line of [cookies].flat()) this.keep(parseCookie(line));
    return {
      status: answer.statusCode,
      text: await answer.body.text(),
      location: String(location ?? "") || null,
      url: url.pathname,
    };
  }

  /** As `get`, then wherever it leads on this node. */
  async follow(path: string, headers: Record<string, string> = {}): Promise<Page> {
    let page = await this.get(path, headers);
    for (let hops = 0; page.location !== null && hops < 20; hops += 1) {
      const target = new URL(page.location, new URL(page.url, this.node.url));
      page = await this.get(target.pathname + target.search, headers);
    }
    return page;
  }

  /** Signs in by ticket as the router would have this browser do it. */
  async signIn(claims: Record<string, unknown> = {}, next = ""): Promise<Page> {
    this.keepNonce();
    const ticket = signTicket(this.node, { bnd: this.binding, ...claims });
    return this.get(loginPath(this.node, ticket, next));
  }

  private keep(cookie: Cookie): void {
    const others = this.cookies.filter(({ name, path }) => name !== cookie.name || path !== cookie.path);
    this.cookies = cookie.value === "" ? others : [...others, cookie];
  }

  private header(path: string): string {
    const sent = this.cookies.filter((cookie) => path.startsWith(cookie.path));
    return sent.map(({ name, value }) => `${name}=${value}`).join("; ");
  }
}

export function loginPath(node: HubNode, ticket: string, next = ""): string {
  const query = new URLSearchParams({ router_token: ticket, ...(next === "" ? {} : { next }) });
  return `/n/${node.name}/hub/router_login?${query.toString()}`;
}

function parseCookie(line: string): Cookie {
  const [pair = "", ...attributes] = line.split(/; */);
  const [name = ""] = pair.split("=");
  const value = pair.slice(name.length + 1).replace(/^"(.*)"$/, "$1");
  const path = attributes.find((item) => /^path=/i.test(item))?.slice(5) ?? "/";
  const expires = attributes.find((item) => /^expires=/i.test(item))?.slice(8);
  const isExpired = expires !== undefined && Date.parse(expires) < Date.now();
  return { name, value: isExpired ? "" : value, path };
}
