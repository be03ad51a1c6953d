import type { ServerResponse } from "node:http";
import type { NodeId, UserName } from "../../../model.ts";
import type { Log } from "../../../ports.ts";
import { renewalOf, type Passage } from "../decide/admission.ts";
import type { MovedAnswer, NodeRequest } from "../decide/moved.ts";
import type { ProxyAnswer } from "../decide/proxy-answer.ts";
import type { StandIn } from "../decide/stand-in.ts";
import { describeFailure, isSuspicious } from "../decide/upstream-failure.ts";
import { isOwner, isPage } from "../decide/visitor-kind.ts";
import { sendAnswer, sendRedirect, type AnswerOptions } from "./proxy-answers.ts";

export interface StandInDeps {
  readonly log: Log;
  /** A node or its hub failed a request. */
  readonly onUpstreamFailure: (node: NodeId, error: Error) => void;
  /** Where an owner's server is that its node does not have, or cannot be asked for (see moved.ts). */
  readonly whereNow?: (user: UserName, request: NodeRequest) => Promise<MovedAnswer>;
}

/** A request whose node does not answer it, and the answer to be. */
interface Place {
  readonly response: ServerResponse;
  readonly passage: Passage;
}

/** Answers in a node's place. */
export interface StandIns {
  take(standIn: StandIn, place: Place, asItWas: () => void): void;
  fail(error: Error, place: Place): void;
}

export function createStandIns(deps: StandInDeps): StandIns {
  function take(standIn: StandIn, place: Place, asItWas: () => void): void {
    const { response, passage } = place;
    if (standIn.kind === "absent") seek(place, asItWas);
    else if (standIn.kind === "answer") sendAnswer(response, standIn.answer, answering(passage));
    else sendRedirect(response, standIn.location, renewalOf(passage.lookup));
  }

  function fail(error: Error, place: Place): void {
    const { response, passage } = place;
    const { node } = passage.path;
    report(passage, error);
    const retry = { href: passage.target, label: "Try again", afterSeconds: RETRY_SECONDS };
    const answer = { ...describeFailure(node, error), retry };
    function say(): void {
      sendAnswer(response, answer, answering(passage));
    }
    if (isSuspicious(error)) seek(place, say);
    else say();
  }

  /** Asks where an owner's server is now; `otherwise` answers when it is nowhere else, or nobody knows. */
  function seek(place: Place, otherwise: () => void): void {
    const { response, passage } = place;
    const { path, method, target } = passage;
    if (deps.whereNow === undefined || path.area !== "user" || !isOwner(passage, path)) {
      otherwise();
      return;
    }
    deps
      .whereNow(path.user, { method, url: target, node: path.node, isNavigation: isPage(passage) })
      .then((moved) => {
        if (response.headersSent || response.destroyed) return;
        if (moved.kind === "redirect") sendRedirect(response, moved.to, renewalOf(passage.lookup));
        else if (moved.kind === "gone") sendAnswer(response, goneFrom(path.node), answering(passage));
        else otherwise();
      })
      .catch((err: unknown) => {
        deps.log.warn({ err, node: path.node }, "where a server is now could not be found out");
        if (!response.headersSent && !response.destroyed) otherwise();
      });
  }

  /** What is the node's fault its keeper logs once; this would log each request. */
  function report({ path: { node }, target }: Passage, err: Error): void {
    const fields = { err, node, path: target.replace(/\?.*$/, "") };
    if (!isSuspicious(err)) deps.log.warn(fields, "a request to a node failed");
    else {
      deps.log.debug(fields, "a node failed a request");
      deps.onUpstreamFailure(node, err);
    }
  }

  return { take, fail };
}

const RETRY_SECONDS = 5;

function answering({ fetch, lookup }: Passage): AnswerOptions {
  return { isForPerson: fetch === "navigation", cookies: renewalOf(lookup) };
}

function goneFrom(node: NodeId): ProxyAnswer {
  const text = "Open it again from the start page; this tab would write to the wrong place.";
  return { status: 410, code: "SERVER_MOVED", title: `Your server is no longer on ${node}`, text };
}
