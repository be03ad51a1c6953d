import { readKey } from "./node-keys.ts";
import type { NodeFields } from "./node-keys.ts";

/** Something in the hosts file that cannot be understood: where, what, and what to do about it. */
export interface HostsProblem {
  readonly line: number;
  readonly message: string;
  readonly remedy: string;
}

/** What one place (a host, or a group's variables) says; our own keys win over Ansible's of the same place. */
export interface Sayings {
  readonly own: Map<string, Saying>;
  readonly ansible: Map<string, Saying>;
}

export interface Saying {
  readonly fields: NodeFields;
  readonly line: number;
}

/** Takes a saying in; answers with what is wrong with it there. */
export type Tell = (saying: Saying & { readonly isOwn: boolean }) => HostsProblem | undefined;

/** Reads one `key=value` and tells it to its place; answers with the problem, if there is one. */
export function readSaying(key: string, value: string, line: number, tell: Tell): HostsProblem | undefined {
  const reading = readKey(key, value);
  if (reading.kind === "ignored") return undefined;
  if (reading.kind === "problem") return { line, message: reading.message, remedy: reading.remedy };
  return tell({ fields: reading.fields, line, isOwn: reading.isOwn });
}

/** Adds fields to a place; two different values for one of them are a problem, not a matter of order. */
export function say(
  sayings: Sayings,
  { fields, line, isOwn }: Saying & { readonly isOwn: boolean },
): HostsProblem | undefined {
  const said = isOwn ? sayings.own : sayings.ansible;
  for (const field of Object.keys(fields)) {
    const before = said.get(field);
    if (before !== undefined && !isSame(before.fields, fields))
      return contradiction(field, before.line, line);
    said.set(field, before ?? { fields, line });
  }
  return undefined;
}

/** What a place says in the end. */
export function fieldsOf({ own, ansible }: Sayings): NodeFields {
  const fields: NodeFields = {};
  for (const saying of [...ansible.values(), ...own.values()]) Object.assign(fields, saying.fields);
  return fields;
}

/** A place that says nothing yet. */
export function noSayings(): Sayings {
  return { own: new Map(), ansible: new Map() };
}

function isSame(a: NodeFields, b: NodeFields): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

const KEY_OF: Readonly<Record<string, string>> = {
  sshPort: "port",
  sshUser: "user",
  maxServers: "max_servers",
  proxyCommand: "proxy_command",
};

function contradiction(field: string, before: number, line: number): HostsProblem {
  const where = before === line ? "twice on this line" : `already on line ${before}`;
  return {
    line,
    message: `${KEY_OF[field] ?? field} is said ${where}, with another value`,
    remedy: "Keep one of the two; if two machines were meant, give them two names.",
  };
}
