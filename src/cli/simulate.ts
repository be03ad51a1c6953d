import type { Command } from "commander";
import { readFile, writeFile } from "node:fs/promises";
import { count, percent } from "../amounts.ts";
import { createRouterPolicy } from "../composition/simulation.ts";
import { parseConfig } from "../config.ts";
import { AppError } from "../errors.ts";
import type { NodeId } from "../model.ts";
import { parseArrivals } from "../simulation/decide/arrivals-csv.ts";
import { drawChart } from "../simulation/decide/chart.ts";
import { DAY_MS } from "../simulation/decide/day.ts";
import { createDraw } from "../simulation/decide/draw.ts";
import type { Machine } from "../simulation/decide/machine.ts";
import { comparePolicies } from "../simulation/decide/policies.ts";
import type { Result } from "../simulation/decide/policies.ts";
import type { Policy } from "../simulation/decide/policy.ts";
import { reportRebalancing, type RebalanceReport } from "../simulation/decide/rebalance-report.ts";
import type { Scenario } from "../simulation/decide/replay.ts";
import { changesOf, type Session } from "../simulation/decide/session.ts";
import { drawWorkload } from "../simulation/decide/workload.ts";
import { DAYS, simulateCommand, USERS_A_NODE, type SimulateOptions } from "./simulate-options.ts";
import { formatJson, formatTable, type Terminal } from "./terminal.ts";

/** `simulate`: how placement policies would do, by docs/simulation.md. Needs no router, no node, no configuration. */
export function registerSimulate(program: Command, terminal: Terminal): void {
  simulateCommand(program).action(async (options: SimulateOptions) => {
    const scenario = await scenarioOf(options);
    const results = compare(scenario, options);
    const caption = captionOf(scenario, options);
    if (options.svg !== undefined) await writeFile(options.svg, drawChart(results, caption));
    const facts = factsOf(scenario, options);
    const rebalance = options.rebalance && reportRebalancing(scenario, { seed: options.seed, createRouter });
    if (options.json) terminal.out(formatJson({ ...facts, results, ...(rebalance && { rebalance }) }));
    else terminal.out(`${caption}\n\n${table(results)}${rebalance ? `\n${rebalanceTable(rebalance)}` : ""}`);

    function createRouter(rebalances: boolean): Policy {
      return createRouterPolicy(parseConfig("", { file: "", home: "" }), scenario.sampling, rebalances);
    }
  });
}

function compare(scenario: Scenario, { policy, seed }: SimulateOptions): readonly Result[] {
  const config = parseConfig("", { file: "", home: "" });
  return comparePolicies(scenario, policy, {
    seed,
    createRouter: () => createRouterPolicy(config, scenario.sampling),
  });
}

async function scenarioOf(options: SimulateOptions): Promise<Scenario> {
  const { nodes, memory, cores, sampleEvery, sampleDelay, days } = options;
  const machines = Array.from({ length: nodes }, (_, index): Machine => ({
    id: `node${index + 1}` as NodeId,
    memoryBytes: memory[index % memory.length] as number,
    cores,
  }));
  const sessions = await sessionsOf(options, machines);
  const lastMs = sessions.reduce((last, each) => Math.max(last, changesOf(each).ends.atMs), 0);
  const isWhole = options.arrivals !== undefined && days === undefined;
  const endMs = isWhole ? lastMs : (days ?? DAYS) * DAY_MS;
  const sampling = { everyMs: sampleEvery, delayMs: sampleDelay };
  return { machines, sessions: sessions.filter(({ atMs }) => atMs <= endMs), sampling, endMs };
}

async function sessionsOf(
  options: SimulateOptions,
  machines: readonly Machine[],
): Promise<readonly Session[]> {
  const { arrivals: file, seed, days = DAYS, users = machines.length * USERS_A_NODE } = options;
  if (file === undefined) return drawWorkload(createDraw(seed), { users, days, machines: machines.length });
  const arrivals = parseArrivals(await readFile(file, "utf8"), machines);
  if (arrivals.kind === "arrivals") return arrivals.sessions;
  const lines = arrivals.problems.map(({ line, problem }) => `\n  ${file}:${line}: ${problem}`);
  throw new AppError("BAD_ARRIVALS", `these arrivals cannot be replayed:${lines.join("")}`, {
    remedy: "docs/simulation.md says what the columns are",
  });
}

function factsOf({ machines, sessions, endMs }: Scenario, { seed, arrivals }: SimulateOptions) {
  const days = Math.round((endMs / DAY_MS) * 100) / 100;
  return {
    workload: arrivals ?? "built-in",
    seed,
    nodes: machines.length,
    days,
    sessions: sessions.length,
  };
}

function captionOf(scenario: Scenario, options: SimulateOptions): string {
  const { workload, seed, nodes, days, sessions } = factsOf(scenario, options);
  return `${workload} workload, seed ${seed}: ${count(sessions, "session")} on ${count(nodes, "node")} in ${count(days, "day")}`;
}

function table(results: readonly Result[]): string {
  const rows = results.map((each) => [
    each.policy,
    `${each.hotNodeMinutes}`,
    `${each.regret}`,
    `${each.sessionsUnderPressure}`,
    percent(each.worstUse),
    percent(each.meanUse),
    `${each.rejected}`,
  ]);
  return formatTable([["POLICY", "HOT MINUTES", "REGRET", "HIT", "WORST", "MEAN", "REJECTED"], ...rows]);
}

function rebalanceTable(report: RebalanceReport): string {
  const { stopped, movesPerDay, cameBack } = report;
  return [
    formatTable([
      ["MULTIJHUB", "HOT MINUTES", "HIT", "WORST", "MEAN", "REJECTED"],
      [
        "without rebalancing",
        `${report.hotNodeMinutesWithout}`,
        `${report.sessionsUnderPressureWithout}`,
        percent(report.worstUseWithout),
        percent(report.meanUseWithout),
        `${report.rejectedWithout}`,
      ],
      [
        "with rebalancing",
        `${report.hotNodeMinutes}`,
        `${report.sessionsUnderPressure}`,
        percent(report.worstUse),
        percent(report.meanUse),
        `${report.rejected}`,
      ],
    ]),
    `${count(stopped, "server")} stopped, ${movesPerDay} a day; owners came back to ${cameBack} of them\n`,
  ].join("\n");
}
