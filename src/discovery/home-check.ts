import type { HomeRead, HomeReading } from "../home-model.ts";
import type { NodeId, UserName } from "../model.ts";
import type { Accounts } from "../ports.ts";
import { lastRead } from "./decide/home-evidence.ts";

const ROOT = 0;
/** What NFS shows where it does not know or does not believe an owner. */
const NOBODY = [65_534, 4_294_967_294];

export interface HomeCheck {
  /** The reading, if the home is the user's own by the word of one of the nodes; else unreadable. */
  readonly confirm: (
    user: UserName,
    home: HomeReading | undefined,
    nodes: readonly NodeId[],
    signal: AbortSignal,
  ) => Promise<HomeReading | undefined>;
}

/** What stands in a home counts only if the home belongs to its user. Where no node can be asked, it is believed. */
export function createHomeCheck({ accounts }: { readonly accounts: Accounts }): HomeCheck {
  async function uidOf(user: UserName, nodes: readonly NodeId[], signal: AbortSignal) {
    for (const node of nodes.slice(0, MAX_ASKED)) {
      const account = await accounts.find(node, user, signal).catch(() => undefined);
      if (account !== undefined) return account.uid;
    }
    return undefined;
  }

  return {
    async confirm(user, home, nodes, signal) {
      const read = lastRead(home);
      if (home === undefined || read === undefined) return home;
      if (read.ownerUid === ROOT || NOBODY.includes(read.ownerUid)) return disbelieve(read);
      if (read.records.length + read.claims.length === 0) return home;
      const uid = await uidOf(user, nodes, signal);
      return uid === undefined || uid === read.ownerUid ? home : disbelieve(read);
    },
  };
}

/** Nodes asked for an account before the home is believed as it is. */
const MAX_ASKED = 2;

function disbelieve({ atMs, ownerUid }: HomeRead): HomeReading {
  return { kind: "unreadable", atMs, reason: `the home belongs to uid ${ownerUid}, not to its user` };
}
