import type { NodeId, ServerKey, SilentPlace, UserName } from "../../model.ts";
import { ago } from "./ago.ts";
import { html, page, type Html } from "./html.ts";
import { postButton } from "./forms.ts";
import { placementTable } from "./placement-table.ts";
import type { PlacementRecord } from "./way-in.ts";

/** A server of the visitor, as `/home` shows it. */
export interface OwnServer {
  readonly key: ServerKey;
  readonly node: NodeId;
  readonly state: "ready" | "starting" | "stopping" | "stopped";
  readonly startedAtMs?: number;
  readonly lastActivityMs?: number;
  /** Where it opens. */
  readonly url: string;
}

export interface HomeView {
  readonly user: string;
  readonly isAdmin: boolean;
  readonly servers: readonly OwnServer[];
  readonly silent: readonly SilentPlace[];
  readonly last?: PlacementRecord | undefined;
}

/** The service behind `/home`: `own-servers.ts`. */
export interface OwnServers {
  list(user: UserName, signal: AbortSignal): Promise<Omit<HomeView, "isAdmin">>;
  stop(key: ServerKey, node: NodeId, signal: AbortSignal): Promise<void>;
}

/** "My servers": where they are, since when, and how they are stopped. */
export function homePage(view: HomeView, token: string, nowMs: number): string {
  const { servers, silent, last, user, isAdmin } = view;
  const admin = isAdmin ? html` · <a href="/admin">Nodes</a>` : undefined;
  const body = html`<h1>My servers</h1>
    ${servers.length === 0 ? noServer(silent) : servers.map((server) => serverPart(server, token, nowMs))}
    ${silent.map(silentPart)} ${lastPart(last, nowMs)}
    <p class="muted">Signed in as ${user}${admin} · <a href="/logout">Sign out</a></p>`;
  return page({ title: "My servers", body });
}

function noServer(silent: readonly SilentPlace[]): Html {
  return html`<p>
      ${silent.length === 0 ? "You have no running server." : "No running server of yours is known."}
    </p>
    <p><a class="button" href="/">Start my server</a></p>`;
}

function silentPart({ node, reason }: SilentPlace): Html {
  return html`<p>The router cannot look on <strong>${node}</strong> now: ${reason}</p>`;
}

function serverPart(server: OwnServer, token: string, nowMs: number): Html {
  const { key, node, state, url } = server;
  const name = key.server === "" ? "Server" : key.server;
  return html`<section>
    <p>
      <strong>${name}</strong> on <strong>${node}</strong>:
      ${state}${span("for", server.startedAtMs, nowMs)}${span(
        "last used",
        server.lastActivityMs,
        nowMs,
        " ago",
      )}
    </p>
    <p><a class="button" href="${url}">Open</a></p>
    <details>
      <summary>Stop it…</summary>
      <p>Running kernels and terminals end, and what they have not saved is lost. Files stay.</p>
      ${postButton(`/home/stop?node=${encodeURIComponent(node)}`, "Stop this server", { key, token }, "quiet")}
    </details>
  </section>`;
}

function span(word: string, sinceMs: number | undefined, nowMs: number, end = ""): string {
  return sinceMs === undefined ? "" : `, ${word} ${ago(nowMs - sinceMs)}${end}`;
}

function lastPart(last: PlacementRecord | undefined, nowMs: number): Html | undefined {
  if (last === undefined) return undefined;
  const summary = `Why ${last.node ?? "no node"}? Decided ${ago(nowMs - last.atMs)} ago`;
  return html`<details>
    <summary>${summary}</summary>
    ${placementTable(last.verdicts)}
  </details>`;
}
