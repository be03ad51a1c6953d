import type { IncomingMessage, ServerResponse } from "node:http";
import { admit, renewalOf, type NodesServed } from "../decide/admission.ts";
import { fetchKind } from "../../web/decide/fetch-kind.ts";
import type { ProxyAnswer } from "../decide/proxy-answer.ts";
import type { SessionReader } from "../../sign-in/decide/session.ts";
import {
  addressOf,
  createForwarder,
  type ForwarderDeps,
  type ForwarderOptions,
  type Visit,
} from "./forwarder.ts";
import { sendAnswer, sendRedirect } from "./proxy-answers.ts";
import type { UpgradeRequest } from "./upgrades.ts";

export interface NodeProxyDeps extends ForwarderDeps, NodesServed {
  readonly sessions: SessionReader;
}

/** Everything below `/n/`: the gate, then the node's hub proxy. */
export interface NodeProxy {
  /** With `upgrade`, `response` must be assigned to its socket, for answers that are no upgrade. */
  handle(request: IncomingMessage, response: ServerResponse, upgrade?: UpgradeRequest): void;
  /** Breaks every upgraded connection and every connection to a node. */
  close(): Promise<void>;
}

export function createNodeProxy(deps: NodeProxyDeps, options: ForwarderOptions): NodeProxy {
  const forwarder = createForwarder(deps, options);

  async function pass(visit: Visit): Promise<void> {
    const { request, response } = visit;
    const { rawHeaders, headers, method = "GET", url: target = "" } = request;
    const remoteAddress = addressOf(request);
    const lookup = await deps.sessions.read({ rawHeaders, headers, remoteAddress });
    const admission = admit({ method, target, headers, rawHeaders, lookup }, deps);
    const answering = { cookies: renewalOf(lookup), isForPerson: isForPerson(request) };
    if (admission.kind === "refuse") sendAnswer(response, admission.answer, answering);
    else if (admission.kind === "redirect") sendRedirect(response, admission.location, answering.cookies);
    else forwarder.forward(visit, admission.passage);
  }

  return {
    handle(request, response, upgrade) {
      pass({ request, response, upgrade }).catch((err: unknown) => {
        deps.log.error({ err }, "a request could not be decided");
        sendAnswer(response, BROKEN, { isForPerson: isForPerson(request), cookies: [] });
      });
    },
    close: () => forwarder.close(),
  };
}

const BROKEN: ProxyAnswer = {
  status: 500,
  code: "INTERNAL",
  title: "Something went wrong here",
  text: "The router could not decide this request. Its log says why.",
};

function isForPerson({ method = "GET", headers }: IncomingMessage): boolean {
  return fetchKind(method, headers) === "navigation";
}
