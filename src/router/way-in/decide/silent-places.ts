import type { SilentPlace } from "../../../sighting.ts";
import { span } from "../../../amounts.ts";
import { html, type Html } from "../../web/decide/html.ts";
import { busyText } from "./server-words.ts";

/** A place that cannot be looked at, as an item of a list: why, since when, and what the home says runs there. */
export function silentItem({ node, reason, lastSeenMs, record }: SilentPlace, nowMs: number): Html {
  const seen = lastSeenMs === undefined ? "" : `, last seen ${span(nowMs - lastSeenMs)} ago`;
  const left = record === undefined ? "" : `; your server there was left with ${busyText(record)}`;
  return html`<li><strong>${node ?? "your home"}</strong>: ${reason}${seen}${left}</li>`;
}
