import { z } from "zod";
import { NodeName, parseJsonText } from "../../json-text.ts";
import type { NodeId, ServerName, UserName } from "../../model.ts";
import type { Question } from "./question.ts";
import { isOf, keysIn, lastAnswer, type Report } from "./report.ts";

/** Where a user's servers were seen last: server name to nodes, sorted. */
export type Whereabouts = Readonly<Record<string, readonly NodeId[]>>;

const WhereaboutsText = z.record(z.string(), z.array(NodeName));
const CoverageText = z.array(NodeName);

/** As the store keeps it; nothing for anything else. */
export function parseWhereabouts(text: string | undefined): Whereabouts {
  return parseJsonText(WhereaboutsText, text) ?? {};
}

/** The nodes whose servers are all remembered, as the store keeps them. */
export function parseCoverage(text: string | undefined): readonly NodeId[] {
  return parseJsonText(CoverageText, text) ?? [];
}

/** The nodes that the whereabouts name for a question. */
export function mentionedIn(
  whereabouts: Whereabouts,
  { server }: Pick<Question, "server">,
): readonly NodeId[] {
  if (server === undefined) return Object.values(whereabouts).flat();
  return Object.hasOwn(whereabouts, server) ? (whereabouts[server] ?? []) : [];
}

/** One user's servers in the last words of all nodes. */
export interface Mention {
  readonly server: ServerName;
  readonly node: NodeId;
  /** A process's own word: it may uphold what was known, and adds nothing to it. */
  readonly isOwnWord: boolean;
}

export function mentionsByUser(reports: ReadonlyMap<NodeId, Report>): Map<UserName, Mention[]> {
  const mentions = new Map<UserName, Mention[]>();
  for (const [node, report] of reports) {
    const answer = lastAnswer(report);
    if (answer === undefined) continue;
    for (const key of keysIn(answer)) {
      const seen = answer.servers.find(isOf(key));
      const mention = { server: key.server, node, isOwnWord: seen?.evidence !== "hub-list" };
      mentions.set(key.user, [...(mentions.get(key.user) ?? []), mention]);
    }
  }
  return mentions;
}

/** What is known of a user after a round: nodes that answered are believed, of silent ones the former word stands. */
export function updateWhereabouts(
  before: Whereabouts,
  mentions: readonly Mention[],
  reports: ReadonlyMap<NodeId, Report>,
): Whereabouts {
  const upheld = Object.entries(before).flatMap(([server, nodes]) =>
    nodes.filter((node) => reports.get(node)?.kind !== "answered").map((node) => ({ server, node })),
  );
  const seen = mentions.filter(
    ({ server, node, isOwnWord }) => !isOwnWord || mentionedIn(before, { server }).includes(node),
  );
  const after = new Map<string, Set<NodeId>>();
  for (const { server, node } of [...upheld, ...seen]) {
    after.set(server, (after.get(server) ?? new Set()).add(node));
  }
  const sorted = [...after].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([server, nodes]) => [server, [...nodes].toSorted()]));
}
