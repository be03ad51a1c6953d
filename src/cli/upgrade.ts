import type { Command } from "commander";
import { lobbiesOf, settingsSource } from "../composition/nodes.ts";
import { AppError } from "../errors.ts";
import type { NodeId } from "../model.ts";
import { type HubComparison, rolloutOrder } from "../nodes/upkeep/decide/rollout.ts";
import { createHubUpgrade, type HubUpgrade } from "../nodes/upkeep/hub-upgrade.ts";
import { configOf } from "./admin-client.ts";
import { inTurns, type NodeOutcome, withNodes } from "./for-each-node.ts";
import { formatJson, formatTable, type Terminal } from "./terminal.ts";

interface Options {
  readonly dryRun?: true;
  readonly json?: true;
}

type Compared = NodeOutcome<HubComparison>;

/** What became of one hub. */
interface Step {
  readonly node: NodeId;
  readonly outcome:
    "unchanged" | "not-running" | "would-roll" | "rolled" | "busy" | "unreachable" | "failed" | "left";
  readonly words: string;
}

/** `upgrade [NODE...] [--dry-run] [--json]`: hubs run as they would be started now, one node after the other. */
export function registerUpgrade(program: Command, terminal: Terminal): void {
  program
    .command("upgrade [nodes...]")
    .description(
      "show which hubs run with another JupyterHub, hub.d or settings than they would be started with now, and start " +
        "them anew, one node after the other, lobbies last; servers go on. Stops at the first that does not come up. " +
        "Exit code 1 if a hub could not be done",
    )
    .option("--dry-run", "say what would be done")
    .option("--json", "as JSON")
    .action(async (nodes: string[], { dryRun, json }: Options) => {
      const config = configOf(program);
      const selection = { nodes, all: nodes.length === 0 };
      await withNodes(config, selection, async (reach, named) => {
        const upgrade = createHubUpgrade({ ...reach, settingsOf: settingsSource(config, reach) });
        const order = rolloutOrder(named, lobbiesOf(config, reach.hosts.all()));
        const compared = await inTurns(order, (node, signal) => upgrade.compare(node, signal));
        if (json !== true)
          terminal.out(formatTable([["NODE", "RUNS", "WOULD START", "WHY"], ...compared.map(row)]));
        const steps = await rollAll(upgrade, compared, dryRun === true, json === true ? undefined : terminal);
        if (json === true)
          terminal.out(formatJson({ nodes: steps.map((step, i) => ({ ...step, ...compared[i]?.result })) }));
        if (steps.some(({ outcome }) => ["busy", "unreachable", "failed", "left"].includes(outcome)))
          terminal.fail();
      });
    });
}

function row({ node, result, error }: Compared): string[] {
  if (error !== undefined) return [node, "?", "?", error.message];
  const why = result.changes.map(({ words }) => words).join("; ");
  return [
    node,
    result.version ?? "-",
    result.wouldStart,
    result.isRunning ? why || "as it would be" : "no hub runs",
  ];
}

async function rollAll(
  upgrade: HubUpgrade,
  compared: readonly Compared[],
  isRehearsal: boolean,
  terminal: Terminal | undefined,
): Promise<readonly Step[]> {
  const steps: Step[] = [];
  for (const each of compared) {
    const failed = steps.find(({ outcome }) => outcome === "failed");
    const step = toStep(each, isRehearsal, failed) ?? (await roll(upgrade, each.node, terminal));
    if (step.words !== "") terminal?.out(`${step.node}: ${step.words}\n`);
    steps.push(step);
  }
  return steps;
}

/** What needs no doing, or is not done; undefined for a hub that is to be started anew. */
function toStep(
  { node, result, error }: Compared,
  isRehearsal: boolean,
  failed: Step | undefined,
): Step | undefined {
  if (error !== undefined)
    return { node, outcome: "unreachable", words: `${error.message}. ${error.remedy}` };
  if (!result.isRunning) return { node, outcome: "not-running", words: "" };
  if (result.changes.length === 0) return { node, outcome: "unchanged", words: "" };
  if (isRehearsal) return { node, outcome: "would-roll", words: "would be started anew" };
  if (failed !== undefined)
    return { node, outcome: "left", words: `left as it is, because of ${failed.node}` };
  return undefined;
}

async function roll(upgrade: HubUpgrade, node: NodeId, terminal: Terminal | undefined): Promise<Step> {
  const { signal } = new AbortController();
  try {
    const version = await upgrade.roll(node, (text) => terminal?.err(`${node}: ${text}\n`), signal);
    return { node, outcome: "rolled", words: `started anew, JupyterHub ${version ?? "of unknown version"}` };
  } catch (err) {
    const isBusy = err instanceof AppError && err.code === "HUB_IN_USE";
    return {
      node,
      outcome: isBusy ? "busy" : "failed",
      words: err instanceof Error ? err.message : String(err),
    };
  }
}
