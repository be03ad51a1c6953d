import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";

export interface TrustedProxy extends AsyncDisposable {
  readonly url: string;
}

export interface TrustedProxyOptions {
  /** The address of this machine that it connects from. */
  readonly from: string;
  /** What it adds to every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** It only adds headers. Otherwise it drops the client's of the same names first, as nginx's `proxy_set_header`. */
  readonly isNaive?: boolean;
}

/** A proxy that says who the visitor is, in front of a router. */
export async function startTrustedProxy(router: string, options: TrustedProxyOptions): Promise<TrustedProxy> {
  const server = createServer((incoming, response) => {
    forward(router, options, incoming, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function forward(
  router: string,
  options: TrustedProxyOptions,
  incoming: IncomingMessage,
  response: ServerResponse,
): void {
  const { hostname, port } = new URL(router);
  const { method, url: path } = incoming;
  const headers = headersFor(incoming, options);
  const outgoing = request({ hostname, port, method, path, localAddress: options.from, headers });
  outgoing.on("response", (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(response);
  });
  outgoing.on("error", () => response.destroy());
  incoming.pipe(outgoing);
}

function headersFor({ rawHeaders }: IncomingMessage, { headers, isNaive }: TrustedProxyOptions): string[] {
  const own = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const kept = rawHeaders.flatMap((name, i) => {
    if (i % 2 === 1 || (isNaive !== true && own.has(name.toLowerCase()))) return [];
    return [name, rawHeaders[i + 1] ?? ""];
  });
  return [...kept, ...Object.entries(headers).flat()];
}
