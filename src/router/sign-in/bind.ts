import type { Clock, Random } from "../../ports.ts";
import { findCookie, setCookie } from "./decide/cookies.ts";
import { derivedKeys, type Keys } from "./decide/keys.ts";
import type { Credentials } from "./decide/session.ts";
import { bindFromClaims, bindToClaims, type Bind } from "./decide/sign-in.ts";
import { createSeal } from "./seal.ts";

const LIFETIME_MS = 30 * 86_400_000;

/** The cookie that ties a sign-in to the browser that began it, the same for all its tabs. */
export interface Binds {
  /** What this browser keeps; `undefined` when it keeps nothing, or nothing that can be trusted. */
  read(request: Credentials): Promise<Bind | undefined>;
  create(): Bind;
  /** The Set-Cookie value that keeps it. */
  toCookie(bind: Bind): Promise<string>;
}

/** Kept 30 days, signed, so that nobody else's memory can be planted in a browser. */
export function createBinds(
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  { masterKeys, isSecure }: { readonly masterKeys: Keys; readonly isSecure: boolean },
): Binds {
  const seal = createSeal("bind", derivedKeys(masterKeys, "bind"), { clock });
  return {
    async read({ rawHeaders }) {
      const found = findCookie(rawHeaders, "bind", isSecure);
      return found.kind === "value" ? bindFromClaims(await seal.open(found.value)) : undefined;
    },
    create: () => ({ id: random.token(18) }),
    async toCookie(bind) {
      const value = await seal.close(bindToClaims(bind), clock.now() + LIFETIME_MS);
      return setCookie("bind", value, { isSecure, maxAgeMs: LIFETIME_MS });
    },
  };
}
