import { z } from "zod";
import type { NodeId } from "../../../model.ts";
import { plain } from "../../hubs/decide/hub-answers.ts";

/** What a node says goes to pages and logs: one line, and not long. */
const Words = z.string().transform(plain);
const Version = Words.pipe(z.string().max(100));

const Change = z.object({ kind: z.string().max(100), words: Words });

const Comparison = z.object({
  isRunning: z.boolean(),
  version: Version.nullish(),
  wouldStart: Version,
  changes: z.array(Change).max(20),
});

const Started = z.object({ version: Version });

/** What has changed since a hub was started. */
export type HubChange = Readonly<z.infer<typeof Change>>;

/** The hub that runs, and the one that would be started now. */
export interface HubComparison {
  readonly isRunning: boolean;
  /** Of JupyterHub. */
  readonly version?: string;
  readonly wouldStart: string;
  readonly changes: readonly HubChange[];
}

/** Reads the agent's `compare-hub`; undefined if that is no answer. */
export function parseComparison(answer: unknown): HubComparison | undefined {
  const { data } = Comparison.safeParse(answer);
  if (data === undefined) return undefined;
  const { version, ...rest } = data;
  return { ...rest, ...(typeof version === "string" && { version }) };
}

/** The version of JupyterHub in the agent's answer to `start-hub`. */
export function parseStarted(answer: unknown): string | undefined {
  return Started.safeParse(answer).data?.version;
}

/** One after the other: lobbies last, for nobody signs in while one is restarted. */
export function rolloutOrder(nodes: readonly NodeId[], lobbies: readonly NodeId[]): NodeId[] {
  return nodes.toSorted((a, b) => Number(lobbies.includes(a)) - Number(lobbies.includes(b)));
}

/** Whether the router rolls that by itself: another JupyterHub changes the hub's database, so a person decides when. */
export function isRoutine({ isRunning, changes }: HubComparison): boolean {
  return isRunning && changes.length > 0 && changes.every(({ kind }) => kind !== "jupyterhub");
}

/** What a hub is behind with, for an admin. */
export function behindWords(node: NodeId, { changes }: HubComparison): string {
  const what = changes.map(({ words }) => words).join("; ");
  return `its hub was started before this: ${what}; \`multijhub upgrade ${node}\` has it started anew`;
}
