import { AppError } from "../errors.ts";
import type { NodeId, UserName } from "../model.ts";
import type { Accounts, HomeReader } from "../ports.ts";
import { parseAccountName, parseUserName } from "../user-name.ts";

/** Where homes are. */
export interface HomePlaces {
  /** Throws HOME_UNREADABLE where none is known, and why nodes cannot be asked. */
  homeOf(user: UserName, signal: AbortSignal): Promise<string>;
  /** Everybody who may have one, as far as it can be told without knowing them. Throws HOME_UNREADABLE. */
  everybody(signal: AbortSignal): Promise<readonly UserName[]>;
}

const USER = "{user}";

/** Homes by a template such as `/home/{user}`; whoever has a folder where it says so may have one. */
export function createTemplatePlaces(template: string, reader: Pick<HomeReader, "list">): HomePlaces {
  const parent = template.slice(0, template.indexOf(USER)).replace(/(?<=.)\/$/, "");
  return {
    // A user's name holds no slash and is no dots: it is one component of the path.
    homeOf: (user) => Promise.resolve(template.replace(USER, () => user)),
    async everybody(signal) {
      const names = await reader.list(parent, signal);
      return names.flatMap((name) => parseUserName(parseAccountName(name)) ?? []);
    },
  };
}

/** How many nodes are asked for one account. */
const MAX_ASKED = 3;

/** Homes as the nodes' `getent` tells them. Who has one cannot be told: nobody's folder is searched for. */
export function createAccountPlaces(accounts: Accounts, nodes: () => readonly NodeId[]): HomePlaces {
  return {
    async homeOf(user, signal) {
      const name = parseAccountName(user);
      if (name === undefined) throw unknown("no account can have this name");
      let failure: unknown = unknown("no node answers that could say where it is");
      for (const node of nodes().slice(0, MAX_ASKED)) {
        try {
          const account = await accounts.find(node, name, signal);
          if (account === undefined) failure = unknown(`${node} knows no such account`);
          else if (account.home.startsWith("/")) return account.home;
        } catch (err) {
          signal.throwIfAborted();
          failure = err;
        }
      }
      throw failure;
    },
    everybody: () => Promise.resolve([]),
  };
}

function unknown(message: string): AppError {
  return new AppError("HOME_UNREADABLE", message);
}
