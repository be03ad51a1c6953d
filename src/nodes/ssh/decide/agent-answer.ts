import { z } from "zod";
import { AppError, type ErrorCode } from "../../../errors.ts";

/** The protocol this router speaks with the agent; another number is another language. */
const AGENT_PROTOCOL = 1;

/** One line of the agent's standard output. */
export type AgentLine =
  | { readonly kind: "progress"; readonly text: string }
  | { readonly kind: "sample"; readonly sample: unknown }
  | { readonly kind: "result"; readonly result: unknown }
  | { readonly kind: "failure"; readonly error: AppError };

/** What an agent may report by itself; any other code is passed on in words. */
const AGENT_CODES = [
  "JUPYTERHUB_MISSING",
  "JUPYTERHUB_TOO_OLD",
  "PROXY_MISSING",
  "PORT_TAKEN",
  "HUB_NOT_HEALTHY",
  "HUB_IN_USE",
  "BAD_SETTINGS",
  "STATE_DIR_UNUSABLE",
  "DISK_FULL",
  "NOT_ROOT",
  "BAD_FRAGMENT",
  "NO_SUCH_SERVER",
  "SERVER_TIMEOUT",
] as const satisfies readonly ErrorCode[];

const eventLine = z.discriminatedUnion("event", [
  z.object({ event: z.literal("progress"), text: z.string() }),
  z.object({ event: z.literal("sample"), sample: z.unknown().optional() }),
]);

const lastLine = z.discriminatedUnion("ok", [
  z.object({ protocol: z.number(), ok: z.literal(true), result: z.unknown().optional() }),
  z.object({
    protocol: z.number(),
    ok: z.literal(false),
    error: z.object({ code: z.string(), message: z.string(), remedy: z.string().nullish() }),
  }),
]);

const versionOnly = z.object({ protocol: z.number(), agent: z.string().optional() });

/** Reads one line of the agent on `node`. Throws AGENT_ANSWER for what is not the protocol, AGENT_VERSION for another one. */
export function parseAgentLine(line: string, node: string): AgentLine {
  const value = parseJson(line, node);
  const event = eventLine.safeParse(value);
  if (event.success) {
    const { data } = event;
    return data.event === "progress"
      ? { kind: "progress", text: data.text }
      : { kind: "sample", sample: data.sample };
  }
  checkVersion(value, node);
  const last = lastLine.safeParse(value);
  if (!last.success) throw notTheProtocol(line, node);
  return last.data.ok
    ? { kind: "result", result: last.data.result }
    : { kind: "failure", error: failureOf(last.data.error, node) };
}

function parseJson(line: string, node: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw notTheProtocol(line, node);
  }
}

function checkVersion(value: unknown, node: string): void {
  const version = versionOnly.safeParse(value);
  if (!version.success || version.data.protocol === AGENT_PROTOCOL) return;
  const { protocol, agent = "unknown" } = version.data;
  throw new AppError(
    "AGENT_VERSION",
    `the agent on ${node} (version ${agent}) speaks protocol ${protocol}, this router ${AGENT_PROTOCOL}`,
    { remedy: provisionRemedy(node), node },
  );
}

function failureOf(
  error: { code: string; message: string; remedy?: string | null | undefined },
  node: string,
) {
  const code = AGENT_CODES.find((known) => known === error.code);
  const remedy = error.remedy ?? "";
  if (code !== undefined && code !== "BAD_SETTINGS") {
    return new AppError(code, `${node}: ${error.message}`, { remedy, node });
  }
  const message = code === undefined ? `${error.code}: ${error.message}` : error.message;
  return new AppError(code ?? "AGENT_ANSWER", `${node}: ${message}`, {
    remedy: orProvision(remedy, node),
    node,
  });
}

function notTheProtocol(line: string, node: string): AppError {
  const shown = line.length > 200 ? `${line.slice(0, 200)}...` : line;
  return new AppError("AGENT_ANSWER", `the agent on ${node} answered what is not its protocol: ${shown}`, {
    remedy: `a start-up file of the account may print something; else ${provisionRemedy(node)}`,
    node,
  });
}

/** An agent of another version than the router's may know neither what it is asked nor how to say so. */
function orProvision(remedy: string, node: string): string {
  const provision = `if the agent is not this router's own, ${provisionRemedy(node)}`;
  return remedy === "" ? provision : `${remedy}; ${provision}`;
}

/** The sentence for a missing or outdated agent. */
export function provisionRemedy(node: string): string {
  return `run \`multijhub provision ${node}\``;
}
