import { createHash, sign, type KeyObject } from "node:crypto";
import type { GpuGrant, NodeId, ServerName, UserName } from "../../../model.ts";

/** What a ticket lets its bearer do at a hub. */
type TicketUse = "login" | "introduce" | "signout";

/** A one-time signed pass from the router to a hub, before it is signed. */
export interface TicketOrder {
  readonly use: TicketUse;
  readonly user: UserName;
  readonly node: NodeId;
  /** The router's clock, and how far the node's is ahead of it. */
  readonly nowMs: number;
  readonly clockOffsetMs: number;
  /** Unguessable; a hub accepts it once. */
  readonly id: string;
  /** The browser's nonce: only its hash travels. A login ticket is good for nobody without it. */
  readonly nonce?: string;
  /** The router's session, so that its end finds what the hub gave on its strength. */
  readonly sessionId?: string;
  /** The user's groups; absent leaves the hub's as they are. */
  readonly groups?: readonly string[];
  /** With `introduce`: the permit to start one server, once. */
  readonly start?: StartPermit;
}

/** One start of one server. `supersedes` is the one claim of another node that it may replace. */
export interface StartPermit {
  readonly server: ServerName;
  readonly supersedes?: string;
  /** The devices it may use, where they are given out. */
  readonly gpus?: GpuGrant;
}

/** Seconds a ticket lives, by the node's clock. */
const TICKET_LIFETIME_S = 30;

const HEADER = Buffer.from(JSON.stringify({ alg: "EdDSA", typ: "multijhub-ticket" })).toString("base64url");

/** The ticket as a compact JWS, signed with an Ed25519 private key. */
export function mintTicket(order: TicketOrder, key: KeyObject): string {
  const payload = Buffer.from(JSON.stringify(ticketClaims(order))).toString("base64url");
  const signed = `${HEADER}.${payload}`;
  return `${signed}.${sign(null, Buffer.from(signed), key).toString("base64url")}`;
}

/** The claims, with the names JWT gives them; times are whole seconds of the node's clock. */
function ticketClaims(order: TicketOrder): Readonly<Record<string, unknown>> {
  const issuedAt = Math.floor((order.nowMs + order.clockOffsetMs) / 1000);
  return {
    sub: order.user,
    aud: order.node,
    iat: issuedAt,
    exp: issuedAt + TICKET_LIFETIME_S,
    jti: order.id,
    use: order.use,
    ...(order.nonce === undefined ? {} : { bnd: nonceHash(order.nonce) }),
    ...(order.sessionId === undefined ? {} : { sid: order.sessionId }),
    ...(order.groups === undefined ? {} : { groups: order.groups }),
    ...(order.start === undefined ? {} : { start: order.start }),
  };
}

/** What stands in a ticket for the browser's nonce. */
export function nonceHash(nonce: string): string {
  return createHash("sha256").update(nonce).digest("base64url");
}

/** Mints the tickets of a router. */
export interface Tickets {
  /** For one browser: it must show `nonce` as the cookie of that name. */
  login(session: TicketSession, node: NodeId, nonce: string): string;
  /** Lets the router itself make a user known to a hub, and permits a start there. */
  introduce(user: UserName, node: NodeId, start?: StartPermit): string;
  /** Ends one session at a hub; all of the user's when there is no session. */
  signOut(user: UserName, node: NodeId, sessionId?: string): string;
}

/** What of a session a ticket carries. */
interface TicketSession {
  readonly id: string;
  readonly user: UserName;
  readonly groups: readonly string[];
  readonly areGroupsCut?: true;
}
