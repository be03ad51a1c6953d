import type { ServerKey } from "../../../model.ts";
import { restOf } from "../../web/decide/canonical.ts";
import type { Journey } from "./journey.ts";
import { loginPath } from "../../sign-in/decide/sign-in.ts";
import { serverPath, type Urls } from "../../web/decide/urls.ts";
import { faceOf, stepList, statusLine, type Face } from "./waiting-page.ts";

/** What a waiting page is told: everything it shows, so that no event needs the ones before. */
export interface StartEvent {
  readonly face: Face;
  readonly status: string;
  /** Markup of the list of steps, escaped. */
  readonly steps: string;
  /** Where to go: the server is ready. */
  readonly url?: string;
}

function toStartEvent(journey: Journey, url: string | undefined): StartEvent {
  const event = { face: faceOf(journey), status: statusLine(journey), steps: stepList(journey).html };
  return url === undefined ? event : { ...event, url };
}

/** Names one state of one journey, for `Last-Event-ID`. */
export function eventId({ id, version }: Journey): string {
  return `${id}.${version}`;
}

/** One server-sent event. JSON has no line breaks of its own, so one `data:` line holds it. */
export function formatEvent(journey: Journey, url: string | undefined): string {
  return `id: ${eventId(journey)}\nevent: state\ndata: ${JSON.stringify(toStartEvent(journey, url))}\n\n`;
}

/** Where an arrived journey goes on: signed in on its hub, to the place `next` names, else to JupyterLab. */
export function targetOf(
  { outcome, key }: Journey,
  urls: Urls,
  next: string | undefined,
): string | undefined {
  if (outcome?.kind !== "arrived") return undefined;
  const path = `${serverPath(key)}${restOf(next, key.user) ?? "lab"}`;
  return loginPath({ node: outcome.node, next: urls.urlFor(outcome.node, path) });
}

/** The address of the page, or of the events, of one journey; plain for the default server. */
export function journeyUrl(path: string, { server }: ServerKey, next: string | undefined): string {
  const query = new URLSearchParams();
  if (server !== "") query.set("server", server);
  if (next !== undefined) query.set("next", next);
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

/** Where a server's owner is told what a move would do. */
export function movePath(key: ServerKey): string {
  return journeyUrl("/home/move", key, undefined);
}
