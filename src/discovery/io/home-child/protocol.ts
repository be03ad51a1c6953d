import type { HomeLook } from "../../../home-model.ts";
import type { UserName } from "../../../model.ts";

/** What the router asks of the process that reads homes, and what that answers; by number, in any order. */
export type Question =
  | { readonly kind: "look"; readonly user: UserName; readonly home: string }
  | { readonly kind: "list"; readonly directory: string };

export type Answer =
  | { readonly kind: "looked"; readonly look: HomeLook }
  | { readonly kind: "listed"; readonly names: readonly string[] }
  | { readonly kind: "unreadable"; readonly reason: string };

export interface Asked {
  readonly id: number;
  readonly question: Question;
  /** When nobody waits for the answer any more. */
  readonly withinMs: number;
}

export type FromChild = { readonly id: number; readonly answer: Answer } | "ready";
