import type { ClientChannel } from "ssh2";
import { AppError } from "../../../errors.ts";
import type { NodeId, NodeSpec } from "../../../model.ts";
import type { AgentVerb, Clock, NodeAgent } from "../../../ports.ts";
import { type AgentLine, parseAgentLine, provisionRemedy } from "../decide/agent-answer.ts";
import { sudoObjection } from "../decide/sudo-objection.ts";
import { type CommandEnd, runCommand } from "./ssh-command.ts";
import type { SshPool } from "./ssh-pool.ts";

export interface AgentRunnerDeps {
  readonly pool: Pick<SshPool, "client">;
  specOf(node: NodeId): NodeSpec | undefined;
  readonly clock: Clock;
}

export interface AgentRunnerOptions {
  /** For verbs that only look. */
  readonly callTimeoutMs?: number;
  /** For verbs that start and stop; well above the hub's own limit, which gives the better message. */
  readonly hubTimeoutMs?: number;
}

const SLOW_VERBS: ReadonlySet<AgentVerb> = new Set<AgentVerb>(["start-hub", "stop-hub", "stop-server"]);

/**
 * Runs the agent of a node over SSH: `multijhub-agent VERB`, its input as one line of JSON on standard
 * input. Nothing of the input is ever in the command line. Beside the codes of the connection and of the
 * agent itself: AGENT_MISSING, AGENT_VERSION, AGENT_ANSWER, NODE_TIMEOUT.
 */
export function createAgentRunner(deps: AgentRunnerDeps, options: AgentRunnerOptions = {}): NodeAgent {
  const { callTimeoutMs = 20_000, hubTimeoutMs = 180_000 } = options;

  /** One run. Gives lines to `onLine` as they come; resolves with the result of the last one. */
  async function run(
    node: NodeId,
    verb: AgentVerb,
    input: object,
    { onLine, keepInputOpen }: { onLine: (line: AgentLine) => void; keepInputOpen: boolean },
    signal: AbortSignal,
  ): Promise<unknown> {
    const connection = await deps.pool.client(node, signal);
    const become = deps.specOf(node)?.become ?? "none";
    const channel = await connection.exec(agentCommand(verb, become), signal);
    let last: AgentLine | undefined;
    function onText(text: string): void {
      last = parseAgentLine(text, node);
      onLine(last);
    }
    sendInput(channel, input, keepInputOpen);
    const end = await runCommand(channel, onText, signal);
    return resultOf(last, end, node, verb);
  }

  return {
    async call(node, verb, input, signal, onProgress) {
      const timeoutMs = SLOW_VERBS.has(verb) ? hubTimeoutMs : callTimeoutMs;
      const deadline = deps.clock.deadline(timeoutMs);
      function onLine(line: AgentLine): void {
        if (line.kind === "progress") onProgress?.(line.text);
      }
      try {
        const handling = { onLine, keepInputOpen: false };
        return await run(node, verb, input, handling, AbortSignal.any([signal, deadline]));
      } catch (err) {
        signal.throwIfAborted();
        if (deadline.aborted) throw tooLong(node, verb, timeoutMs);
        throw err;
      }
    },
    async stream(node, verb, input, onItem, signal) {
      function onLine(line: AgentLine): void {
        if (line.kind === "sample") onItem(line.sample);
      }
      await run(node, verb, input, { onLine, keepInputOpen: true }, signal);
    },
  };
}

/** The command line for a verb: fixed words only. */
function agentCommand(verb: AgentVerb, become: NodeSpec["become"]): string {
  return become === "sudo" ? `sudo -n multijhub-agent ${verb}` : `multijhub-agent ${verb}`;
}

/** A stream runs until its input ends: so it ends by itself when the connection does. */
function sendInput(channel: ClientChannel, input: object, keepOpen: boolean): void {
  const line = `${JSON.stringify(input)}\n`;
  if (keepOpen) channel.write(line);
  else channel.end(line);
}

function resultOf(last: AgentLine | undefined, end: CommandEnd, node: NodeId, verb: AgentVerb): unknown {
  if (last?.kind === "failure") throw last.error;
  if (last?.kind === "result") return last.result;
  throw withoutResult(end, node, verb);
}

function withoutResult(end: CommandEnd, node: NodeId, verb: AgentVerb): AppError {
  if (end.kind === "lost") {
    return new AppError(
      "NODE_UNREACHABLE",
      `the connection to ${node} was lost while its agent ran ${verb}`,
      { node },
    );
  }
  const said = end.errorText.trim();
  const objection = sudoObjection(said);
  if (objection !== undefined) {
    return new AppError("NOT_ROOT", `sudo on ${node} ${objection}: ${said}`, {
      remedy: `allow the account to run multijhub-agent on ${node} by sudo without a password (NOPASSWD)`,
      node,
    });
  }
  if (end.exitCode === 127 || /not found|no such file/i.test(said)) {
    return new AppError("AGENT_MISSING", `the agent is not installed on ${node}${said && `: ${said}`}`, {
      remedy: provisionRemedy(node),
      node,
    });
  }
  if (end.exitCode === 2 && said.includes("the verbs are")) {
    return new AppError("AGENT_VERSION", `the agent on ${node} is older than this router: no ${verb}`, {
      remedy: provisionRemedy(node),
      node,
    });
  }
  const code = end.exitCode ?? "none";
  return new AppError(
    "AGENT_ANSWER",
    `the agent on ${node} ended without an answer to ${verb} (exit code ${code}): ${said}`,
    {
      remedy: `${provisionRemedy(node)}; if that changes nothing, run \`echo '{}' | multijhub-agent facts\` there`,
      node,
    },
  );
}

function tooLong(node: NodeId, verb: AgentVerb, timeoutMs: number): AppError {
  return new AppError(
    "NODE_TIMEOUT",
    `the agent on ${node} did not finish ${verb} within ${timeoutMs / 1000} s`,
    {
      remedy: `look at the load of ${node} and at its home directories`,
      node,
    },
  );
}
