import { AppError } from "../../errors.ts";
import type { NodeId } from "../../model.ts";
import type { Identity, Lobby, Log } from "../../ports.ts";
import { escapeSegment } from "../../user-name.ts";
import { type Visitor, parseToken, parseVisitor, wordsOf } from "../decide/hub-answers.ts";
import type { HubClient } from "./hub-client.ts";
import { refused, unexpected } from "./hub-errors.ts";

export interface LobbyOptions {
  readonly tokenOf: (node: NodeId) => string;
}

const CLIENT_ID = "service-multijhub";
const REDIRECT_URI = "/auth/callback";

/** Asks a lobby hub who a visitor is, as its OAuth client. The code and the token never leave this file. */
export function createLobby(client: HubClient, log: Log, { tokenOf }: LobbyOptions): Lobby {
  const turns = new Map<NodeId, Promise<unknown>>();

  async function identify(node: NodeId, code: string, signal: AbortSignal): Promise<Identity> {
    // Revoking one token revokes all of this user's tokens for this client, so two tabs must take turns.
    const before = turns.get(node) ?? Promise.resolve();
    const mine = before.then(() => identifyAlone(node, code, signal));
    const settled = mine.catch(() => undefined);
    turns.set(node, settled);
    return mine;
  }

  async function identifyAlone(node: NodeId, code: string, signal: AbortSignal): Promise<Identity> {
    const token = await exchange(node, code, signal);
    const headers = { authorization: `Bearer ${token}` };
    const answer = await client.call(node, { method: "GET", path: "/hub/api/user", headers }, signal);
    if (answer.status !== 200) throw refused(node, answer);
    const visitor = parseVisitor(answer.text);
    if (visitor === undefined) throw unexpected(node, "it did not say who signed in");
    await revoke(node, visitor, headers, signal);
    const { user, groups, isAdmin } = visitor;
    return { user, groups, isAdmin };
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

  /** A token that could not be revoked is nowhere but in the hub's database: worth a warning, not a failed sign-in. */
  async function revoke(
    node: NodeId,
    { user, tokenId }: Visitor,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    const path = `/hub/api/users/${escapeSegment(user)}/tokens/${escapeSegment(tokenId ?? "")}`;
    try {
      const { status } = await client.call(node, { method: "DELETE", path, headers }, signal);
      if (status !== 204) log.warn({ node, user, status }, "sign-in token not revoked");
    } catch (err) {
      signal.throwIfAborted();
      log.warn({ err, node, user }, "sign-in token not revoked");
    }
  }

  return { identify };
}

function staleCode(node: NodeId): AppError {
  return new AppError("SIGN_IN_FAILED", `the sign-in at ${node} has expired or was used before`, {
    node,
    remedy: "Start again at the first page.",
  });
}
