import { z } from "zod";
import { count, size } from "../../../amounts.ts";
import { parseJsonText } from "../../../json-text.ts";
import type { Offer, Wish } from "../../../model.ts";

/** A kind of machine that the site lets users choose. */
export interface Choice extends Wish {
  /** In links: `/?choice=gpu`. */
  readonly name: string;
  /** For people. */
  readonly title: string;
}

/** What a user chose last, and in which groups the sign-in told them to be then, of those that ask for labels. */
export interface KeptWish {
  readonly choice?: string;
  readonly groups: readonly string[];
}

const Kept = z.object({ choice: z.string().exactOptional(), groups: z.array(z.string()).default([]) });

/** A group that the user is in, by whose word, and what its members ask for. */
export interface Membership {
  readonly group: string;
  readonly from: "sign-in" | "system";
  readonly labels: readonly string[];
}

export interface Groups {
  readonly memberships: readonly Membership[];
  /** Why they may be out of date, for a person; empty otherwise. */
  readonly trouble: string;
}

/** What a server asks for, and why. */
export interface ExplainedWish extends Wish, Groups {
  readonly choice?: string;
}

export type GroupLabels = Readonly<Record<string, Pick<Wish, "labels">>>;

/** The wishes of one user as the store keeps them, by server, the latest last; none if it has anything else. */
export function parseKeptWishes(text: string | undefined): ReadonlyMap<string, KeptWish> {
  return new Map(parseJsonText(z.array(z.tuple([z.string(), Kept])), text));
}

/** The labels that members of a group ask for. */
export function labelsOf(group: string, asked: GroupLabels): readonly string[] {
  return Object.hasOwn(asked, group) ? (asked[group]?.labels ?? []) : [];
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
