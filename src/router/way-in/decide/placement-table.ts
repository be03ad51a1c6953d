import { percent } from "../../../amounts.ts";
import { html, type Html } from "../../web/decide/html.ts";
import type { Verdict } from "./journey.ts";

/** Why this node and not another: one row a node, the best first as they were given. */
export function placementTable(verdicts: readonly Verdict[]): Html {
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Node</th>
        <th scope="col">Projected use</th>
        <th scope="col">Why</th>
      </tr>
    </thead>
    <tbody>
      ${verdicts.map(row)}
    </tbody>
  </table>`;
}

function row({ node, accepted, score, reasons }: Verdict): Html {
  const use = score === undefined ? "–" : percent(score);
  const words = reasons.join("; ");
  return html`<tr>
    <td>${node}</td>
    <td>${accepted ? use : "not possible"}</td>
    <td>${words}</td>
  </tr>`;
}
