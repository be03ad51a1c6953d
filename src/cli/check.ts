import type { Command } from "commander";
import { count } from "../amounts.ts";
import type { Finding, Level } from "../checks/decide/finding.ts";
import { runChecks } from "../composition/checks.ts";
import { loadConfig } from "../config.ts";
import { AppError } from "../errors.ts";
import { createLog, createSystemClock, createSystemRandom } from "../system.ts";
import { AGENT_DIRECTORY } from "../composition/agent-directory.ts";
import { formatJson, type Terminal } from "./terminal.ts";

interface Options {
  readonly user?: readonly string[];
  readonly json?: true;
}

/** `check [NODE...] [--user NAME...] [--json]`: fails if anything is wrong; warnings alone do not. */
export function registerCheck(program: Command, terminal: Terminal): void {
  program
    .command("check [nodes...]")
    .description(
      "look at every prerequisite on router, nodes and homes; say what is wrong and what mends it; changes nothing. " +
        "Exit code 1 if anything is wrong, 0 with warnings alone",
    )
    .option("--user <names...>", "accounts whose homes are compared, beside the configured admins")
    .option("--json", "every finding, also those that are well, as JSON")
    .action(async (nodes: string[], { user: users = [], json }: Options) => {
      const configFile = program.opts<{ config: string }>().config;
      const findings = await check({ configFile, nodes, users }, terminal);
      terminal.out(json ? formatJson({ findings, summary: summaryOf(findings) }) : report(findings));
      if (findings.some(({ level }) => level === "wrong")) terminal.fail();
    });
}

async function check(
  request: {
    readonly configFile: string;
    readonly nodes: readonly string[];
    readonly users: readonly string[];
  },
  terminal: Terminal,
): Promise<readonly Finding[]> {
  // What goes wrong is in the findings: the log would only say it twice.
  const system = { clock: createSystemClock(), random: createSystemRandom(), log: createLog("silent") };
  try {
    const config = loadConfig(request.configFile);
    return await runChecks(
      config,
      system,
      { ...request, agentDirectory: AGENT_DIRECTORY },
      (subject, findings) => {
        terminal.err(`${subject}: ${countWords(findings)}\n`);
      },
    );
  } catch (err) {
    if (!(err instanceof AppError) || err.code !== "BAD_CONFIG") throw err;
    const { message, remedy } = err;
    return [{ subject: "router", check: "configuration", level: "wrong", message, remedy }];
  }
}

const WORDS: Readonly<Record<Level, string>> = {
  wrong: "WRONG",
  warning: "warning",
  skipped: "skipped",
  ok: "ok",
};

function summaryOf(findings: readonly Finding[]): Readonly<Record<Level, number>> {
  const summary = { ok: 0, warning: 0, wrong: 0, skipped: 0 };
  for (const { level } of findings) summary[level] += 1;
  return summary;
}

function report(findings: readonly Finding[]): string {
  const subjects = [...new Set(findings.map(({ subject }) => subject))];
  const groups = subjects.map((subject) =>
    group(
      subject,
      findings.filter((each) => each.subject === subject),
    ),
  );
  return `${groups.join("")}\n${countWords(findings)}\n`;
}

/** What is well takes one line; each thing that is not has its own, with what mends it below. */
function group(subject: string, findings: readonly Finding[]): string {
  const well = [...new Set(findings.filter(isWell).map(({ check }) => check))];
  const lines = findings.filter((finding) => !isWell(finding)).map(describe);
  return [subject, ...(well.length > 0 ? [`  ok       ${well.join(", ")}`] : []), ...lines].join("\n") + "\n";
}

function isWell({ level }: Finding): boolean {
  return level === "ok";
}

function describe({ level, check, message, remedy }: Finding): string {
  const line = `  ${WORDS[level].padEnd(7)}  ${check}: ${message}`;
  return remedy === "" ? line : `${line}\n             ${remedy}`;
}

function countWords(findings: readonly Finding[]): string {
  const { ok, warning, wrong, skipped } = summaryOf(findings);
  const counts = [
    `${wrong} wrong`,
    count(warning, "warning"),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    `${ok} ok`,
  ];
  return counts.join(", ");
}
