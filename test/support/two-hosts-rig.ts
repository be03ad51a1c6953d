import { generateKeyPairSync } from "node:crypto";
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import type { NodeId } from "../../src/model.ts";
import { derivedKeys } from "../../src/router/sign-in/decide/keys.ts";
import { createFrontServer } from "../../src/router/front/io/front-server.ts";
import { createNodeProxy } from "../../src/router/proxy/io/node-proxy.ts";
import { createVirtualHosts } from "../../src/router/front/io/virtual-hosts.ts";
import { createAdminSite, createWebApp } from "../../src/router/front/io/web-app.ts";
import { createRevocations } from "../../src/router/sign-in/revocations.ts";
import { createSignInServices } from "../../src/router/sign-in/sign-in-services.ts";
import { createFakeHubs } from "./fake-hubs.ts";
import { createFakeRandom } from "./fake-random.ts";
import { createPagesRig } from "./pages-rig.ts";
import { textOf } from "./proxy-client.ts";
import { PROXY_OPTIONS, tcpTransport } from "./proxy-fixture.ts";

export const ENTRANCE = "lab.example.org";
export const ADMIN_HOST = "admin.lab.example.org";
export const ADMIN_ORIGIN = `http://${ADMIN_HOST}`;

const LOBBY = "node1" as NodeId;
const OTHER = "node2" as NodeId;

/** A router that has `admin.origin`, with real sign-in on both of its hosts, before nodes that answer with `hub`. */
export async function startTwoHosts(hub: RequestListener) {
  const { parts } = createPagesRig();
  const upstream = createServer(hub).listen(0, "127.0.0.1");
  await once(upstream, "listening");
  const { dialer } = await tcpTransport(() => (upstream.address() as AddressInfo).port);
  const { entrance, admin } = createBothSignIns(parts);
  const web = { ...parts, random: createFakeRandom(), adminOrigin: ADMIN_ORIGIN };
  const { log } = parts;
  const nodes = { isKnown: () => true, dialer, onUpstreamFailure: () => undefined, log };
  const site = createVirtualHosts(
    ADMIN_ORIGIN,
    {
      app: createAdminSite({ ...web, ...admin }),
      proxy: createNodeProxy(
        { ...nodes, sessions: admin.sessions, isLobby: (node) => node === LOBBY },
        PROXY_OPTIONS,
      ),
    },
    {
      app: createWebApp({ ...web, ...entrance }),
      proxy: createNodeProxy({ ...nodes, sessions: entrance.sessions }, PROXY_OPTIONS),
    },
  );
  const limits = { idleTimeoutMs: 60_000, maxHeaderSize: 65_536, drainMs: 100 };
  const front = createFrontServer({ ...site, log }, { host: "127.0.0.1", port: 0, ...limits });
  await front.start();
  return {
    entrance,
    admin,
    ask: (host: string, path: string, headers = {}) => ask(front.address().port, path, { host, ...headers }),
    async [Symbol.asyncDispose]() {
      await front.stop();
      upstream.closeAllConnections();
      await new Promise((resolve) => upstream.close(resolve));
    },
  };
}

function createBothSignIns({ clock, log, store }: ReturnType<typeof createPagesRig>["parts"]) {
  const deps = {
    ...createFakeHubs(),
    clock,
    log,
    store,
    random: createFakeRandom(),
    revocations: createRevocations({ clock, store, log }, { totalMs: 3_600_000 }),
    urls: { urlFor: (node: NodeId, path: string) => `/n/${node}${path}` },
    nodes: () => [LOBBY, OTHER],
    lobbies: () => [LOBBY],
    clockOffsetMs: () => 0,
  };
  const keys = [new Uint8Array(32).fill(7)];
  const { privateKey } = generateKeyPairSync("ed25519");
  function masterKeys(): readonly Uint8Array[] {
    return keys;
  }
  const options = {
    masterKeys,
    ticketKey: () => privateKey,
    isSecure: false,
    adminUsers: ["carol"],
    adminGroups: [],
  };
  return {
    entrance: createSignInServices(deps, options),
    admin: createSignInServices(deps, { ...options, masterKeys: derivedKeys(masterKeys, "admin-host") }),
  };
}

/** One request as a browser's page view, unless `headers` say otherwise. */
async function ask(port: number, path: string, headers: Readonly<Record<string, string>>) {
  const outgoing = httpRequest({
    host: "127.0.0.1",
    port,
    path,
    headers: { accept: "text/html", ...headers },
  });
  outgoing.end();
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, headers: answer.headers, text: await textOf(answer) };
}
