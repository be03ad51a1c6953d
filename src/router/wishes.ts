import type { Store } from "../cache-ports.ts";
import { AppError } from "../errors.ts";
import type { ServerKey, UserName, Wish } from "../model.ts";
import type { Clock, Log, Placer } from "../ports.ts";
import { labelsOf, parseKeptWishes, wishOf, type Choice, type KeptWish } from "./decide/choice.ts";
import type { Traveller } from "./decide/way-in.ts";
import type { Trip } from "./journeys.ts";

export interface WishesDeps {
  readonly store: Store;
  readonly placer: Pick<Placer, "offer" | "recall">;
  readonly clock: Clock;
  readonly log: Pick<Log, "debug">;
}

export interface WishesOptions {
  /** Empty: nobody is asked. */
  readonly choices: readonly Choice[];
  /** What members of a group ask for. */
  readonly groups: Readonly<Record<string, Pick<Wish, "labels">>>;
  readonly patienceMs: number;
  readonly lookAgainMs: number;
}

/** What users ask of the machines their servers run on; what they chose is kept for the next time. */
export interface Wishes {
  readonly choices: readonly Choice[];
  /** False if there is no such choice. */
  choose(key: ServerKey, name: string): Promise<boolean>;
  /** Asks the user, if there is a choice and they have not made it; throws UNDECIDED when they do not answer. */
  settle(trip: Trip, traveller: Traveller, signal: AbortSignal): Promise<Wish>;
  /** The wish as far as it is known; without a traveller, with the groups that the user had last. */
  known(key: ServerKey, traveller?: Traveller): Promise<Wish>;
}

const KEEP_MS = 365 * 86_400_000;
/** Of one user, the latest: names of servers can be made up without end. */
const MOST_KEPT = 50;

export function createWishes({ store, placer, clock, log }: WishesDeps, options: WishesOptions): Wishes {
  const { choices, groups } = options;

  function find(name: string | undefined): Choice | undefined {
    return choices.find((choice) => choice.name === name);
  }

  async function allKept(user: UserName): Promise<ReadonlyMap<string, KeptWish>> {
    return parseKeptWishes(await store.get(wishesKey(user)).catch(() => undefined));
  }

  async function kept({ user, server }: ServerKey): Promise<KeptWish> {
    return (await allKept(user)).get(server) ?? { labels: [] };
  }

  async function keep({ user, server }: ServerKey, wish: KeptWish): Promise<void> {
    const others = [...(await allKept(user))].filter(([name]) => name !== server);
    const text = JSON.stringify([...others, [server, wish]].slice(-MOST_KEPT));
    await store.set(wishesKey(user), text, KEEP_MS).catch((err: unknown) => {
      log.debug({ err }, "store not available, a choice is not remembered");
    });
  }

  async function ask(trip: Trip, labels: readonly string[], signal: AbortSignal): Promise<Choice> {
    const untilMs = clock.now() + options.patienceMs;
    await placer.recall(trip.key.user);
    while (clock.now() < untilMs) {
      const offers = choices.map((choice) => {
        const offer = placer.offer(trip.key, wishOf(choice, labels));
        return { name: choice.name, title: choice.title, offer };
      });
      trip.tell({ kind: "obstacle", obstacle: { kind: "wish", offers } });
      const decision = trip.takeDecision();
      const chosen = decision?.kind === "wish" ? find(decision.name) : undefined;
      if (chosen !== undefined) return chosen;
      await clock
        .sleep(options.lookAgainMs, AbortSignal.any([signal, trip.decided()]))
        .catch(() => undefined);
      signal.throwIfAborted();
    }
    throw new AppError("UNDECIDED", "you have not chosen a kind of machine");
  }

  return {
    choices,
    async choose(key, name) {
      if (find(name) === undefined) return false;
      await keep(key, { ...(await kept(key)), choice: name });
      return true;
    },
    async settle(trip, traveller, signal) {
      const labels = labelsOf(traveller.groups, groups);
      if (choices.length === 0 && labels.length === 0) return wishOf(undefined, []);
      const before = find((await kept(trip.key)).choice);
      const choice = before ?? (choices.length === 0 ? undefined : await ask(trip, labels, signal));
      await keep(trip.key, { ...(choice && { choice: choice.name }), labels });
      return wishOf(choice, labels);
    },
    async known(key, traveller) {
      const { choice, labels } = await kept(key);
      return wishOf(find(choice), traveller === undefined ? labels : labelsOf(traveller.groups, groups));
    },
  };
}

function wishesKey(user: UserName): string {
  return `wishes:${user}`;
}
