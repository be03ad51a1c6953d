import { percent } from "../../../amounts.ts";
import type { MoveAnswer, PlanAnswer } from "./plan-views.ts";

/** What plans say to people, on pages and on the command line. */

export function moveWords({ kind, node, stop }: MoveAnswer): string {
  switch (kind) {
    case "cordon":
      return `keep new servers away from ${node}`;
    case "uncordon":
      return `let ${node} take new servers again`;
    case "warm-hub":
      return `start the hub of ${node}`;
    case "stop-hub":
      return `stop the hub of ${node}, which nobody uses`;
    case "stop-server":
      return `stop ${serverWords(stop)} on ${node}, idle since ${stop?.idleSince ?? "?"}`;
  }
}

export function serverWords(of: { readonly user: string; readonly server: string } | null): string {
  if (of === null) return "a server";
  return of.server === "" ? `the server of ${of.user}` : `${of.user}'s server ${of.server}`;
}

const STATES: Readonly<Record<PlanAnswer["state"], string>> = {
  waiting: "waits for approval",
  acting: "is being carried out",
  grace: "is being carried out; the rest follows when owners have had their time",
  done: "is over",
  nothing: "has nothing to do",
  expired: "was not approved in time",
  rehearsed: "is not kept",
};

export function stateWords({ state, approvedBy }: PlanAnswer): string {
  return `${STATES[state]}${approvedBy === null ? "" : `, by the word of ${approvedBy}`}`;
}

/** "91 % → 74 %". */
export function useWords(before: number | null, after: number | null): string {
  return `${share(before)} → ${share(after)}`;
}

function share(use: number | null): string {
  return use === null ? "?" : percent(use);
}
