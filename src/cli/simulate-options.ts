import { type Command, InvalidArgumentError, Option } from "commander";
import type { z } from "zod";
import { Duration, Size } from "../config-values.ts";
import { POLICIES, type PolicyName } from "../simulation/decide/policies.ts";

export interface SimulateOptions {
  readonly nodes: number;
  readonly memory: readonly number[];
  readonly cores: number;
  readonly users?: number;
  readonly days?: number;
  readonly arrivals?: string;
  readonly policy: readonly PolicyName[];
  readonly seed: number;
  readonly sampleEvery: number;
  readonly sampleDelay: number;
  readonly rebalance?: true;
  readonly svg?: string;
  readonly json?: true;
}

export const USERS_A_NODE = 50;
export const DAYS = 7;

/** The command and what it takes; values are read and checked here. */
export function simulateCommand(program: Command): Command {
  return program
    .command("simulate")
    .description("replay a workload under several placement policies, without touching anything")
    .option("--nodes <n>", "how many nodes", whole(1, 10_000), 100)
    .addOption(
      new Option("--memory <sizes>", "their memory; several, by commas, are given out in turn")
        .argParser((text: string) => text.split(",").map(parsed(Size)))
        .default([64 * 1024 ** 3], "64G"),
    )
    .option("--cores <n>", "cores of each node", whole(1, 10_000), 16)
    .option(
      "--users <n>",
      `users of the built-in workload (default: ${USERS_A_NODE} a node)`,
      whole(2, 100_000),
    )
    .option("--days <n>", `days to replay (default: ${DAYS}, or all of the CSV)`, whole(1, 366))
    .option("--arrivals <csv>", "replay these sessions instead of the built-in workload")
    .addOption(
      new Option("--policy <names>", `all, or some of ${POLICIES.join(", ")}`)
        .argParser(policies)
        .default(POLICIES, "all"),
    )
    .option("--seed <n>", "of the workload, and of policies that draw lots", whole(0, 2 ** 32 - 1), 1)
    .addOption(duration("--sample-every <time>", "how often nodes report their load", "2s"))
    .addOption(duration("--sample-delay <time>", "how long a report is under way", "500ms"))
    .option("--rebalance", "also replay it with rebalancing, every 10 minutes, and say what that did")
    .option("--svg <file>", "write a picture of the results")
    .option("--json", "as JSON");
}

function policies(text: string): readonly PolicyName[] {
  if (text === "all") return POLICIES;
  return text.split(",").map((name) => {
    const known = POLICIES.find((each) => each === name);
    if (known === undefined) throw new InvalidArgumentError(`There are ${POLICIES.join(", ")}, and all.`);
    return known;
  });
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`);
  };
}

function duration(flags: string, description: string, otherwise: string): Option {
  const parse = parsed(Duration);
  return new Option(flags, description).argParser(parse).default(parse(otherwise), otherwise);
}

/** Reads a quantity as the configuration does. */
function parsed(schema: z.ZodType<number>): (text: string) => number {
  return (text) => {
    const result = schema.safeParse(text);
    if (result.success && result.data > 0) return result.data;
    throw new InvalidArgumentError(`It takes ${result.error?.issues[0]?.message ?? "more than nothing"}.`);
  };
}
