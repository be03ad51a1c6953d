import type { HubServer, NodeId, UserName } from "../../../model.ts";
import type { HubApi } from "../../../ports.ts";
import { parseUser, parseUserPage, wordsOf } from "../decide/hub-answers.ts";
import { refused, unexpected } from "./hub-errors.ts";
import { type HubCall, userPath } from "./hub-calls.ts";

const PAGE_SIZE = 200;
const MAX_PAGES = 500;

/** What a hub lists: the active servers of everybody, or of one user. */
export function createHubLists(call: HubCall): Pick<HubApi, "listServers" | "serversOf"> {
  async function listServers(node: NodeId, signal: AbortSignal): Promise<readonly HubServer[]> {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const servers = await listOnce(node, signal);
      if (servers !== undefined) return servers;
    }
    throw unexpected(node, "its list of users changed all the time");
  }

  /** `undefined` if somebody came or went between two pages: then one may have slipped through. */
  async function listOnce(node: NodeId, signal: AbortSignal): Promise<HubServer[] | undefined> {
    const servers: HubServer[] = [];
    let total: number | undefined;
    for (let offset = 0, pages = 0; pages < MAX_PAGES; pages += 1) {
      const path = `/users?state=active&limit=${PAGE_SIZE}&offset=${offset}`;
      const headers = { accept: "application/jupyterhub-pagination+json" };
      const answer = await call(node, { method: "GET", path, headers }, signal);
      if (answer.status !== 200) throw refused(node, answer);
      const page = parseUserPage(answer.text);
      if (page === undefined) throw unexpected(node, "its list of users could not be read");
      servers.push(...page.servers);
      total ??= page.total;
      if (total !== page.total) return undefined;
      if (page.next === undefined) return servers;
      if (page.next <= offset) break;
      offset = page.next;
    }
    throw unexpected(node, "its list of users has no end");
  }

  async function serversOf(node: NodeId, user: UserName, signal: AbortSignal): Promise<readonly HubServer[]> {
    const answer = await call(node, { method: "GET", path: userPath(user) }, signal);
    // The hub's own 404: it has never seen this user.
    if (answer.status === 404 && wordsOf(answer.text) !== undefined) return [];
    if (answer.status !== 200) throw refused(node, answer);
    const servers = parseUser(answer.text, user);
    if (servers === undefined) throw unexpected(node, `its answer about ${user} could not be read`);
    return servers;
  }

  return { listServers, serversOf };
}
