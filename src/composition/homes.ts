import type { Config } from "../config.ts";
import { answering, keysIn, lastAnswer } from "../discovery/decide/report.ts";
import { createAccountPlaces, createTemplatePlaces } from "../discovery/home-places.ts";
import { createHomeReader } from "../discovery/io/home-reader.ts";
import { type Homes, NO_HOMES } from "../discovery/locate.ts";
import type { Survey } from "../discovery/survey.ts";
import { createSweep } from "../discovery/sweep.ts";
import type { UserName } from "../model.ts";
import type { Accounts, Service } from "../ports.ts";
import type { System } from "./node-reach.ts";

/** What is read from the users' homes, and the services that do it; nothing where the router reads none. */
export function composeHomes(
  { home }: Config,
  { clock, log }: System,
  { accounts, survey }: { readonly accounts: Accounts; readonly survey: Pick<Survey, "reports"> },
): { readonly homes: Homes; readonly services: readonly Service[] } {
  if (!home.read) return { homes: NO_HOMES, services: [] };
  const reader = createHomeReader({ clock, log }, { deadlineMs: home.deadline, concurrency: 3 * FAN_OUT });
  const places =
    home.path === undefined
      ? createAccountPlaces(accounts, () => answering(survey.reports()))
      : createTemplatePlaces(home.path, reader);
  const sweep = createSweep(
    { reader, places, known: () => usersIn(survey), clock, log },
    { everyMs: 10_000, scanEveryMs: 600_000, fanOut: FAN_OUT, rememberMs: 600_000 },
  );
  return { homes: sweep, services: [reader, sweep] };
}

/** Homes at a time for each of sweep and scan; as many again are left for users who wait. */
const FAN_OUT = 10;

function usersIn({ reports }: Pick<Survey, "reports">): readonly UserName[] {
  const answers = [...reports().values()].flatMap((report) => lastAnswer(report) ?? []);
  return [...new Set(answers.flatMap(keysIn).map(({ user }) => user))];
}
