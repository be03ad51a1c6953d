import type { NodeId, ServerKey } from "../../model.ts";
import type { Accounts, Clock } from "../../ports.ts";
import { parseAccountName } from "../../user-name.ts";

/** A process's word about whose server it is, and the account that it runs as. */
interface ClaimedServer {
  readonly key: ServerKey;
  readonly uid: number;
}

/** Whether those who say that they are somebody's servers run as that user's account. */
export interface ProcessOwners {
  /** Throws what the node's agent does. */
  readonly isOwn: (node: NodeId, server: ClaimedServer) => Promise<boolean>;
  /** By what was found out before: it runs as somebody else. */
  readonly isImpostor: (server: ClaimedServer) => boolean;
}

const CHECK_EVERY_MS = 86_400_000;
const ASK_MS = 10_000;
/** Names that processes make up do not fill the memory. */
const MOST_CHECKED = 20_000;

export function createProcessOwners({
  accounts,
  clock,
}: {
  readonly accounts: Accounts;
  readonly clock: Pick<Clock, "now" | "deadline">;
}): ProcessOwners {
  const checked = new Map<string, { readonly isOwn: boolean; readonly untilMs: number }>();

  function known(server: ClaimedServer): boolean | undefined {
    const answer = checked.get(wordOf(server));
    return answer !== undefined && answer.untilMs > clock.now() ? answer.isOwn : undefined;
  }

  async function ask(node: NodeId, server: ClaimedServer): Promise<boolean> {
    const name = parseAccountName(server.key.user);
    const account = name && (await accounts.find(node, name, clock.deadline(ASK_MS)));
    const isOwn = account ? account.uid === server.uid : false;
    if (checked.size >= MOST_CHECKED) checked.clear();
    checked.set(wordOf(server), { isOwn, untilMs: clock.now() + CHECK_EVERY_MS });
    return isOwn;
  }

  return {
    isOwn: async (node, server) => known(server) ?? ask(node, server),
    isImpostor: (server) => known(server) === false,
  };
}

function wordOf({ key, uid }: ClaimedServer): string {
  return `${key.user}/${uid}`;
}
