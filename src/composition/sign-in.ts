import { join } from "node:path";
import { isHttps, type Config } from "../config.ts";
import type { NodeId } from "../model.ts";
import type { Cache, CacheWatch } from "../cache-ports.ts";
import { createPathUrls } from "../router/web/decide/urls.ts";
import { createAddressList } from "../router/sign-in/io/address-list.ts";
import { openRevocationJournal } from "../router/sign-in/io/revocation-journal.ts";
import { derivedKeys } from "../router/sign-in/decide/keys.ts";
import { createRevocations } from "../router/sign-in/revocations.ts";
import {
  createSignInServices,
  type SignInDeps,
  type SignInOptions,
  type SignInServices,
} from "../router/sign-in/sign-in-services.ts";
import type { NodeReach } from "./node-reach.ts";
import { lobbiesOf, type Nodes } from "./nodes.ts";
import { readSecret } from "./secret-file.ts";

export interface SignInByHost {
  readonly signIn: SignInServices;
  /** On the host of `admin.origin`. */
  readonly adminSignIn?: SignInServices;
}

/** Who visitors are. Reads what was revoked, and with `auth: header` the proxy's secret. Throws STATE_DIRECTORY, BAD_CONFIG. */
export async function composeSignIn(
  config: Config,
  { clock, random, log, hosts, keyring, state }: NodeReach,
  { hubApi, lobby, keeper, cluster }: Nodes,
  store: Cache & CacheWatch,
): Promise<SignInByHost> {
  const { journal, revoked } = await openRevocationJournal(join(state.path, "revocations"), clock.now());
  const lifetime = { idleMs: config.session.idle, totalMs: config.session.max };
  const known = { totalMs: lifetime.totalMs, known: revoked };
  const deps = {
    clock,
    random,
    log,
    store,
    revocations: createRevocations({ clock, store, log, journal }, known),
    hubs: hubApi,
    lobby,
    keeper,
    urls: createPathUrls(),
    nodes: () => hosts.all().map(({ id }) => id),
    lobbies: () => lobbiesOf(config, hosts.all()),
    clockOffsetMs: (node: NodeId) =>
      cluster.snapshot().nodes.find(({ spec }) => spec.id === node)?.load?.clockOffsetMs ?? 0,
  };
  const options = {
    masterKeys: () => keyring.masterKeys(),
    ticketKey: () => keyring.keys().ticket.current,
    isSecure: isHttps(config),
    adminUsers: config.admin.users,
    adminGroups: config.admin.groups,
    lifetime,
    ...headerAuth(config, (address) => hosts.all().some((spec) => spec.address === address)),
  };
  const signIn = createSignInServices(deps, options);
  const { origin } = config.admin;
  return origin === undefined ? { signIn } : { signIn, adminSignIn: onAdminHost(origin, deps, options) };
}

/** Keys of its own, so that no cookie or sign-in of one host is good on the other; only the lobbies' hubs are there. */
function onAdminHost(origin: string, deps: SignInDeps, options: SignInOptions): SignInServices {
  return createSignInServices(
    { ...deps, nodes: deps.lobbies },
    {
      ...options,
      masterKeys: derivedKeys(options.masterKeys, "admin-host"),
      isSecure: origin.startsWith("https:"),
    },
  );
}

function headerAuth({ auth }: Config, isNode: (address: string) => boolean) {
  if (auth.kind !== "header") return {};
  return {
    header: {
      userHeader: auth.user_header,
      groupsHeader: auth.groups_header,
      secretHeader: auth.secret_header,
      secret: readSecret(auth.secret_file, "auth.secret_file"),
      isProxy: createAddressList(auth.proxies, isNode),
    },
  };
}
