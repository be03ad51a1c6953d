import type { NodeSpec } from "../../../model.ts";
import { readMaintenance } from "./maintenance-text.ts";

/** What keys of the hosts file may say of a node; the rest of a NodeSpec follows from its name. */
export type NodeFields = Partial<Omit<NodeSpec, "id">>;

export type KeyReading =
  | { readonly kind: "fields"; readonly fields: NodeFields; readonly isOwn: boolean }
  | { readonly kind: "ignored" }
  | { readonly kind: "problem"; readonly message: string; readonly remedy: string };

type Read = (value: string) => NodeFields | undefined;

interface Key {
  readonly read: Read;
  readonly wants: string;
}

const ADDRESS: Key = {
  read: (value) => (isAddress(value) ? { address: value } : undefined),
  wants: "a host name or an IP address; templates like {{ ... }} are not evaluated",
};
const PORT: Key = { read: numberField("sshPort", /^\d{1,5}$/, 1, 65_535), wants: "a port from 1 to 65535" };
const USER: Key = {
  read: (value) => (/^[A-Za-z0-9_][A-Za-z0-9_.@\\+-]{0,63}$/.test(value) ? { sshUser: value } : undefined),
  wants: "the name of a Unix account",
};
const PATH = "an absolute path";

const OWN: Readonly<Record<string, Key>> = {
  address: ADDRESS,
  port: PORT,
  user: USER,
  become: { read: readBecome, wants: '"sudo" or "none"' },
  transport: {
    read: (value) => (value === "ssh" || value === "direct" ? { transport: value } : undefined),
    wants: '"ssh" or "direct"',
  },
  weight: {
    read: numberField("weight", /^\d{1,6}(?:\.\d{1,6})?$/, 0.001, 1000),
    wants: "a number above 0, at most 1000; max_servers=0 keeps new servers away",
  },
  labels: { read: readLabels, wants: "names of letters, digits, _ . - with commas between them" },
  max_servers: {
    read: numberField("maxServers", /^\d{1,6}$/, 0, 100_000),
    wants: "a whole number from 0 to 100000",
  },
  places: {
    read: (value) => (value === "jobs" ? { places: value } : undefined),
    wants: '"jobs", for a node whose servers are jobs of a batch system',
  },
  maintenance: {
    read(value) {
      const maintenance = readMaintenance(value);
      return maintenance && { maintenance };
    },
    wants:
      'windows with commas between them, such as "Sun 02:00-06:00", "Fri 18:00-Mon 06:00", "daily 04:00-04:30" or ' +
      '"2026-12-24 18:00-2026-12-27 08:00", and at most one "lead 8h"',
  },
  jupyterhub: { read: (value) => (isPath(value) ? { jupyterhub: value } : undefined), wants: PATH },
  proxy_command: { read: (value) => (isPath(value) ? { proxyCommand: value } : undefined), wants: PATH },
};

const ANSIBLE: Readonly<Record<string, Key>> = {
  ansible_host: ADDRESS,
  ansible_ssh_host: ADDRESS,
  ansible_port: PORT,
  ansible_ssh_port: PORT,
  ansible_user: USER,
  ansible_ssh_user: USER,
  ansible_become: { read: readBecome, wants: '"yes" or "no"' },
  ansible_become_method: {
    read: (value) => (value === "sudo" ? {} : undefined),
    wants: '"sudo": no other way to become root is known',
  },
};

/** Reads one `key=value`; an `ansible_` key that says nothing to us is ignored, any other unknown key is a problem. */
export function readKey(key: string, value: string): KeyReading {
  const isOwn = Object.hasOwn(OWN, key);
  const known = isOwn ? OWN[key] : Object.hasOwn(ANSIBLE, key) ? ANSIBLE[key] : undefined;
  if (known === undefined) return key.startsWith("ansible_") ? { kind: "ignored" } : unknownKey(key);
  const fields = known.read(value);
  if (fields !== undefined) return { kind: "fields", fields, isOwn };
  return {
    kind: "problem",
    message: `${key}=${value.slice(0, 60)} is not understood`,
    remedy: `${key} wants ${known.wants}.`,
  };
}

/** Whether a text can be a label; groups are labels too. */
export function isLabel(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/.test(text);
}

/** The known word nearest to a mistyped one, if any is near. */
export function closest(word: string, known: readonly string[]): string | undefined {
  if (word.length > 40) return undefined;
  const ranked = known
    .map((candidate) => ({ candidate, steps: editDistance(word.toLowerCase(), candidate) }))
    .sort((a, b) => a.steps - b.steps);
  const [best] = ranked;
  return best !== undefined && best.steps <= Math.min(2, word.length - 1) ? best.candidate : undefined;
}

function unknownKey(key: string): KeyReading {
  const keys = Object.keys(OWN);
  const guess = closest(key, keys);
  const remedy =
    guess === undefined ? `Known keys: ${keys.join(", ")}; any ansible_ key.` : `Did you mean "${guess}"?`;
  return { kind: "problem", message: `the key "${key.slice(0, 60)}" is not known`, remedy };
}

function numberField(
  field: "sshPort" | "weight" | "maxServers",
  form: RegExp,
  min: number,
  max: number,
): Read {
  return (value) => {
    const number = Number(value);
    return form.test(value) && number >= min && number <= max ? { [field]: number } : undefined;
  };
}

function readBecome(value: string): NodeFields | undefined {
  const word = value.toLowerCase();
  if (["sudo", "yes", "true", "on", "1"].includes(word)) return { become: "sudo" };
  return ["none", "no", "false", "off", "0"].includes(word) ? { become: "none" } : undefined;
}

function readLabels(value: string): NodeFields | undefined {
  const labels = value.split(",").map((label) => label.trim());
  return labels.every(isLabel) ? { labels } : undefined;
}

function isPath(value: string): boolean {
  return value.length <= 1024 && /^\/[^\p{Cc}]*$/u.test(value);
}

/** Whether a text can be a host name or an IP address. */
export function isAddress(value: string): boolean {
  if (value.includes(":")) return /^[0-9a-f:.]+(?:%[\w.-]{1,15})?$/i.test(value) && isIPv6(value);
  if (/^[\d.]+$/.test(value))
    return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(value) && value.split(".").every(isOctet);
  return value.length <= 253 && /^[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9])?$/i.test(value) && !value.includes("..");
}

function isIPv6(value: string): boolean {
  return URL.canParse(`http://[${value.replace(/%.*$/, "")}]/`);
}

function isOctet(text: string): boolean {
  return Number(text) <= 255;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(b).entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
