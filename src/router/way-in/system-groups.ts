import { z } from "zod";
import { span } from "../../amounts.ts";
import type { Store } from "../../cache-ports.ts";
import { within } from "../../deadline.ts";
import { AppError } from "../../errors.ts";
import { parseJsonText } from "../../json-text.ts";
import { createSharedWork } from "../../lifecycle.ts";
import type { UserName } from "../../model.ts";
import type { Clock, Log, SystemDirectory } from "../../ports.ts";
import { parseAccountName } from "../../user-name.ts";
import { createLru } from "../web/decide/lru.ts";

export interface SystemGroupsDeps {
  readonly directory: SystemDirectory;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Pick<Log, "warn" | "info">;
}

export interface SystemGroupsOptions {
  /** How long anybody waits for an answer. */
  readonly deadlineMs: number;
  /** For so long an answer is not asked for again. */
  readonly freshMs: number;
  /** For so long it stands in for one that does not come. */
  readonly keepMs: number;
  /** The groups that are kept. */
  readonly ofUse: readonly string[];
}

/** The groups of users by the word of the router's own system. Never throws. */
export interface SystemGroups {
  of(user: UserName): Promise<GroupsSaid>;
}

interface GroupsSaid {
  readonly groups: readonly string[];
  /** Why this is not what the system says now, for a person; empty if it is. */
  readonly trouble: string;
}

/** Where it is not asked. */
export const NO_SYSTEM_GROUPS: SystemGroups = { of: () => Promise.resolve({ groups: [], trouble: "" }) };

/** Asks once for all who ask at the same time; where no answer comes, what it said last counts for a while. */
export function createSystemGroups(deps: SystemGroupsDeps, options: SystemGroupsOptions): SystemGroups {
  const { directory, store, clock, log } = deps;
  const { deadlineMs, freshMs, keepMs, ofUse } = options;
  const fresh = createLru<UserName, { readonly said: GroupsSaid; readonly untilMs: number }>(MOST_FRESH);
  const questions = createSharedWork(say);
  let isSilent = false;

  async function say(user: UserName, stopping: AbortSignal): Promise<GroupsSaid> {
    const account = parseAccountName(user);
    if (account === undefined) return { groups: [], trouble: "no account can have this name" };
    try {
      const deadline = clock.deadline(deadlineMs);
      const limits = { signal: stopping, deadline, late: (cause: unknown) => late(deadlineMs, cause) };
      const groups = await within(limits, (signal) => directory.groupsOf(account, signal));
      noteAnswer();
      if (groups !== undefined) return await learn(user, groups);
      const said = await lastKnown(user, `the router's system knows no account ${user}`);
      if (said.groups.length > 0)
        log.warn({ user }, "the system knows an account no more, what it told last counts");
      return said;
    } catch (err) {
      noteSilence(err);
      return lastKnown(user, `the router's system does not tell the groups of ${user}: ${messageOf(err)}`);
    }
  }

  async function learn(user: UserName, groups: readonly string[]): Promise<GroupsSaid> {
    const said = { groups, trouble: "" };
    fresh.set(user, { said, untilMs: clock.now() + freshMs });
    const kept = groups.filter((group) => ofUse.includes(group));
    const text = JSON.stringify({ groups: kept, atMs: clock.now() });
    await store.set(groupsKey(user), text, keepMs).catch(() => undefined);
    return said;
  }

  /** Also of an account that it does not know: a directory service that is away looks the same. */
  async function lastKnown(user: UserName, why: string): Promise<GroupsSaid> {
    const known = parseJsonText(Kept, await store.get(groupsKey(user)).catch(() => undefined));
    if (known === undefined) return { groups: [], trouble: why };
    const age = span(clock.now() - known.atMs);
    return { groups: known.groups, trouble: `${why}; what it told ${age} ago counts` };
  }

  /** Once each time it begins or ends: everybody who starts a server would say the same. */
  function noteSilence(err: unknown): void {
    if (!isSilent) log.warn({ err }, "the system does not tell groups, what it told last counts");
    isSilent = true;
  }

  function noteAnswer(): void {
    if (isSilent) log.info({}, "the system tells groups again");
    isSilent = false;
  }

  return {
    of(user) {
      const known = fresh.get(user);
      if (known !== undefined && known.untilMs > clock.now()) return Promise.resolve(known.said);
      return questions.join(user, new AbortController().signal);
    },
  };
}

const MOST_FRESH = 10_000;
const Kept = z.object({ groups: z.array(z.string()), atMs: z.number() });

function groupsKey(user: UserName): string {
  return `groups:${user}`;
}

function late(deadlineMs: number, cause: unknown): AppError {
  const remedy = "see what nsswitch.conf names for passwd and group: SSSD, LDAP";
  return new AppError("DIRECTORY_SILENT", `no answer within ${span(deadlineMs)}`, { cause, remedy });
}

function messageOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err);
}
