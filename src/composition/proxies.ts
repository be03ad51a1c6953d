import { isHttps, type Config } from "../config.ts";
import type { Survey } from "../discovery/survey.ts";
import { DEFAULT_SERVER } from "../model.ts";
import type { Locator } from "../ports.ts";
import { decideMoved } from "../router/proxy/decide/moved.ts";
import type { SessionReader } from "../router/sign-in/decide/session.ts";
import type { SignInServices } from "../router/sign-in/decide/sign-in.ts";
import type { Urls } from "../router/web/decide/urls.ts";
import { createNodeProxy, type NodeProxy, type NodeProxyDeps } from "../router/proxy/io/node-proxy.ts";
import type { NodeReach } from "./node-reach.ts";
import { lobbiesOf, type Nodes } from "./nodes.ts";

interface ProxyParts extends Nodes {
  readonly locator: Locator;
  readonly survey: Pick<Survey, "refresh">;
  readonly signIn: SignInServices;
  readonly urls: Urls;
}

/** What is served below `/n/`. */
export interface Proxies {
  entrance(): NodeProxy;
  /** Of the nodes, only the lobbies' sign-in. */
  adminHost(sessions: SessionReader, origin: string): NodeProxy;
}

export function composeProxies(
  config: Config,
  { clock, log, hosts }: NodeReach,
  { signIn, dialer, suspect, survey, locator, urls }: ProxyParts,
): Proxies {
  const deps: NodeProxyDeps = {
    sessions: signIn.sessions,
    isKnown: (node) => hosts.find(node) !== undefined,
    dialer,
    onUpstreamFailure: suspect,
    async whereNow(user, request) {
      const signal = clock.deadline(LOCATE_MS);
      // The node itself has just said that it does not have the server: what was heard of it before is too old.
      await survey.refresh([request.node], 0, signal);
      const location = await locator.locate({ user, server: DEFAULT_SERVER }, signal);
      return decideMoved(request, location, urls);
    },
    log,
  };
  const options = proxyOptions(config);
  return {
    entrance: () => createNodeProxy(deps, options),
    adminHost: (sessions, origin) =>
      createNodeProxy(
        { ...deps, sessions, isLobby: (node) => lobbiesOf(config, hosts.all()).includes(node) },
        { ...options, isTls: origin.startsWith("https:") },
      ),
  };
}

export const LOCATE_MS = 5000;
/** Pings of websockets come every 30 s: idle limits are well above that. */
export const IDLE_MS = 300_000;
/** Several hubs' cookies come with every request. */
export const MAX_HEADER_BYTES = 64 * 1024;

function proxyOptions(config: Config) {
  const { hub, auth } = config;
  const stripped = auth.kind === "header" ? [auth.user_header, auth.secret_header, auth.groups_header] : [];
  return {
    port: hub.ports.proxy,
    dialTimeoutMs: 10_000,
    answerTimeoutMs: IDLE_MS,
    idleTimeoutMs: IDLE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    maxConnections: 256,
    stalledReaderMs: 120_000,
    isTls: isHttps(config),
    strippedHeaders: stripped.filter((name) => name !== undefined).map((name) => name.toLowerCase()),
  };
}
