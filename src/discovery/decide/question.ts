import type { ServerKey, ServerName, UserName } from "../../model.ts";

/** Which server is looked for; every server of the user without a name. */
export interface Question {
  readonly user: UserName;
  readonly server?: ServerName;
}

/** Whether something is about the server that is looked for. */
export function asks({ user, server }: Question): (about: { readonly key: ServerKey }) => boolean {
  return ({ key }) => key.user === user && (server === undefined || key.server === server);
}
