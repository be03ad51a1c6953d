import { keyText, type Closure, type ClusterSnapshot, type NodeId, type UserName } from "../../model.ts";
import { isAbout } from "../../plan.ts";
import type { Clock, StopNotices } from "../../ports.ts";
import { closesAtMs, closingWords } from "./decide/closing.ts";
import type { ArrivalNews } from "../way-in/decide/closing-page.ts";
import type { OwnServer } from "./decide/home-page.ts";
import { createLru } from "../web/decide/lru.ts";

export interface ServerNewsDeps {
  readonly stopNotices: StopNotices;
  readonly keeps: Keeps;
  readonly cluster: { snapshot(): ClusterSnapshot };
  readonly clock: Pick<Clock, "now" | "timeZone">;
}

/** The servers that owners keep although they are idle. */
export interface Keeps {
  /** By `keyText`, until when. */
  of(users: readonly UserName[]): Promise<ReadonlyMap<string, number>>;
}

/** What is going to happen to servers, for their owners. */
export interface ServerNews extends ArrivalNews {
  /** These servers of one user, with what is known of each. */
  tell(user: UserName, servers: readonly OwnServer[]): Promise<readonly OwnServer[]>;
}

/** Sessions whose users are remembered to have been told; who is forgotten is told once more. */
const MAX_TOLD = 10_000;

export function createServerNews({ stopNotices, keeps, cluster, clock }: ServerNewsDeps): ServerNews {
  const told = createLru<string, string>(MAX_TOLD);

  function closureOf(node: NodeId): Closure | undefined {
    return cluster.snapshot().nodes.find(({ spec }) => spec.id === node)?.closure;
  }

  function closing(node: NodeId): string | undefined {
    return closingWords(node, closureOf(node), clock.now(), clock.timeZone);
  }

  return {
    tellOnce({ id }, node) {
      const closure = closureOf(node);
      const words = closing(node);
      if (words === undefined || closure === undefined || closesAtMs(closure) === undefined) return undefined;
      if (told.get(id) === words) return undefined;
      told.set(id, words);
      return words;
    },
    async tell(user, servers) {
      const [notices, kept] = await Promise.all([stopNotices.of(user), keeps.of([user])]);
      return servers.map((server) => {
        const { key, node } = server;
        return {
          ...server,
          notice: notices.find((each) => isAbout(each, server)),
          keptUntilMs: kept.get(keyText(key)),
          closing: closing(node),
        };
      });
    },
  };
}
