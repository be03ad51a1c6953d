import type { Damping, HubView, LoadSample, NodeTrouble, NodeTroubleCode } from "../../../model.ts";

/** Signed tickets and Kerberos begin to fail there. */
const TOLERATED_OFFSET_MS = 60_000;
/** With less, the kernel is about to end processes. */
const LEAST_MEMORY_BYTES = 128 * 1024 ** 2;

/** What there is to see to on a node that answers. */
export interface Signs {
  readonly node: string;
  readonly load?: LoadSample | undefined;
  readonly hub?: HubView | undefined;
  readonly damping?: Damping | undefined;
}

/** The worst first: what keeps the node from being of use, then what may. */
export function troublesOf({ node, load, hub, damping }: Signs): readonly NodeTrouble[] {
  return [
    ...hubTrouble(node, hub),
    ...(load === undefined ? [] : [...memoryTrouble(node, load), ...clockTrouble(load)]),
    ...(damping === undefined ? [] : [unsteady(damping)]),
  ];
}

function hubTrouble(node: string, hub: HubView | undefined): readonly NodeTrouble[] {
  if (hub?.state !== "failing" && hub?.state !== "incompatible") return [];
  const known = HUB_TROUBLES[hub.code ?? ""] ?? ANY_HUB_TROUBLE;
  return [{ code: known.code, words: `its hub: ${hub.detail}`, remedy: known.remedy(node) }];
}

interface HubTrouble {
  readonly code: NodeTroubleCode;
  readonly remedy: (node: string) => string;
}

const ANY_HUB_TROUBLE: HubTrouble = {
  code: "hub-failing",
  remedy: (node) => `multijhub check ${node}; its log is shown by \`multijhub-agent status\` there`,
};

const HUB_TROUBLES: Readonly<Record<string, HubTrouble>> = {
  JUPYTERHUB_MISSING: {
    code: "jupyterhub-missing",
    remedy: (node) =>
      `install JupyterHub 5.5.1 or newer on ${node}, or say jupyterhub=PATH in the hosts file`,
  },
  JUPYTERHUB_TOO_OLD: {
    code: "jupyterhub-too-old",
    remedy: (node) => `upgrade JupyterHub on ${node} to 5.5.1 or newer`,
  },
  PROXY_MISSING: {
    code: "proxy-missing",
    remedy: (node) =>
      `install configurable-http-proxy on ${node}, or say proxy_command=PATH in the hosts file`,
  },
  DISK_FULL: {
    code: "disk-full",
    remedy: (node) => `make room in /var/lib/multijhub on ${node}   # df -h /var/lib/multijhub`,
  },
};

function memoryTrouble(node: string, { memoryAvailableBytes }: LoadSample): readonly NodeTrouble[] {
  if (memoryAvailableBytes >= LEAST_MEMORY_BYTES) return [];
  const mib = Math.floor(memoryAvailableBytes / 1024 ** 2);
  const remedy = `stop what takes it, before the kernel does   # on ${node}: ps -eo rss,user,cmd --sort -rss | head`;
  return [{ code: "no-memory", words: `it has ${mib} MiB of memory left`, remedy }];
}

function clockTrouble({ clockOffsetMs }: LoadSample): readonly NodeTrouble[] {
  const offMs = Math.abs(clockOffsetMs);
  if (offMs <= TOLERATED_OFFSET_MS) return [];
  const side = clockOffsetMs > 0 ? "ahead of" : "behind";
  const words = `its clock is ${duration(offMs)} ${side} the router's`;
  return [{ code: "clock-off", words, remedy: "let both follow a time server" }];
}

function unsteady({ words }: Damping): NodeTrouble {
  return { code: "unsteady", words: `unsteady: ${words}`, remedy: "" };
}

function duration(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
