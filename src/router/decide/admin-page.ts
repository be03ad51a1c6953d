import type { NodeAnswer, NodesAnswer } from "./api-views.ts";
import { ago } from "./ago.ts";
import { html, page, type Html } from "./html.ts";

/** All nodes at a glance, for admins; it changes nothing. */
export function adminPage({ nodes, problems, takenAt }: NodesAnswer): string {
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
          ${["Node", "State", "Servers", "Load", "Memory free", "Seen"].map(
            (name) => html`<th scope="col">${name}</th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${nodes.map((node) => row(node, Date.parse(takenAt)))}
      </tbody>
    </table>
    <p class="muted">
      ${takenAt} · <a href="/api/v1/nodes">as JSON</a> · <a href="/metrics">metrics</a> ·
      <a href="/home">My servers</a>
    </p>`;
  const head = html`<meta http-equiv="refresh" content="10" />`;
  return page({ title: "Nodes", body, head });
}

function row(node: NodeAnswer, nowMs: number): Html {
  const { load } = node;
  const seen = node.lastSeen === null ? "never" : `${ago(nowMs - Date.parse(node.lastSeen))} ago`;
  return html`<tr>
    <td>
      ${node.node}
      <div class="reasons">${[node.address, ...node.labels].join(" ")}</div>
    </td>
    <td>${stateWords(node)}</td>
    <td>${serversWords(node)}</td>
    <td>${load === null ? "–" : `${load.load1.toFixed(2)} of ${load.cores}`}</td>
    <td>${load === null ? "–" : `${gib(load.memoryAvailableBytes)} of ${gib(load.memoryTotalBytes)} GiB`}</td>
    <td>${seen}</td>
  </tr>`;
}

function stateWords({ state, draining, detail }: NodeAnswer): string {
  const words = draining ? `${state}, draining` : state;
  return detail === "" ? words : `${words}: ${detail}`;
}

function serversWords({ load, maxServers, reservations }: NodeAnswer): string {
  const limit = maxServers === null ? "" : ` of ${maxServers}`;
  const starting = reservations === 0 ? "" : `, ${reservations} starting`;
  return `${load?.servers ?? "–"}${limit}${starting}`;
}

function gib(bytes: number): string {
  return (bytes / 1024 ** 3).toFixed(1);
}
