import type { Choice } from "./choice.ts";
import { postButton, type FormContext } from "../../web/decide/forms.ts";
import { html, page } from "../../web/decide/html.ts";
import { journeyUrl } from "./start-event.ts";

/** Asks about what a link on somebody else's page wants to have remembered. */
export function choicePage({ name, title }: Pick<Choice, "name" | "title">, context: FormContext): string {
  const heading = "Which kind of machine?";
  const body = html`<h1>${heading}</h1>
    <p>The link that you followed asks for another kind of machine than usual: <strong>${title}</strong>.</p>
    ${postButton(`/choose-machine?choice=${encodeURIComponent(name)}`, `Start my server: ${title}`, context)}
    <p><a href="${journeyUrl("/", context.key, context.next)}">Go on as before</a></p>
    <p class="muted">What you choose is remembered.</p>`;
  return page({ title: heading, body });
}
