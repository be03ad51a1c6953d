import type { Command } from "commander";
import { createProvisioner, type ProvisionReport } from "../nodes/ssh/io/ssh-provisioner.ts";
import { AGENT_DIRECTORY } from "../composition/agent-directory.ts";
import { configOf } from "./admin-client.ts";
import { forEachNode, type NodeOutcome } from "./for-each-node.ts";
import { formatJson, formatTable, type Terminal } from "./terminal.ts";

interface Options {
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `provision [NODE...] [--all] [--dry-run] [--json]`: installs the agent; fails if any node could not be done. */
export function registerProvision(program: Command, terminal: Terminal): void {
  program
    .command("provision [nodes...]")
    .description("install the agent on nodes, or bring it up to date; changes nothing where it is")
    .option("--all", "every node of the hosts file")
    .option("--dry-run", "say what would be done")
    .option("--json", "as JSON")
    .action(async (nodes: string[], { all = false, dryRun = false, json }: Options) => {
      const config = configOf(program);
      const outcomes = await forEachNode(config, { nodes, all }, (reach) => {
        const provisioner = createProvisioner(
          { ...reach, specOf: (node) => reach.hosts.find(node) },
          { directory: AGENT_DIRECTORY },
        );
        return (node, signal) => provisioner.provision(node, { dryRun }, signal);
      });
      terminal.out(json ? formatJson(outcomes) : formatTable(outcomes.map(row)));
      if (outcomes.some(({ error }) => error !== undefined)) terminal.fail();
    });
}

function row({ node, result, error }: NodeOutcome<ProvisionReport>): string[] {
  if (error !== undefined)
    return [node, "failed", error.message, error.remedy && `what to do: ${error.remedy}`];
  return [node, WORDS[result.outcome], result.installedAt, result.contentHash.slice(0, 12)];
}

const WORDS: Readonly<Record<ProvisionReport["outcome"], string>> = {
  installed: "installed",
  unchanged: "up to date",
  "would-install": "would install",
};
