import type { NodeId } from "../../model.ts";
import type { HubKeeper } from "../../ports.ts";
import { derivedKeys, type Keys } from "./decide/keys.ts";
import type { Credentials } from "./decide/session.ts";
import * as decide from "./decide/sign-in.ts";
import { redirect, trouble, type SignIn, type SignInOutcome, type SignInState } from "./decide/sign-in.ts";
import { nonceHash } from "./decide/ticket.ts";
import { chooseLobby, wordsFor } from "./lobbies.ts";
import type { Passes } from "./passes.ts";
import { createSeal, type Seal } from "./seal.ts";
import { welcome, type WelcomeDeps } from "./welcome.ts";

interface Deps extends WelcomeDeps {
  readonly passes: Passes;
  readonly keeper: HubKeeper;
  /** Hubs trusted to say who a visitor is, in order. */
  readonly lobbies: () => readonly NodeId[];
}

interface Options {
  readonly masterKeys: Keys;
  /** `header`: a proxy before us says who visitors are; there is no form to send anybody to. */
  readonly auth: "hub" | "header";
}

/** How long each lobby is waited for. */
const LOBBY_PATIENCE_MS = 4000;
/** How long a lobby may take to say who came. */
const IDENTIFY_MS = 15_000;
/** A person may sit at the form for a while. */
const STATE_LIFETIME_MS = 3_600_000;

/** Sign-in by a lobby hub, and on from there to other hubs by ticket. */
export function createSignIn(deps: Deps, options: Options): SignIn {
  const { clock, sessions, binds, passes } = deps;
  const { masterKeys } = options;
  const stateSeal = createSeal("state", derivedKeys(masterKeys, "state"), { clock });
  const toLobby = createWayToLobby(deps, stateSeal, options);

  return {
    async login(request, query, signal) {
      const lookup = await sessions.read(request);
      if (lookup.kind === "refused") return trouble({ reason: "cookie-twice" }, sessions.expireCookies());
      const next = decide.nextPlace(query.next);
      const node = query.node === undefined ? undefined : passes.find(query.node);
      if (query.node !== undefined && node === undefined) {
        return trouble({ reason: "unknown-node", node: query.node });
      }
      const place = { ...(node && { node }), ...(next !== undefined && { next }) };
      if (lookup.kind === "none") return toLobby(request, place, signal);
      if (node === undefined) return redirect(next ?? "/", lookup.renewal);
      return passes.issue(request, lookup.session, node, next);
    },

    async callback(request, { code, state: text = "" }, signal) {
      const state = decide.stateFromClaims(await stateSeal.open(text));
      const bind = await binds.read(request);
      const isOurs = state !== undefined && bind !== undefined && nonceHash(bind.id) === state.bindHash;
      if (!isOurs || !deps.lobbies().includes(state.lobby)) return trouble({ reason: "not-started-here" });
      if (code === undefined) return trouble({ reason: "declined", node: state.lobby });
      const lookup = await sessions.read(request);
      const before = lookup.kind === "session" ? lookup.session : undefined;
      try {
        const patience = AbortSignal.any([signal, clock.deadline(IDENTIFY_MS)]);
        return await welcome(deps, { state, bind, code, before }, patience);
      } catch (err) {
        signal.throwIfAborted();
        deps.log.warn({ err, node: state.lobby }, "sign-in failed");
        return trouble({ reason: "failed", node: state.lobby, detail: wordsFor(err) });
      }
    },
  };
}

type Place = Pick<SignInState, "node" | "next">;

/** Sends a visitor to the first lobby that is ready. The state they take along names the browser it was made for. */
function createWayToLobby(
  deps: Deps,
  stateSeal: Seal,
  { auth }: Options,
): (request: Credentials, place: Place, signal: AbortSignal) => Promise<SignInOutcome> {
  const { clock, binds, urls } = deps;
  return async (request, place, signal) => {
    if (auth === "header") return trouble({ reason: "no-header" });
    const choice = await chooseLobby(deps, deps.lobbies(), LOBBY_PATIENCE_MS, signal);
    if (choice.kind === "none") {
      return trouble({ reason: "lobby-down", lobbies: choice.lobbies, retry: decide.loginPath(place) });
    }
    const bind = (await binds.read(request)) ?? binds.create();
    const claims = decide.stateToClaims({ ...place, bindHash: nonceHash(bind.id), lobby: choice.lobby });
    const state = await stateSeal.close(claims, clock.now() + STATE_LIFETIME_MS);
    return redirect(urls.urlFor(choice.lobby, decide.authorizePath(state)), [await binds.toCookie(bind)]);
  };
}
