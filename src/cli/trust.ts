import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import type { NodeReach } from "../composition/node-reach.ts";
import { type HostKeyScan, scanHostKeys } from "../nodes/ssh/io/ssh-host-key-scan.ts";
import { pinHostKeys, readPinnedKeys } from "../nodes/ssh/io/ssh-known-hosts-file.ts";
import type { NodeId } from "../model.ts";
import { configOf } from "./admin-client.ts";
import { forEachNode, type NodeOutcome } from "./for-each-node.ts";
import { formatJson, formatTable, type Terminal } from "./terminal.ts";

interface Options {
  readonly all?: boolean;
  readonly yes?: boolean;
  readonly replace?: boolean;
  readonly from?: string;
  readonly json?: boolean;
}

interface TrustReport {
  readonly outcome: "trusted" | "pinned" | "left alone";
  readonly keys: readonly { readonly keyType: string; readonly fingerprint: string }[];
  readonly reason: string;
}

/** `trust [NODE...]`: pins host keys after showing their fingerprints; with --from, only keys that file vouches for. */
export function registerTrust(program: Command, terminal: Terminal): void {
  program
    .command("trust [nodes...]")
    .description("show the host keys of nodes and pin them in the router's state directory")
    .option("--all", "every node of the hosts file")
    .option("--yes", "pin without asking: for a network you trust")
    .option("--from <file>", "pin only keys that this known_hosts file holds; asks nothing")
    .option("--replace", "forget keys pinned before: the machine was set up anew")
    .option("--json", "as JSON; asks nothing, so it needs --yes or --from to pin")
    .action(async (nodes: string[], { all = false, ...options }: Options) => {
      const confirm = createConfirmation(terminal, options);
      const outcomes = await forEachNode(configOf(program), { nodes, all }, (reach) => {
        return (node, signal) => trustNode(node, reach, { ...options, confirm }, signal);
      });
      confirm.close();
      terminal.out(options.json ? formatJson(outcomes) : formatTable(outcomes.map(row)));
      if (outcomes.some(({ error, result }) => error !== undefined || result.outcome === "left alone")) {
        terminal.fail();
      }
    });
}

async function trustNode(
  node: NodeId,
  { pool, clock, state, sshOptions }: NodeReach,
  { from, replace = false, confirm }: Options & { readonly confirm: Confirmation },
  signal: AbortSignal,
): Promise<TrustReport> {
  const { knownHostsFiles } = sshOptions;
  const scan = await scanHostKeys(node, { pool, clock, knownHostsFiles }, signal);
  const shown = scan.keys.map(({ keyType, fingerprint }) => ({ keyType, fingerprint }));
  const objection = objectionTo(scan, replace);
  if (objection !== undefined) return { ...objection, keys: shown };
  const vouched = from === undefined ? scan.keys : await vouchedFor(from, scan);
  if (vouched.length === 0) return leftAlone(shown, `${from ?? "the host"} has none of its keys`);
  if (from === undefined && !(await confirm.ask(node, scan))) return leftAlone(shown, "not confirmed");
  await pinHostKeys(state.knownHostsPath, scan.target, vouched, { replace });
  return { outcome: "pinned", keys: shown, reason: state.knownHostsPath };
}

/** Why there is nothing to pin, or why it must not be done without --replace. */
function objectionTo(
  { keys }: Pick<HostKeyScan, "keys">,
  replace: boolean,
): Omit<TrustReport, "keys"> | undefined {
  const refused = keys.find(({ verdict }) => verdict !== "trusted");
  if (replace) return undefined;
  if (refused === undefined) return { outcome: "trusted", reason: "pinned before" };
  if (!isChanged({ keys })) return undefined;
  const reason = `${refused.refusal ?? "its key has changed"}; --replace if the machine was set up anew`;
  return { outcome: "left alone", reason };
}

function leftAlone(keys: TrustReport["keys"], reason: string): TrustReport {
  return { outcome: "left alone", keys, reason };
}

async function vouchedFor(file: string, { target, keys }: HostKeyScan): Promise<HostKeyScan["keys"]> {
  const known = await readPinnedKeys(file, target);
  return keys.filter((key) => known.some((pin) => pin.key === key.key));
}

/** Some key is known under this name, and another one is shown. */
function isChanged({ keys }: Pick<HostKeyScan, "keys">): boolean {
  return keys.some(({ verdict }) => verdict === "changed" || verdict === "revoked");
}

interface Confirmation {
  ask(node: NodeId, scan: HostKeyScan): Promise<boolean>;
  close(): void;
}

/** Asks on the terminal, one node after another; without one, and without --yes, the answer is no. */
function createConfirmation(terminal: Terminal, { yes, json }: Options): Confirmation {
  const canAsk = process.stdin.isTTY && !yes && !json;
  const lines = canAsk ? createInterface({ input: process.stdin, output: process.stderr }) : undefined;
  let turn: Promise<unknown> = Promise.resolve();

  async function askNow(node: NodeId, { keys }: HostKeyScan): Promise<boolean> {
    for (const { keyType, fingerprint } of keys) terminal.err(`${node}  ${keyType}  ${fingerprint}\n`);
    const answer = (await lines?.question(`pin these keys of ${node}? [y/N] `)) ?? "";
    return /^y(es)?$/i.test(answer.trim());
  }

  return {
    async ask(node, scan) {
      if (yes) return true;
      if (lines === undefined) return false;
      const mine = turn.then(() => askNow(node, scan));
      turn = mine.catch(() => undefined);
      return mine;
    },
    close: () => lines?.close(),
  };
}

function row({ node, result, error }: NodeOutcome<TrustReport>): string[] {
  if (error !== undefined) return [node, "failed", error.message];
  const prints = result.keys.map(({ keyType, fingerprint }) => `${keyType} ${fingerprint}`).join(", ");
  return [node, result.outcome, prints, result.reason];
}
