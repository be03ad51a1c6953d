import type { Store } from "../../cache-ports.ts";
import { AppError } from "../../errors.ts";
import type { ServerKey, Wish } from "../../model.ts";
import type { Clock, Log, Placer } from "../../ports.ts";
import { wishOf, type Choice, type ExplainedWish, type Groups } from "./decide/choice.ts";
import type { Traveller } from "./decide/way-in.ts";
import type { Trip } from "./journeys.ts";
import { createKeptWishes } from "./kept-wishes.ts";
import type { Memberships } from "./memberships.ts";

export interface WishesDeps {
  readonly store: Store;
  readonly placer: Pick<Placer, "offer" | "recall">;
  readonly memberships: Memberships;
  readonly clock: Clock;
  readonly log: Pick<Log, "debug">;
}

export interface WishesOptions {
  /** Empty: nobody is asked. */
  readonly choices: readonly Choice[];
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
  known(key: ServerKey, traveller?: Traveller): Promise<ExplainedWish>;
}

export function createWishes(deps: WishesDeps, options: WishesOptions): Wishes {
  const { store, placer, memberships, clock, log } = deps;
  const { choices } = options;
  const kept = createKeptWishes({ store, log });

  function find(name: string | undefined): Choice | undefined {
    return choices.find((choice) => choice.name === name);
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
      await kept.keep(key, { ...(await kept.of(key)), choice: name });
      return true;
    },
    async settle(trip, traveller, signal) {
      const before = await kept.of(trip.key);
      const groups = await memberships.of(traveller.user, traveller.groups);
      const labels = labelsIn(groups);
      const told = toldBySignIn(groups);
      const chosen = find(before.choice);
      const choice = chosen ?? (choices.length === 0 ? undefined : await ask(trip, labels, signal));
      if (choice !== undefined || told.length > 0 || before.groups.length > 0) {
        await kept.keep(trip.key, { ...(choice && { choice: choice.name }), groups: told });
      }
      return wishOf(choice, labels);
    },
    async known(key, traveller) {
      const before = await kept.of(key);
      const groups = await memberships.of(key.user, traveller?.groups ?? before.groups);
      const choice = find(before.choice);
      return { ...wishOf(choice, labelsIn(groups)), ...(choice && { choice: choice.name }), ...groups };
    },
  };
}

function labelsIn({ memberships }: Groups): readonly string[] {
  return memberships.flatMap(({ labels }) => labels);
}

/** What is remembered of it: the groups that ask for labels. */
function toldBySignIn({ memberships }: Groups): readonly string[] {
  return memberships
    .filter(({ from, labels }) => from === "sign-in" && labels.length > 0)
    .map(({ group }) => group);
}
