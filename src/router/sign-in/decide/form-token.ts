import { derivedKeys, isSameSecret, mac, newestOf, type Keys } from "./keys.ts";

/**
 * What a form of ours carries, so that only a page of ours can send it. With `routing: path` a page of the user's own
 * server can fetch ours and read it: such a page acts for its own user only, since the gate shows it to nobody else.
 */
export interface FormTokens {
  issue(session: { readonly id: string }): string;
  isGood(session: { readonly id: string }, token: unknown): boolean;
}

/** Tokens bound to the session: HMAC of its id. */
export function createFormTokens(masterKeys: Keys): FormTokens {
  const keys = derivedKeys(masterKeys, "form");
  return {
    issue: ({ id }) => mac(newestOf(keys), id),
    isGood: ({ id }, token) =>
      typeof token === "string" && keys().some((key) => isSameSecret(mac(key, id), token)),
  };
}
