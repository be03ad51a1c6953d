import { Command, CommanderError } from "commander";
import { AppError } from "../errors.ts";
import { registerCheck } from "./check.ts";
import { registerExplain } from "./explain.ts";
import { registerKeys } from "./keys.ts";
import { registerNodes } from "./nodes.ts";
import { registerOrders } from "./orders.ts";
import { registerPlans } from "./plans.ts";
import { registerProvision } from "./provision.ts";
import { registerRebalance } from "./rebalance.ts";
import { registerServe } from "./serve.ts";
import { registerSignOut } from "./sign-out.ts";
import { registerSimulate } from "./simulate.ts";
import { stdio, type Terminal } from "./terminal.ts";
import { registerTrust } from "./trust.ts";
import { registerUpgrade } from "./upgrade.ts";
import { registerWhere } from "./where.ts";

const DEFAULT_CONFIG = "/etc/multijhub/config.yaml";

/** Runs one command; resolves with the exit code: 0 done, 1 failed, 2 not understood. */
export async function runCommandLine(args: readonly string[], terminal: Terminal = stdio): Promise<number> {
  const program = createProgram(terminal);
  try {
    await program.parseAsync([...args], { from: "user" });
    return terminal.exitCode();
  } catch (err) {
    if (err instanceof CommanderError) return err.exitCode === 0 ? 0 : 2;
    report(err, terminal);
    return 1;
  }
}

function createProgram(terminal: Terminal): Command {
  const program = new Command("multijhub")
    .description("One URL in front of many JupyterHubs.")
    .option("-c, --config <file>", "configuration of the router", DEFAULT_CONFIG)
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .showHelpAfterError("(multijhub --help lists the commands)");
  registerServe(program);
  registerCheck(program, terminal);
  registerNodes(program, terminal);
  registerWhere(program, terminal);
  registerExplain(program, terminal);
  registerOrders(program, terminal);
  registerRebalance(program, terminal);
  registerPlans(program, terminal);
  registerTrust(program, terminal);
  registerProvision(program, terminal);
  registerUpgrade(program, terminal);
  registerSignOut(program, terminal);
  registerKeys(program, terminal);
  registerSimulate(program, terminal);
  return program;
}

function report(err: unknown, terminal: Terminal): void {
  const message = err instanceof Error ? err.message : String(err);
  terminal.err(`multijhub: ${message}\n`);
  if (err instanceof AppError && err.remedy !== "") terminal.err(`  what to do: ${err.remedy}\n`);
}
