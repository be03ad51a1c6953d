import type { Sighting } from "../../../sighting.ts";
import { span } from "../../../amounts.ts";
import { offerText } from "./choice.ts";
import { postButton, type FormContext } from "../../web/decide/forms.ts";
import { html, type Html } from "../../web/decide/html.ts";
import { isStoppable, without, type ChoiceOffer, type Obstacle, type Silence } from "./obstacle.ts";
import { silentItem } from "./silent-places.ts";
import { busyText } from "./server-words.ts";

interface Context extends FormContext {
  readonly nowMs: number;
}

/** What stands over the waiting page while there is an obstacle. */
export function obstacleTitle(obstacle: Obstacle): string {
  if (obstacle.kind === "lost") return `Your server on ${obstacle.sighting.node} has lost its JupyterHub`;
  if (obstacle.kind === "wish") return "Which kind of machine?";
  if (obstacle.kind === "several") return "Two of your servers run: which one?";
  const nodes = obstacle.silent.flatMap(({ node }) => node ?? []).join(", ");
  return nodes === "" ? "Looking for your server" : `Waiting for ${nodes}`;
}

/** What is in the way, what is safe, and what the user may decide. */
export function obstacleText(obstacle: Obstacle, context: Context): Html {
  switch (obstacle.kind) {
    case "silent":
      return silenceText(obstacle, context);
    case "lost":
      return lostText(obstacle, context);
    case "several":
      return severalText(obstacle.sightings, context);
    case "wish":
      return html`${obstacle.offers.map((offer) => offerPart(offer, context))}
        <p class="muted">It is remembered; <a href="/home">My servers</a> has the other ones.</p>`;
  }
}

function silenceText({ silent, mayStartElsewhere }: Silence, context: Context): Html {
  return html`<p>Your server may be running where the router cannot look now. It keeps trying.</p>
    <ul>
      ${silent.map((place) => silentItem(place, context.nowMs))}
    </ul>
    ${
      mayStartElsewhere
        ? html`<p>
              Your files are safe: they are on the file server. Waiting costs nothing, and this page goes on
              by itself. If you start a new server elsewhere, what runs in the old one is not moved, and it is
              not stopped either: should its node come back, you choose between the two.
            </p>
            ${postButton("/start-elsewhere", "Start a new server elsewhere", context, "quiet")}`
        : html`<p class="muted">If it stays silent, you will be offered a new server elsewhere.</p>`
    }`;
}

function lostText({ sighting, keptUntilMs }: Extract<Obstacle, { kind: "lost" }>, context: Context): Html {
  const { node, record } = sighting;
  const kept =
    keptUntilMs !== undefined &&
    html`<p>You decided to keep it: it is left alone for ${span(keptUntilMs - context.nowMs)} more.</p>`;
  return html`<p>
      It still runs on <strong>${node}</strong>, ${record === undefined ? "" : `${busyText(record)}, `}but
      JupyterHub there does not know it any more and cannot bring you to it. What runs in it goes on, and can
      still write its results to your files.
    </p>
    ${kept || postButton("/keep-lost", "Keep it for now", context)} ${stopPart(sighting, context)}`;
}

function stopPart(sighting: Sighting, context: Context): Html {
  if (!isStoppable(sighting)) {
    return html`<p>${sighting.node} does not say which process it is; an administrator can stop it.</p>`;
  }
  return html`<p>Stopping it ends its kernels and terminals; what they have not saved is lost. Files stay.</p>
    ${postButton("/stop-lost", "Stop it and start a new server", context, "quiet")}`;
}

function severalText(sightings: readonly Sighting[], context: Context): Html {
  return html`<p>
      One server of this name may run at a time, and ${sightings.length} do. Nothing was stopped. Stopping one
      ends its kernels and terminals; what they have not saved is lost. Files stay.
    </p>
    ${sightings.map((sighting) => choicePart(sighting, sightings, context))}
    <p class="muted">Not sure? <a href="/home">My servers</a> opens either of them and stops nothing.</p>`;
}

function offerPart({ name, title, offer }: ChoiceOffer, context: Context): Html {
  return html`<section>
    <p><strong>${title}</strong>: ${offerText(offer)}</p>
    ${postButton(`/choose-machine?choice=${encodeURIComponent(name)}`, title, context)}
  </section>`;
}

function choicePart(sighting: Sighting, all: readonly Sighting[], context: Context): Html {
  const { node, record, isOrphan, lastActivity } = sighting;
  const usedMs = Date.parse(lastActivity ?? "");
  const used = Number.isNaN(usedMs) ? "" : `, last used ${span(context.nowMs - usedMs)} ago`;
  const others = without(all, node).map((other) => other.node);
  return html`<section>
    <p>
      <strong>${node}</strong>${used}${record === undefined ? "" : `, ${busyText(record)}`}${
        isOrphan ? "; its JupyterHub has lost it, so it cannot be opened" : ""
      }
    </p>
    ${
      isOrphan
        ? undefined
        : postButton(
            `/choose-server?node=${encodeURIComponent(node)}`,
            `Open this one, and stop the one on ${others.join(", ")}`,
            context,
            "quiet",
          )
    }
  </section>`;
}
