import { z } from "zod";
import { count, size } from "../../amounts.ts";
import { parseJsonText } from "../../json-text.ts";
import type { Offer, Wish } from "../../model.ts";

/** A kind of machine that the site lets users choose. */
export interface Choice extends Wish {
  /** In links: `/?choice=gpu`. */
  readonly name: string;
  /** For people. */
  readonly title: string;
}

/** What a user chose last, and the labels that their groups gave them then. */
export interface KeptWish {
  readonly choice?: string;
  readonly labels: readonly string[];
}

const Kept = z.object({ choice: z.string().exactOptional(), labels: z.array(z.string()).max(100) });

/** The wishes of one user as the store keeps them, by server, the latest last; none if it has anything else. */
export function parseKeptWishes(text: string | undefined): ReadonlyMap<string, KeptWish> {
  return new Map(parseJsonText(z.array(z.tuple([z.string(), Kept])), text));
}

/** The labels that members of these groups ask for. */
export function labelsOf(
  groups: readonly string[],
  wishes: Readonly<Record<string, Pick<Wish, "labels">>>,
): readonly string[] {
  const wanted = Object.entries(wishes).filter(([group]) => groups.includes(group));
  return [...new Set(wanted.flatMap(([, { labels }]) => labels))].toSorted();
}

/** What a choice and the labels of one's groups come to. */
export function wishOf(choice: Wish | undefined, labels: readonly string[]): Wish {
  return {
    labels: [...new Set([...labels, ...(choice?.labels ?? [])])].toSorted(),
    gpus: choice?.gpus ?? 0,
  };
}

/** What is left, for a person. */
export function offerText({ nodes, best }: Offer): string {
  if (best === undefined) return "no node can take such a server now";
  const cores = best.idleCores === 0 ? "no idle core" : count(best.idleCores, "idle core");
  const others = nodes === 1 ? "" : `, one of ${nodes} nodes`;
  return `${size(best.freeBytes)} of memory free, ${cores}${gpuText(best)} on ${best.node}${others}`;
}

function gpuText({ gpus, freeGpus, areGpusShared }: NonNullable<Offer["best"]>): string {
  if (gpus === 0) return "";
  return areGpusShared
    ? `, ${count(gpus, "GPU")} shared by all`
    : `, ${freeGpus} of ${count(gpus, "GPU")} free`;
}
