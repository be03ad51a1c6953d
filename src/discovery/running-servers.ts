import type { NodeId, UserName } from "../model.ts";
import type { Accounts } from "../ports.ts";
import type { Sighting } from "../sighting.ts";
import { answering, lastAnswer, type Answered, type Seen } from "./decide/report.ts";
import { sightingsOn } from "./decide/sightings.ts";
import { fanOut } from "./fan-out.ts";
import type { Homes } from "./locate.ts";
import type { Survey } from "./survey.ts";

export interface RunningServersDeps {
  readonly survey: Pick<Survey, "reports" | "refresh">;
  readonly homes: Pick<Homes, "reading" | "refresh">;
  readonly accounts: Accounts;
}

/** Everybody's servers, for who looks after all of them. */
export interface RunningServers {
  /** What is said of servers on these nodes afterwards is no older than this call, as far as their homes can be read. */
  lookAfresh(nodes: readonly NodeId[], signal: AbortSignal): Promise<void>;
  /** On all nodes that answer. */
  sightings(): readonly Sighting[];
  /** How many users have servers, and how many of them a home that cannot be read. */
  homeCounts(): { readonly users: number; readonly unreadableHomes: number };
}

/** Nodes, accounts or homes at a time. */
const FAN_OUT = 10;

/** A process's word about whose server it is counts only if it runs as that user's account. */
export function createRunningServers({ survey, homes, accounts }: RunningServersDeps): RunningServers {
  /** The words of processes that do, as far as their nodes were asked. */
  const confirmed = new Set<string>();

  function counts(node: NodeId, seen: Seen): boolean {
    return seen.uid === undefined || confirmed.has(wordOf(node, seen));
  }

  /** The last answer of a node, as far as it counts. */
  function answerOf(node: NodeId): Answered | undefined {
    const answer = lastAnswer(survey.reports().get(node));
    if (answer === undefined) return undefined;
    const { servers, processes, ...rest } = answer;
    const own = processes?.filter((seen) => counts(node, seen));
    return { ...rest, servers: servers.filter((seen) => counts(node, seen)), ...(own && { processes: own }) };
  }

  async function askWhose(node: NodeId, signal: AbortSignal): Promise<void> {
    await fanOut(seenIn(lastAnswer(survey.reports().get(node))), FAN_OUT, async (seen) => {
      if (seen.uid === undefined) return;
      const account = await accounts.find(node, seen.key.user, signal);
      if (account?.uid === seen.uid) confirmed.add(wordOf(node, seen));
      else confirmed.delete(wordOf(node, seen));
    });
  }

  function sightingsOf(node: NodeId): readonly Sighting[] {
    const answer = answerOf(node);
    return usersIn(answer).flatMap((user) => sightingsOn(node, answer, homes.reading(user), { user }));
  }

  return {
    async lookAfresh(nodes, signal) {
      await survey.refresh(nodes, 0, signal);
      await fanOut(nodes, FAN_OUT, (node) => askWhose(node, signal));
      const users = new Set(nodes.flatMap((node) => usersIn(answerOf(node))));
      await fanOut([...users], FAN_OUT, (user) => homes.refresh(user, 0, signal));
      signal.throwIfAborted();
    },
    sightings: () => answering(survey.reports()).flatMap(sightingsOf),
    homeCounts() {
      const users = new Set([...survey.reports().keys()].flatMap((node) => usersIn(answerOf(node))));
      const unreadable = [...users].filter((user) => homes.reading(user)?.kind === "unreadable");
      return { users: users.size, unreadableHomes: unreadable.length };
    },
  };
}

function seenIn({ servers, processes = [] }: Pick<Answered, "servers" | "processes"> = { servers: [] }) {
  return [...servers, ...processes];
}

function usersIn(answer: Answered | undefined): readonly UserName[] {
  return [...new Set(seenIn(answer).map(({ key }) => key.user))];
}

/** That this account runs a server of that user. */
function wordOf(node: NodeId, { key, uid }: Seen): string {
  return `${node}/${uid ?? ""}/${key.user}`;
}
