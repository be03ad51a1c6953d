import { z } from "zod";
import { parseJsonText } from "../json-text.ts";
import type { PlanRecord } from "../plan.ts";
import type { Clock } from "../ports.ts";
import { parsePlanRecord } from "./decide/plan-document.ts";
import type { Shelf } from "./shelf.ts";

/** The plans of the last days. Only the router that leads writes in it. */
export interface PlanBook {
  /** The newest first. */
  all(): Promise<readonly PlanRecord[]>;
  /** Those that something may still come of. */
  open(): Promise<readonly PlanRecord[]>;
  find(id: string): Promise<PlanRecord | undefined>;
  save(record: PlanRecord): Promise<void>;
}

export interface PlanBookOptions {
  readonly keepMs: number;
  /** Of plans that are over; those of the last day are kept anyway, for the caps are counted by them. */
  readonly keepMost: number;
}

const Entry = z.object({ id: z.string(), madeAtMs: z.number(), state: z.string() });
type Entry = z.infer<typeof Entry>;

const INDEX = "plans";
const DAY_MS = 86_400_000;
const OPEN = ["waiting", "acting", "grace"];

export function createPlanBook(
  { shelf, clock }: { readonly shelf: Shelf; readonly clock: Pick<Clock, "now"> },
  { keepMs, keepMost }: PlanBookOptions,
): PlanBook {
  async function index(): Promise<readonly Entry[]> {
    return parseJsonText(z.array(Entry), await shelf.get(INDEX)) ?? [];
  }

  async function read(entries: readonly Entry[]): Promise<readonly PlanRecord[]> {
    const records = await Promise.all(entries.map(({ id }) => find(id)));
    return records.filter((record) => record !== undefined);
  }

  async function find(id: string): Promise<PlanRecord | undefined> {
    return isPlanId(id) ? parsePlanRecord(await shelf.get(nameOf(id))) : undefined;
  }

  /** Of plans with nothing to do only the newest is of interest. */
  function worthKeeping(entries: readonly Entry[]): readonly Entry[] {
    const nowMs = clock.now();
    const dull = entries.find(({ state }) => state === "nothing");
    return entries.filter((entry, i) => {
      if (OPEN.includes(entry.state)) return true;
      if (entry.state === "nothing") return entry === dull;
      const ageMs = nowMs - entry.madeAtMs;
      return ageMs <= DAY_MS || (ageMs <= keepMs && i < keepMost);
    });
  }

  return {
    all: async () => read(await index()),
    open: async () => read((await index()).filter(({ state }) => OPEN.includes(state))),
    find,
    async save(record) {
      const { plan, state } = record;
      const before = await index();
      const known = before.find(({ id }) => id === plan.id);
      await shelf.put(nameOf(plan.id), JSON.stringify(record));
      if (known?.state === state) return;
      const others = before.filter(({ id }) => id !== plan.id);
      const entries = [{ id: plan.id, madeAtMs: plan.madeAtMs, state }, ...others].toSorted(
        (a, b) => b.madeAtMs - a.madeAtMs,
      );
      const kept = worthKeeping(entries);
      await shelf.put(INDEX, JSON.stringify(kept));
      for (const entry of entries.filter((each) => !kept.includes(each))) {
        await shelf.remove(nameOf(entry.id));
        await shelf.remove(approvalName(entry.id));
      }
    },
  };
}

/** Under which somebody's approval of a plan is on the shelf. */
export function approvalName(id: string): string {
  return `approval-${id}`;
}

function nameOf(id: string): string {
  return `plan-${id}`;
}

/** A plan's id becomes a file's name. */
function isPlanId(id: string): boolean {
  return /^[0-9]{8}-[0-9]{6}-[a-z0-9]{4}$/.test(id);
}

/** Tells when it was made: "20261120-174000-x7f2". */
export function planId(atMs: number, random: number): string {
  const [date = "", time = ""] = new Date(atMs).toISOString().replace(/[-:]/g, "").split(/[T.]/);
  const tail = Math.floor(random * 36 ** 4).toString(36);
  return `${date}-${time}-${tail.padStart(4, "0")}`;
}
