import type { ForeignJupyter } from "../../../home-model.ts";
import type { StopNotice } from "../../../plan.ts";
import type { SilentPlace } from "../../../sighting.ts";
import type { NodeId, ServerKey, UserName } from "../../../model.ts";
import { span } from "../../../amounts.ts";
import { troubleText, type HomeTrouble } from "./home-trouble.ts";
import { html, page, type Html } from "../../web/decide/html.ts";
import { movePath } from "../../way-in/decide/start-event.ts";
import { closingPart, keptPart, stopNoticePart, type PageTime } from "./notice-parts.ts";
import { postButton } from "../../web/decide/forms.ts";
import { placementTable } from "../../way-in/decide/placement-table.ts";
import type { ServerState } from "../../way-in/decide/server-words.ts";
import type { PlacementRecord, WayIn } from "../../way-in/decide/way-in.ts";

/** A server of the visitor, as `/home` shows it. */
export interface OwnServer {
  readonly key: ServerKey;
  readonly node: NodeId;
  readonly state: ServerState;
  readonly startedAtMs?: number;
  readonly lastActivityMs?: number;
  /** What goes on in it, in words, where its record says so. */
  readonly busy?: string;
  /** Where it opens. */
  readonly url: string;
  /** It is going to be stopped. */
  readonly notice?: StopNotice | undefined;
  /** Its owner wants it kept. */
  readonly keptUntilMs?: number | undefined;
  /** That its node is to become empty, in words. */
  readonly closing?: string | undefined;
}

export interface HomeView {
  readonly user: string;
  /** Where the nodes are shown; for admins. */
  readonly adminUrl: string | undefined;
  readonly servers: readonly OwnServer[];
  readonly silent: readonly SilentPlace[];
  readonly trouble?: HomeTrouble | undefined;
  readonly foreign: readonly ForeignJupyter[];
  readonly last?: PlacementRecord | undefined;
  /** The kinds of machines there are to choose from. */
  readonly choices?: WayIn["choices"];
}

/** The service behind `/home`: `own-servers.ts`. */
export interface OwnServers {
  list(user: UserName, signal: AbortSignal): Promise<Omit<HomeView, "adminUrl">>;
  stop(key: ServerKey, node: NodeId, signal: AbortSignal): Promise<void>;
  /** It is not stopped for being idle for as long as the site lets its owner say so. */
  keep(key: ServerKey): Promise<void>;
}

/** "My servers": where they are, since when, and how they are stopped. */
export function homePage(view: HomeView, token: string, time: PageTime): string {
  const { servers, silent, trouble, foreign, last, user, adminUrl } = view;
  const { nowMs } = time;
  const admin = adminUrl === undefined ? undefined : html` · <a href="${adminUrl}">Nodes</a>`;
  const body = html`<h1>My servers</h1>
    ${servers.length === 0 ? noServer(silent, view.choices ?? []) : servers.map((server) => serverPart(server, token, time))}
    ${silent.map(silentPart)} ${troublePart(trouble)}
    ${foreign.flatMap((jupyter) => foreignPart(jupyter) ?? [])} ${lastPart(last, nowMs)}
    <p class="muted">Signed in as ${user}${admin} · <a href="/logout">Sign out</a></p>`;
  return page({ title: "My servers", body });
}

function noServer(silent: readonly SilentPlace[], choices: WayIn["choices"]): Html {
  return html`<p>
      ${silent.length === 0 ? "You have no running server." : "No running server of yours is known."}
    </p>
    <p><a class="button" href="/">Start my server</a></p>
    ${choices.map(({ name, title }) => html`<p><a href="/?choice=${name}">Start it: ${title}</a></p>`)}`;
}

function silentPart({ node, reason }: SilentPlace): Html {
  return html`<p>
    The router cannot look ${node === undefined ? html`into your home` : html`on <strong>${node}</strong>`}
    now: ${reason}
  </p>`;
}

function troublePart(trouble: HomeTrouble | undefined): Html | undefined {
  return trouble === undefined ? undefined : html`<p class="muted">${troubleText(trouble, "your")}</p>`;
}

function foreignPart({ pid, node }: ForeignJupyter): Html | undefined {
  if (node === undefined) return undefined;
  return html`<p class="muted">
    A Jupyter that you started yourself runs on <strong>${node}</strong> (process ${pid}). It is left alone.
  </p>`;
}

function serverPart(server: OwnServer, token: string, time: PageTime): Html {
  const { key, node, state, url, busy } = server;
  const { nowMs } = time;
  const name = key.server === "" ? "Server" : key.server;
  return html`<section>
    <p>
      <strong>${name}</strong> on <strong>${node}</strong>:
      ${state}${sinceWords("for", server.startedAtMs, nowMs)}${sinceWords(
        "last used",
        server.lastActivityMs,
        nowMs,
        " ago",
      )}${busy === undefined ? "" : `, ${busy}`}
    </p>
    <p>
      ${
        state === "lost"
          ? html`Its JupyterHub does not know it any more.
              <a class="button" href="${startPath(key)}">Decide what to do</a>`
          : html`<a class="button" href="${url}">Open</a>`
      }
    </p>
    ${noticeParts(server, token, time)}
    ${state === "ready" ? html`<p><a href="${movePath(key)}">Move it to another node…</a></p>` : undefined}
    <details>
      <summary>Stop it…</summary>
      <p>Running kernels and terminals end, and what they have not saved is lost. Files stay.</p>
      ${postButton(`/home/stop?node=${encodeURIComponent(node)}`, "Stop this server", { key, token }, "quiet")}
    </details>
  </section>`;
}

function noticeParts({ key, notice, keptUntilMs, closing }: OwnServer, token: string, time: PageTime): Html {
  return html`${closing === undefined ? undefined : closingPart(closing, movePath(key))}
  ${notice === undefined ? undefined : stopNoticePart(notice, { key, token }, time)}
  ${keptUntilMs === undefined ? undefined : keptPart(keptUntilMs, time)}`;
}

function startPath({ server }: ServerKey): string {
  return server === "" ? "/" : `/?server=${encodeURIComponent(server)}`;
}

function sinceWords(word: string, sinceMs: number | undefined, nowMs: number, end = ""): string {
  return sinceMs === undefined ? "" : `, ${word} ${span(nowMs - sinceMs)}${end}`;
}

function lastPart(last: PlacementRecord | undefined, nowMs: number): Html | undefined {
  if (last === undefined) return undefined;
  const summary = `Why ${last.node ?? "no node"}? Decided ${span(nowMs - last.atMs)} ago`;
  return html`<details>
    <summary>${summary}</summary>
    ${placementTable(last.verdicts)}
  </details>`;
}
