import type { IncomingMessage, ServerResponse } from "node:http";
import type { NodeDialer } from "../../../ports.ts";
import { renewalOf, type Passage } from "../decide/admission.ts";
import { isForeign } from "../../web/decide/request-origin.ts";
import { toNodeHeaders } from "../decide/request-headers.ts";
import { toClientHeaders, type ConfineOptions } from "../decide/response-headers.ts";
import { standInFor } from "../decide/stand-in.ts";
import { exchange, type Forwarding } from "./exchange.ts";
import { createNodePools, type NodePoolOptions } from "./node-pools.ts";
import { createStandIns, type StandInDeps } from "./stand-ins.ts";
import { createTurns } from "../../../turns.ts";
import { createUpgrades, type UpgradeRequest } from "./upgrades.ts";

export interface ForwarderDeps extends StandInDeps {
  readonly dialer: NodeDialer;
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
  const standIns = createStandIns(deps);
  const stripped = new Set((options.strippedHeaders ?? []).map(withDashes));
  const turns = createTurns(Math.ceil(options.maxConnections * SHARE));

  function send(visit: Visit, passage: Passage, leave: () => void): void {
    const { request, response } = visit;
    response.once("close", leave);
    if (request.headers.expect !== undefined) response.writeContinue();
    exchange({
      request,
      response,
      pool: pools.of(passage.path.node),
      stalledReaderMs: options.stalledReaderMs,
      headers: toNodeHeaders(request.rawHeaders, {
        client: { address: addressOf(request), isTls: options.isTls },
        withNonce: showsTicket(passage),
        stripped,
      }),
      ...answersFor(visit, passage, leave),
    });
  }

  function answersFor({ request, response, upgrade }: Visit, passage: Passage, leave: () => void): Answers {
    const confine = confinementOf(request, passage);
    return {
      clientHeaders: (rawHeaders) => toClientHeaders(rawHeaders, confine),
      intercept: (status, rawHeaders) => {
        const standIn = standInFor(passage, status, rawHeaders);
        if (standIn === undefined) return false;
        standIns.take(standIn, { response, passage }, () => {
          response.writeHead(status, toClientHeaders(rawHeaders, confine)).end();
        });
        return true;
      },
      onFailure: (error) => {
        standIns.fail(error, { response, passage });
      },
      ...(upgrade && {
        upgrade: upgrade.protocol,
        onUpgrade: (rawHeaders, socket) => {
          leave();
          upgrades.join(response, upgrade, toClientHeaders(rawHeaders, confine), socket);
        },
      }),
    };
  }

  return {
    forward(visit, passage) {
      turns.take(payerOf(passage), (leave) => {
        if (visit.response.destroyed) leave();
        else send(visit, passage, leave);
      });
    },
    async close() {
      upgrades.close();
      await pools.close();
    },
  };
}

/**
 * What one user, or all signed-out visitors together, may have of a node's connections: a server that never answers
 * must not hold them all, for then the node would answer nobody.
 */
const SHARE = 3 / 8;

function showsTicket({ path }: Passage): boolean {
  return path.area === "hub" && path.rest === "/router_login";
}

function payerOf({ path, lookup }: Passage): string {
  return `${path.node} ${lookup.kind === "session" ? lookup.session.user : ""}`;
}

type Answers = Omit<Forwarding, "request" | "response" | "pool" | "headers" | "stalledReaderMs">;

function confinementOf(
  { headers }: IncomingMessage,
  { path, target, fetch, lookup }: Passage,
): ConfineOptions {
  const isOfUser = path.area === "user";
  return {
    path,
    requestPath: target.replace(/\?.*$/, ""),
    ownCookies: renewalOf(lookup),
    isFleeting: isOfUser && lookup.kind !== "session",
    isCookieless: isOfUser && fetch !== "navigation" && isForeign(headers),
  };
}

/** The peer's address, IPv4 as such. */
export function addressOf({ socket }: IncomingMessage): string {
  return (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
}

function withDashes(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}
