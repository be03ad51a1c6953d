import { AppError } from "../../src/errors.ts";
import type { NodeId, UserName } from "../../src/model.ts";
import type { HubApi, HubKeeper, Identity, Lobby } from "../../src/ports.ts";

export interface FakeHubs {
  readonly hubs: HubApi;
  readonly lobby: Lobby;
  readonly keeper: HubKeeper;
  /** Codes the lobby gives out, each good once. */
  readonly codes: Map<string, { readonly node: NodeId; readonly identity: Identity }>;
  /** Hubs that do not answer. */
  readonly down: Set<string>;
  /** Hubs that never finish starting. */
  readonly starting: Set<string>;
  /** Sign-out tickets that arrived, by node. */
  readonly signOuts: { readonly node: NodeId; readonly claims: Readonly<Record<string, unknown>> }[];
  /** A code that names a user at a lobby. */
  codeFor(user: string, node: string, groups?: readonly string[]): string;
}

/** Hubs for tests of sign-in: they believe every ticket. */
export function createFakeHubs(): FakeHubs {
  const codes: FakeHubs["codes"] = new Map();
  const down = new Set<string>();
  const starting = new Set<string>();
  const signOuts: FakeHubs["signOuts"] = [];

  function check(node: NodeId): void {
    if (down.has(node)) throw new AppError("HUB_UNREACHABLE", `hub of ${node} does not answer`);
  }

  function unused(): Promise<never> {
    return Promise.reject(new Error("not part of sign-in"));
  }

  return {
    codes,
    down,
    starting,
    signOuts,
    codeFor(user, node, groups = []) {
      const code = `code-${codes.size + 1}`;
      const identity = { user: user as UserName, groups, isAdmin: true };
      codes.set(code, { node: node as NodeId, identity });
      return code;
    },
    lobby: {
      async identify(node, code, signal) {
        await Promise.resolve();
        signal.throwIfAborted();
        check(node);
        const entry = codes.get(code);
        codes.delete(code);
        if (entry?.node === node) return entry.identity;
        throw new AppError("SIGN_IN_FAILED", "the code is not good");
      },
    },
    keeper: {
      async ensureReady(node, _onProgress, signal) {
        await Promise.resolve();
        check(node);
        if (!starting.has(node)) return;
        await new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            reject(signal.reason as Error);
          });
        });
      },
    },
    hubs: {
      listServers: unused,
      serversOf: unused,
      introduce: unused,
      startServer: unused,
      followStart: unused,
      stopServer: unused,
      async signOut(node, ticket) {
        await Promise.resolve();
        check(node);
        const payload = Buffer.from(ticket.split(".")[1] ?? "", "base64url").toString();
        signOuts.push({ node, claims: JSON.parse(payload) as Record<string, unknown> });
      },
    },
  };
}
