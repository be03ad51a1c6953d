/** Where Redis is. Holds no password, so it may be shown. */
export type RedisPlace =
  | { readonly kind: "server"; readonly at: HostPort; readonly database: number; readonly tls: boolean }
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "sentinels"; readonly sentinels: readonly HostPort[]; readonly name: string }
  | { readonly kind: "cluster"; readonly nodes: readonly HostPort[] };

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** How the router signs in at Redis; empty where Redis asks for nothing. */
export interface RedisAccount {
  readonly username?: string;
  readonly password?: string;
}

export interface RedisAddress {
  readonly place: RedisPlace;
  readonly account: RedisAccount;
}

/** `redis://`, `rediss://` or the path of a Unix socket; undefined for anything else. */
export function parseRedisUrl(text: string): RedisAddress | undefined {
  if (text.startsWith("/")) return { place: { kind: "socket", path: text }, account: {} };
  if (!/^rediss?:/i.test(text) || /[?#]/.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const account = accountOf(url);
  const database = /^\/?(\d{0,4})$/.exec(url.pathname)?.[1];
  if (url.hostname === "" || account === undefined || database === undefined) return undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const at = { host, port: Number(url.port || "6379") };
  const place = { kind: "server", at, database: Number(database), tls: url.protocol === "rediss:" } as const;
  return { place, account };
}

/** `host:port` or `[address]:port`; undefined for anything else. */
export function parseHostPort(text: string): HostPort | undefined {
  const [, inBrackets, plain, digits] = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = inBrackets ?? plain;
  const port = Number(digits);
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

/** The place in words, for the log. */
export function describePlace(place: RedisPlace): string {
  if (place.kind === "socket") return place.path;
  if (place.kind === "server") return `${place.tls ? "rediss" : "redis"}://${hostPort(place.at)}`;
  if (place.kind === "cluster") return `cluster ${place.nodes.map(hostPort).join(", ")}`;
  return `${place.name} by sentinels ${place.sentinels.map(hostPort).join(", ")}`;
}

/** The text without what stands between `//` and `@` in the addresses it quotes. */
export function withoutPasswords(text: string): string {
  return text.replace(/(rediss?:\/\/)[^\s"']*@/gi, "$1***@");
}

function hostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function accountOf({ username, password }: URL): RedisAccount | undefined {
  try {
    return {
      ...(username !== "" && { username: decodeURIComponent(username) }),
      ...(password !== "" && { password: decodeURIComponent(password) }),
    };
  } catch {
    return undefined;
  }
}
