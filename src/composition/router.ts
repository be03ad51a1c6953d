import type { Survey } from "../discovery/survey.ts";
import { adminSocketOf, type Config } from "../config.ts";
import type { NodeId } from "../model.ts";
import type { Rebalancing } from "../plan.ts";
import type { CacheSource } from "../router/admin/decide/cluster-source.ts";
import { readyParts } from "../router/admin/decide/readiness.ts";
import { createPathUrls } from "../router/web/decide/urls.ts";
import { createAdminSocket } from "../router/front/io/admin-socket.ts";
import { createFrontServer } from "../router/front/io/front-server.ts";
import { createMetrics } from "../router/admin/io/metrics.ts";
import { createVirtualHosts, type Site } from "../router/front/io/virtual-hosts.ts";
import {
  createAdminApp,
  createAdminSite,
  createWebApp,
  type WebAppDeps,
} from "../router/front/io/web-app.ts";
import type { SignInServices } from "../router/sign-in/decide/sign-in.ts";
import type { NodeReach } from "./node-reach.ts";
import { readSecret } from "./secret-file.ts";
import { lobbiesOf, type Nodes } from "./nodes.ts";
import { composeProxies, IDLE_MS, MAX_HEADER_BYTES, type Proxies } from "./proxies.ts";
import { composeWayIn, type WayInParts } from "./way-in.ts";

interface RouterParts extends Nodes, WayInParts {
  readonly survey: Pick<Survey, "refresh">;
  readonly adminSignIn?: SignInServices;
  readonly rebalancing: Rebalancing;
  /** How it is with what routers share. */
  readonly shared: CacheSource;
}

/** Everything browsers and admins meet. */
export function composeRouter(config: Config, reach: NodeReach, parts: RouterParts) {
  const { clock, random, log, hosts } = reach;
  const { signIn, locator, homes, foreign, placer, orders, rebalancing } = parts;
  const urls = createPathUrls();
  const cluster = {
    snapshot: () => parts.cluster.snapshot(),
    problems: () => hosts.problems(),
    warnings: (node: NodeId) => [...parts.warnings.of(node), ...parts.rollout.warnings(node)],
  };
  const metrics = createMetrics(cluster, parts.shared, homes, rebalancing);
  const { wayIn, news, ownServers, moves, occupants } = composeWayIn(config, reach, parts, {
    meter: metrics.meter,
    urls,
  });
  const readiness = {
    parts: () => readyParts(cluster.snapshot(), lobbies(), parts.shared.isUp(), homes.counts()),
  };
  const pages = {
    ...signIn,
    wayIn,
    ownServers,
    moves,
    news,
    occupants,
    cluster,
    history: parts.history,
    homes,
    foreign,
    locator,
    placer,
    orders,
    rebalancing,
    metrics,
    readiness,
  };
  const web = {
    ...pages,
    urls,
    clock,
    random,
    log,
    adminOrigin: config.admin.origin,
    metricsToken: metricsTokenOf(config),
  };
  function lobbies() {
    return lobbiesOf(config, hosts.all()).map((node) => ({ node, isReady: parts.warmHubs.isReady(node) }));
  }
  const site = composeSite(web, composeProxies(config, reach, { ...parts, urls }), parts.adminSignIn);
  return {
    entry: wayIn,
    admin: createAdminSocket(adminSocketOf(config), createAdminApp(web)),
    front: createFrontServer({ ...site, log }, frontOptions(config)),
  };
}

function metricsTokenOf({ metrics }: Config): string | undefined {
  return metrics.token_file === undefined
    ? undefined
    : readSecret(metrics.token_file, "metrics.token_file", 16);
}

/** The entrance, and with `admin.origin` another host beside it. */
function composeSite(web: WebAppDeps, proxies: Proxies, adminSignIn: SignInServices | undefined): Site {
  const entrance = { app: createWebApp(web), proxy: proxies.entrance() };
  if (adminSignIn === undefined || web.adminOrigin === undefined) return entrance;
  const admin = {
    app: createAdminSite({ ...web, ...adminSignIn }),
    proxy: proxies.adminHost(adminSignIn.sessions, web.adminOrigin),
  };
  return createVirtualHosts(web.adminOrigin, admin, entrance);
}

function frontOptions({ listen: { host, port }, tls }: Config) {
  const limits = { drainMs: 5000, idleTimeoutMs: IDLE_MS, maxHeaderSize: MAX_HEADER_BYTES };
  return { host, port, ...limits, ...(tls !== undefined && { tls }) };
}
