import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isHttps, type Config } from "../config.ts";
import type { Store } from "../ports.ts";
import { createPathUrls } from "../router/decide/urls.ts";
import { createAddressList } from "../router/io/address-list.ts";
import { openRevocationJournal } from "../router/io/revocation-journal.ts";
import { createSignInServices, type SignInServices } from "../router/sign-in-services.ts";
import type { NodeReach } from "./node-reach.ts";
import { lobbiesOf, type Nodes } from "./nodes.ts";

/** Who visitors are. Reads what was revoked, and with `auth: header` the proxy's secret. Throws STATE_DIRECTORY, BAD_CONFIG. */
export async function composeSignIn(
  config: Config,
  { clock, random, log, hosts, state }: NodeReach,
  { hubApi, lobby, keeper, cluster }: Nodes,
  store: Store,
): Promise<SignInServices> {
  const { journal, revoked } = await openRevocationJournal(join(state.path, "revocations"), clock.now());
  return createSignInServices(
    {
      clock,
      random,
      log,
      store,
      hubs: hubApi,
      lobby,
      keeper,
      urls: createPathUrls(),
      nodes: () => hosts.all().map(({ id }) => id),
      lobbies: () => lobbiesOf(config, hosts.all()),
      clockOffsetMs: (node) =>
        cluster.snapshot().nodes.find(({ spec }) => spec.id === node)?.load?.clockOffsetMs ?? 0,
      journal,
    },
    {
      masterKeys: [state.masterKey],
      ticketKey: state.ticketKey,
      isSecure: isHttps(config),
      adminUsers: config.admin.users,
      adminGroups: config.admin.groups,
      lifetime: { idleMs: config.session.idle, totalMs: config.session.max },
      revoked,
      ...headerAuth(config, (address) => hosts.all().some((spec) => spec.address === address)),
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
      secret: readFileSync(auth.secret_file, "utf8").trim(),
      isProxy: createAddressList(auth.proxies, isNode),
    },
  };
}
