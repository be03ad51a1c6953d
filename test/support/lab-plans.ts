import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { PlanAnswer } from "../../src/router/admin/decide/plan-views.ts";
import type { Lab, RouterProcess } from "./lab.ts";

/** What a site says that wants to see rebalancing at work within seconds; the schedule is as good as never. */
export const QUICK_REBALANCING = {
  rebalance: {
    ...{ schedule: "0 0 29 2 *", time_zone: "UTC", grace: "2s", rest: "1s", settle: "1s", least_relief: 0 },
    caps: { per_node: 5, per_run: 5, per_user_per_day: 9 },
  },
  idle: { after: "5s" },
};

/** How full the memory of the nodes seems to be, in per cent of 4 GB. */
export function setUse(lab: Lab, uses: Readonly<Record<string, number>>): void {
  for (const [node, percent] of Object.entries(uses))
    lab.run("load", node, "0.1", "4000", String(Math.round(40 * (100 - percent))));
}

/** Runs a command that prints a plan as JSON, whatever its exit code. */
export function planBy(router: RouterProcess, ...words: readonly string[]): PlanAnswer {
  try {
    return JSON.parse(router.command(...words, "--json")) as PlanAnswer;
  } catch (err) {
    return JSON.parse((err as { readonly stdout: string }).stdout) as PlanAnswer;
  }
}

/** "cordon node1: done", "stop alice: open", "stop bob: skipped, a kernel is busy". */
export function inBrief({ moves }: PlanAnswer): readonly string[] {
  return moves.map(({ kind, node, stop, outcome }) => {
    const what = stop === null ? `${kind} ${node}` : `stop ${stop.user}`;
    const why = outcome?.result === "skipped" || outcome?.result === "failed" ? `, ${outcome.words}` : "";
    return `${what}: ${outcome?.result ?? "open"}${why}`;
  });
}

/** The users whose servers a plan stops, in its order. */
export function stopped({ moves }: PlanAnswer): readonly string[] {
  return moves.flatMap(({ stop }) => (stop === null ? [] : [stop.user]));
}

/** What a router's audit log says of moves. */
export function auditOf({ configFile }: RouterProcess, state = "state"): readonly Record<string, unknown>[] {
  const text = execFileSync("sh", [
    "-c",
    `cat ${join(dirname(configFile), state)}/audit.jsonl 2>/dev/null || true`,
  ]);
  const lines = text.toString().split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Whether a router has written down that it is about to make a move. */
export function isUnderWay({ configFile }: RouterProcess, move: string): boolean {
  const folder = join(dirname(configFile), "state/rebalancing");
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  return texts.some((text) => {
    const { body } = JSON.parse(text) as { readonly body: string };
    return body.includes(`"underWay":{"move":"${move}"`);
  });
}
