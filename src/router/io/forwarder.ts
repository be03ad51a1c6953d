import type { IncomingMessage, ServerResponse } from "node:http";
import type { NodeId } from "../../model.ts";
import type { Log, NodeDialer } from "../../ports.ts";
import { renewalOf, type Passage } from "../decide/admission.ts";
import { notRunningLocation } from "../decide/not-running.ts";
import { toNodeHeaders } from "../decide/request-headers.ts";
import { toClientHeaders } from "../decide/response-headers.ts";
import { describeFailure, isSuspicious } from "../decide/upstream-failure.ts";
import { exchange, type Forwarding } from "./exchange.ts";
import { createNodePools, type NodePoolOptions } from "./node-pools.ts";
import { sendAnswer, sendRedirect } from "./proxy-answers.ts";
import { createUpgrades, type UpgradeRequest } from "./upgrades.ts";

export interface ForwarderDeps {
  readonly dialer: NodeDialer;
  readonly log: Log;
  /** A node or its hub failed a request. */
  readonly onUpstreamFailure: (node: NodeId, error: Error) => void;
}

export interface ForwarderOptions extends NodePoolOptions {
  /** A client that takes nothing of its answer for so long is cut off: it holds a connection of the node. */
  readonly stalledReaderMs: number;
  readonly isTls: boolean;
  /** Headers that say who a visitor is (`auth: header`), lower case: no node gets them. */
  readonly strippedHeaders?: readonly string[];
}

/** A request, its answer to be, and the upgrade it may ask for. */
export interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly upgrade: UpgradeRequest | undefined;
}

/** Sends admitted requests to their nodes, and the nodes' answers back. */
export interface Forwarder {
  forward(visit: Visit, passage: Passage): void;
  /** Breaks every upgraded connection and every connection to a node. */
  close(): Promise<void>;
}

export function createForwarder(deps: ForwarderDeps, options: ForwarderOptions): Forwarder {
  const pools = createNodePools(deps.dialer, options);
  const upgrades = createUpgrades(options.idleTimeoutMs);
  const stripped = new Set((options.strippedHeaders ?? []).map(withDashes));

  function forward(visit: Visit, passage: Passage): void {
    const { request, response } = visit;
    if (response.destroyed) return;
    if (request.headers.expect !== undefined) response.writeContinue();
    const { path } = passage;
    exchange({
      request,
      response,
      pool: pools.of(path.node),
      stalledReaderMs: options.stalledReaderMs,
      headers: toNodeHeaders(request.rawHeaders, {
        client: { address: addressOf(request), isTls: options.isTls },
        withNonce: path.area === "hub" && path.rest === "/router_login",
        stripped,
      }),
      ...answersFor(visit, passage),
    });
  }

  function answersFor({ response, upgrade }: Visit, passage: Passage): Answers {
    const { path, target, lookup, fetch } = passage;
    const cookies = renewalOf(lookup);
    const confine = { path, requestPath: target.replace(/\?.*$/, ""), ownCookies: cookies };
    return {
      clientHeaders: (rawHeaders) => toClientHeaders(rawHeaders, confine),
      intercept: (status) => {
        const location = notRunningLocation(passage, status);
        if (location !== undefined) sendRedirect(response, location, cookies);
        return location !== undefined;
      },
      onFailure: (error) => {
        report(path.node, error);
        const retry = { href: target, label: "Try again", afterSeconds: RETRY_SECONDS };
        const answer = { ...describeFailure(path.node, error), retry };
        sendAnswer(response, answer, { isForPerson: fetch === "navigation", cookies });
      },
      ...(upgrade && {
        upgrade: upgrade.protocol,
        onUpgrade: (rawHeaders, socket) => {
          upgrades.join(response, upgrade, toClientHeaders(rawHeaders, confine), socket);
        },
      }),
    };
  }

  function report(node: NodeId, err: Error): void {
    deps.log.warn({ err, node }, "a node failed a request");
    if (isSuspicious(err)) deps.onUpstreamFailure(node, err);
  }

  return {
    forward,
    async close() {
      upgrades.close();
      await pools.close();
    },
  };
}

type Answers = Omit<Forwarding, "request" | "response" | "pool" | "headers" | "stalledReaderMs">;

const RETRY_SECONDS = 5;

/** The peer's address, IPv4 as such. */
export function addressOf({ socket }: IncomingMessage): string {
  return (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
}

function withDashes(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}
