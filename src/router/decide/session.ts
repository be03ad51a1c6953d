import type { NodeId, UserName } from "../../model.ts";

/** Who signed in, as the signed session cookie says it. */
export interface Session {
  /** Random; what a revocation names. */
  readonly id: string;
  readonly user: UserName;
  readonly groups: readonly string[];
  readonly isAdmin: boolean;
  /** The hub that vouched for the user; absent with `auth: header`. */
  readonly lobby?: NodeId;
  /** Hubs this session has visited by ticket: where signing out must end something. */
  readonly nodes: readonly NodeId[];
  readonly startedAtMs: number;
  readonly expiresAtMs: number;
}

/** What a request's cookies (or trusted headers) say. */
export type SessionLookup =
  | { readonly kind: "none" }
  | {
      readonly kind: "session";
      readonly session: Session;
      /** Set-Cookie values that renew it; to be added to the answer, whatever that is. */
      readonly renewal: readonly string[];
    }
  /** For instance: the session cookie came twice. Answered with 400 and this reason. */
  | { readonly kind: "refused"; readonly reason: string };

/** The request as sign-in needs it: lower-case header names as Node gives them, and the peer's address. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Every name and value in order, as in `IncomingMessage.rawHeaders`. */
  readonly rawHeaders: readonly string[];
  readonly remoteAddress: string;
}

/** Tells who a request comes from. Fast: it runs on every request that is proxied. */
export interface SessionReader {
  read(request: Credentials): Promise<SessionLookup>;
}
