import type { AppError, ErrorCode } from "../../errors.ts";
import type { NodeId } from "../../model.ts";
import type { Avoid, Clock } from "../../ports.ts";

export interface HubFailuresOptions {
  /** How long a node whose hub did not start is the last choice; two minutes unless said. */
  readonly avoidMs?: number;
}

/** Nodes whose hub did not start lately: else a broken node would be the idlest, and get everybody. */
export interface HubFailures {
  /** A node that is away is none of them: its state tells that, for as long as it is so. */
  note(node: NodeId, failure: AppError): void;
  /** The hub is up. */
  clear(node: NodeId): void;
  reasons(): Avoid;
}

export function createHubFailures(
  { clock }: { readonly clock: Clock },
  { avoidMs = 120_000 }: HubFailuresOptions,
): HubFailures {
  const failed = new Map<NodeId, { readonly reason: string; readonly untilMs: number }>();

  return {
    note(node, failure) {
      if (AWAY.has(failure.code)) return;
      failed.set(node, { reason: toReason(failure), untilMs: clock.now() + avoidMs });
    },
    clear(node) {
      failed.delete(node);
    },
    reasons() {
      const now = clock.now();
      for (const [node, { untilMs }] of failed) if (untilMs <= now) failed.delete(node);
      return new Map([...failed].map(([node, { reason }]) => [node, reason]));
    },
  };
}

const AWAY: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["NODE_UNREACHABLE", "TUNNEL_LOST"]);

/** Why a node takes no new server, in words for a person. */
export function toReason({ message }: AppError): string {
  return `its hub did not start lately: ${message}`;
}
