import { AppError } from "../../../errors.ts";
import type { NodeId, NodeSpec } from "../../../model.ts";
import type { Clock, Log, Random, Service } from "../../../ports.ts";
import { type SshSettings, connectSsh } from "./ssh-connect.ts";
import type { SshConnection } from "./ssh-connection.ts";
import { type LinkTable, createLinkTable } from "./ssh-link-table.ts";
import { type Link, createLink } from "./ssh-link.ts";
import { type SshTarget, resolveTarget } from "./ssh-target.ts";

export interface SshPoolDeps {
  /** The node's line of the hosts file, as it is now; undefined once it is gone. */
  specOf(node: NodeId): NodeSpec | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface SshPoolOptions {
  /** The router's own file first: `trust` writes there. Read anew at each connect. */
  readonly knownHostsFiles: readonly string[];
  readonly keyFile?: string;
  /** Use the ssh-agent at SSH_AUTH_SOCK. */
  readonly useAgent: boolean;
  /** `~/.ssh/config`, if it is to be honoured. */
  readonly configFile?: string;
  readonly connectTimeoutMs?: number;
  readonly keepaliveMs?: number;
}

/** A change in a node's connection; `cause` carries a code and a remedy for the cluster view. */
export type NodeConnectionState =
  { readonly kind: "up" } | { readonly kind: "down"; readonly cause: AppError };

type StateListener = (node: NodeId, state: NodeConnectionState) => void;

interface Route {
  readonly target: SshTarget;
  /** The connection to the jump host, where there is one. */
  readonly via?: SshConnection;
}

/** One live SSH connection a node, shared by everybody. */
export interface SshPool extends Service {
  /**
   * The node's connection, made when first asked for and kept from then on. Aborting ends only the caller's
   * wait. Throws the codes of `connectSsh`, NODE_UNKNOWN, STOPPING.
   */
  client(node: NodeId, signal: AbortSignal): Promise<SshConnection>;
  /** How to get to the node's sshd: for what needs no signed-in connection to it, as fetching its host keys. */
  route(node: NodeId, signal: AbortSignal): Promise<Route>;
  /** Calls back on each change; returns how to stop that. */
  onState(listener: StateListener): () => void;
}

export function createSshPool(deps: SshPoolDeps, options: SshPoolOptions): SshPool {
  const { clock, log } = deps;
  const links = createLinkTable();
  const listeners = new Set<StateListener>();
  const connector = createConnector(deps, options, links);
  let isStopped = false;

  const reported = new Map<NodeId, string>();

  /** A node that stays down for the same cause is worth one warning, not one each attempt. */
  function announce(node: NodeId, state: NodeConnectionState): void {
    const now = state.kind === "up" ? "up" : state.cause.code;
    const level = reported.get(node) === now ? "debug" : state.kind === "up" ? "info" : "warn";
    reported.set(node, now);
    if (state.kind === "up") log[level]({ node }, "node connected");
    else log[level]({ node, code: now, err: state.cause }, "node not connected");
    for (const listener of listeners) listener(node, state);
  }

  function specOf(node: NodeId): NodeSpec {
    const spec = deps.specOf(node);
    if (spec === undefined) throw new AppError("NODE_UNKNOWN", `${node} is not in the hosts file`, { node });
    return spec;
  }

  function targetOf(node: NodeId): Promise<SshTarget> {
    return resolveTarget(specOf(node), options.configFile);
  }

  function makeLink(node: NodeId): Link {
    return createLink({
      connect: async (signal) => connector.connect(await targetOf(node), signal),
      onUp: () => {
        announce(node, { kind: "up" });
      },
      onDown: (err) => {
        const cause = asAppError(err, node);
        if (cause.code === "NODE_UNKNOWN") links.discard(node);
        announce(node, { kind: "down", cause });
      },
      clock,
      random: deps.random,
    });
  }

  return {
    start: () => Promise.resolve(),
    async stop() {
      isStopped = true;
      await links.closeAll();
    },
    async client(node, signal) {
      signal.throwIfAborted();
      if (isStopped) throw new AppError("STOPPING", "the router is stopping");
      return links.get(node, addressOf(specOf(node)), () => makeLink(node)).connection(signal);
    },
    async route(node, signal) {
      const target = await targetOf(node);
      const via = await connector.viaOf(target, signal);
      return { target, ...(via && { via }) };
    },
    onState(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Connects to a target; nodes behind the same jump host share one connection to it. */
function createConnector({ clock, random, log }: SshPoolDeps, options: SshPoolOptions, links: LinkTable) {
  const settings = sshSettings(options, clock);

  async function connect(target: SshTarget, signal: AbortSignal): Promise<SshConnection> {
    return connectSsh(target, await viaOf(target, signal), settings, signal);
  }

  async function viaOf(target: SshTarget, signal: AbortSignal): Promise<SshConnection | undefined> {
    return target.jump && jumpLink(target.jump).connection(signal);
  }

  function jumpLink(jump: SshTarget): Link {
    const host = jump.name;
    return links.get(`jump ${JSON.stringify(jump)}`, "", () =>
      createLink({
        connect: (signal) => connect(jump, signal),
        onUp: () => {
          log.info({ host }, "jump host connected");
        },
        onDown: (err) => {
          log.warn({ err, host }, "jump host not connected");
        },
        clock,
        random,
      }),
    );
  }

  return { connect, viaOf };
}

/** The options with their defaults. */
function sshSettings(options: SshPoolOptions, clock: Clock): SshSettings {
  const agentSocket = options.useAgent ? process.env["SSH_AUTH_SOCK"] : undefined;
  return {
    knownHostsFiles: options.knownHostsFiles,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    keepaliveMs: options.keepaliveMs ?? 5_000,
    clock,
    ...(options.keyFile === undefined ? {} : { keyFile: options.keyFile }),
    ...(agentSocket === undefined ? {} : { agentSocket }),
  };
}

function addressOf({ address, sshPort, sshUser }: NodeSpec): string {
  return JSON.stringify([address, sshPort, sshUser]);
}

function asAppError(err: unknown, node: NodeId): AppError {
  if (err instanceof AppError) return err;
  return new AppError("NODE_UNREACHABLE", `no SSH connection to ${node}: ${String(err)}`, {
    node,
    cause: err,
  });
}
