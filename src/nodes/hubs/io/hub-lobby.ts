import { AppError } from "../../../errors.ts";
import type { NodeId } from "../../../model.ts";
import type { Identity, Lobby, Log } from "../../../ports.ts";
import { escapeSegment } from "../../../user-name.ts";
import { type Visitor, parseToken, parseVisitor, wordsOf } from "../decide/hub-answers.ts";
import type { HubClient } from "./hub-client.ts";
import { refused, unexpected } from "./hub-errors.ts";
import { type Phases, createPhases } from "./phases.ts";

export interface LobbyOptions {
  readonly tokenOf: (node: NodeId) => string;
}

type Turns = Phases<"name" | "revoke">;

/** A visitor and what speaks for their token. */
interface Named {
  readonly visitor: Visitor;
  readonly headers: Readonly<Record<string, string>>;
}

const CLIENT_ID = "service-multijhub";
const REDIRECT_URI = "/auth/callback";

/** Asks a lobby hub who a visitor is, as its OAuth client. The code and the token never leave this file. */
export function createLobby(client: HubClient, log: Log, { tokenOf }: LobbyOptions): Lobby {
  // Revoking one token revokes all of this user's tokens for this client. Whose token a code will give is not known
  // before, so nothing is revoked while anybody is between code and name. Codes that are no good are refused side by
  // side: many of them make no queue here.
  const phases = new Map<NodeId, Turns>();
  const revoke = createRevoker(client, log);

  function phasesOf(node: NodeId): Turns {
    const known = phases.get(node) ?? createPhases();
    phases.set(node, known);
    return known;
  }

  async function identify(node: NodeId, code: string, signal: AbortSignal): Promise<Identity> {
    const turns = phasesOf(node);
    const named = await turns.during("name", () => nameOf(node, code, signal));
    await revoke(node, named, turns, signal);
    const { user, groups, isAdmin } = named.visitor;
    return { user, groups, isAdmin };
  }

  async function nameOf(node: NodeId, code: string, signal: AbortSignal): Promise<Named> {
    const token = await exchange(node, code, signal);
    const headers = { authorization: `Bearer ${token}` };
    const answer = await client.call(node, { method: "GET", path: "/hub/api/user", headers }, signal);
    if (answer.status !== 200) throw refused(node, answer);
    const visitor = parseVisitor(answer.text);
    if (visitor === undefined) throw unexpected(node, "it did not say who signed in");
    return { visitor, headers };
  }

  async function exchange(node: NodeId, code: string, signal: AbortSignal): Promise<string> {
    const answer = await client.call(
      node,
      {
        method: "POST",
        path: "/hub/api/oauth2/token",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({
          client_id: CLIENT_ID,
          client_secret: tokenOf(node),
          grant_type: "authorization_code",
          code,
          redirect_uri: REDIRECT_URI,
        }).toString(),
      },
      signal,
    );
    if (answer.status === 400 && wordsOf(answer.text) === "invalid_grant") throw staleCode(node);
    if (answer.status !== 200) throw refused(node, answer);
    const token = parseToken(answer.text);
    if (token === undefined) throw unexpected(node, "it gave no token for the code");
    return token;
  }

  return { identify };
}

/** Revokes a visitor's tokens in turns at which nobody is between code and name. */
function createRevoker(client: HubClient, log: Log) {
  const revoking = new Map<string, Promise<boolean>>();

  /** What another tab of the user revokes from now on, it revokes of this one too; if it fails, this one tries. */
  async function revokeOnce(node: NodeId, named: Named, turns: Turns, signal: AbortSignal): Promise<void> {
    const key = `${node} ${named.visitor.user}`;
    const before = revoking.get(key)?.catch(() => false);
    const mine = (async () => {
      if (before !== undefined && (await before)) return true;
      return turns.during("revoke", () => revoke(node, named, signal));
    })();
    revoking.set(key, mine);
    try {
      await mine;
    } finally {
      if (revoking.get(key) === mine) revoking.delete(key);
    }
  }

  /** A token that could not be revoked is nowhere but in the hub's database: worth a warning, not a failed sign-in. */
  async function revoke(
    node: NodeId,
    { visitor: { user, tokenId }, headers }: Named,
    signal: AbortSignal,
  ): Promise<boolean> {
    const path = `/hub/api/users/${escapeSegment(user)}/tokens/${escapeSegment(tokenId ?? "")}`;
    try {
      const { status } = await client.call(node, { method: "DELETE", path, headers }, signal);
      if (status !== 204) log.warn({ node, user, status }, "sign-in token not revoked");
      return status === 204;
    } catch (err) {
      signal.throwIfAborted();
      log.warn({ err, node, user }, "sign-in token not revoked");
      return false;
    }
  }

  return revokeOnce;
}

function staleCode(node: NodeId): AppError {
  return new AppError("SIGN_IN_FAILED", `the sign-in at ${node} has expired or was used before`, {
    node,
    remedy: "Start again at the first page.",
  });
}
