import type { LoadHistory } from "../../../load-history.ts";
import type { GpuAnswer, NodeAnswer, NodesAnswer } from "./api-views.ts";
import { percent, span } from "../../../amounts.ts";
import { html, page, type Html } from "../../web/decide/html.ts";
import { type Graph, loadGraph } from "./load-graph.ts";

/** Shown of each node, as far as this router has heard of it. */
const SPAN_MS = 6 * 3_600_000;
const LOAD: Graph = { name: "load per core in the last six hours", of: ({ load }) => load };
const MEMORY: Graph = { name: "memory in use in the last six hours", of: ({ memory }) => memory };

/** All nodes at a glance, for admins. */
export function adminPage({ nodes, problems, takenAt }: NodesAnswer, history: LoadHistory): string {
  const body = html`<h1>Nodes</h1>
    ${
      problems.length === 0
        ? undefined
        : html`<section>
            <h2>The hosts file needs attention</h2>
            <ul>
              ${problems.map(({ line, message, remedy }) => html`<li>${line > 0 ? `line ${line}: ` : ""}${message}. ${remedy}</li>`)}
            </ul>
          </section>`
    }
    <table>
      <thead>
        <tr>
          ${["Node", "State", "Hub", "Servers", "Load", "Memory free", "Seen"].map(
            (name) => html`<th scope="col">${name}</th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${nodes.map((node) => row(node, Date.parse(takenAt), history))}
      </tbody>
    </table>
    <p class="muted">
      ${takenAt} · <a href="/api/v1/nodes">as JSON</a> · <a href="/metrics">metrics</a> ·
      <a href="/admin/plans">rebalancing</a> ·
      <a href="/home">My servers</a>
    </p>`;
  const head = html`<meta http-equiv="refresh" content="10" />`;
  return page({ title: "Nodes", body, head });
}

function row(node: NodeAnswer, nowMs: number, history: LoadHistory): Html {
  const { load } = node;
  const points = history.of(node.node);
  const axis = { nowMs, spanMs: SPAN_MS, everyMs: history.everyMs };
  const seen = node.lastSeen === null ? "never" : `${span(nowMs - Date.parse(node.lastSeen))} ago`;
  return html`<tr>
    <td>
      <a href="/admin/nodes/${node.node}">${node.node}</a>
      <div class="reasons">${[node.address, ...node.labels].join(" ")}</div>
    </td>
    <td>${stateWords(node)} ${notes(node).map((text) => html`<div class="reasons">${text}</div>`)}</td>
    <td>${hubWords(node)}</td>
    <td>${serversWords(node)}</td>
    <td>
      ${load === null ? "–" : `${load.load1.toFixed(2)} of ${load.cores}`}
      <div class="reasons">${loadGraph(points, LOAD, axis)}</div>
    </td>
    <td>
      ${load === null ? "–" : `${gib(load.memoryAvailableBytes)} of ${gib(load.memoryTotalBytes)} GiB`}
      <div class="reasons">${loadGraph(points, MEMORY, axis)}</div>
      ${(load?.gpus ?? []).map((gpu) => html`<div class="reasons">${gpuWords(gpu)}</div>`)}
    </td>
    <td>${seen}</td>
  </tr>`;
}

function stateWords({ state, detail }: NodeAnswer): string {
  return detail === "" ? state : `${state}: ${detail}`;
}

function notes({ state, troubles, closure, warnings }: NodeAnswer): readonly string[] {
  const remedies = state === "down" ? troubles.slice(0, 1).map(({ remedy }) => remedy) : [];
  const all = [...remedies, closure?.words ?? "", ...warnings];
  return all.filter((text) => text !== "");
}

function hubWords({ hub }: NodeAnswer): string {
  if (hub === null) return "–";
  return hub.version === null ? hub.state : `${hub.state}, ${hub.version}`;
}

function serversWords({ load, maxServers, reservations }: NodeAnswer): string {
  const limit = maxServers === null ? "" : ` of ${maxServers}`;
  const starting = reservations === 0 ? "" : `, ${reservations} starting`;
  return `${load?.servers ?? "–"}${limit}${starting}`;
}

function gpuWords({ index, name, use, memoryUsedBytes, memoryTotalBytes, holders }: GpuAnswer): string {
  const memory =
    memoryTotalBytes === 0 ? "" : `, ${gib(memoryUsedBytes)} of ${gib(memoryTotalBytes)} GiB used`;
  const busy = use === null ? "" : `, ${percent(use)} busy`;
  const whose = holders.length === 0 ? "" : `, given to ${holders.map(({ user }) => user).join(", ")}`;
  return `GPU ${index}: ${name}${memory}${busy}${whose}`;
}

function gib(bytes: number): string {
  return (bytes / 1024 ** 3).toFixed(1);
}
