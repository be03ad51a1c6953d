import type { ForeignJupyter, HomeRead, HomeReading, SeenRecord } from "../../../home-model.ts";
import type { Location, Sighting, SilentPlace } from "../../../sighting.ts";
import type { UserName } from "../../../model.ts";
import { isStale } from "../../../record-age.ts";
import { iso } from "../../../wall-clock.ts";
import { homeTrouble, troubleText } from "../../servers/decide/home-trouble.ts";
import { sightingsIn, silentIn } from "../../servers/decide/sightings.ts";
import { stateOf, type ServerState } from "../../way-in/decide/server-words.ts";

/** Where a user's servers are, with the evidence and its age: `/api/v1/users/{user}/servers`. */
export interface ServersAnswer {
  readonly user: string;
  /** `unknown`: some node that could have the server does not answer. */
  readonly kind: Location["kind"];
  readonly servers: readonly ServerAnswer[];
  readonly silent: readonly SilentAnswer[];
  readonly home: HomeAnswer;
}

export interface ServerAnswer {
  /** The empty string is the default server. */
  readonly server: string;
  readonly node: string;
  readonly state: ServerState;
  readonly evidence: Sighting["evidence"];
  /** How old the evidence is. */
  readonly ageMs: number;
  readonly seenAt: string;
  readonly startedAt: string | null;
  readonly lastActivity: string | null;
  readonly pid: number | null;
  readonly record: RecordAnswer | null;
}

/** What the server itself wrote into its owner's home. Times by the node's clock, ages by the router's. */
interface RecordAnswer extends Pick<
  SeenRecord,
  "host" | "pid" | "kernels" | "terminals" | "connections" | "rssBytes" | "cpuSeconds"
> {
  readonly startedAt: string;
  readonly writtenAt: string;
  readonly lastActivity: string;
  /** For how long it has not changed. */
  readonly ageMs: number;
  /** It has not changed for three minutes. */
  readonly stale: boolean;
}

interface SilentAnswer {
  /** Null is the user's home. */
  readonly node: string | null;
  readonly reason: string;
  readonly lastSeen: string | null;
  readonly record: RecordAnswer | null;
}

interface HomeAnswer {
  /** `unknown`: the router has not looked yet, or reads no homes. */
  readonly state: "read" | "unreadable" | "unknown";
  readonly ageMs: number | null;
  /** What is wrong with it, in words; empty when nothing is. */
  readonly trouble: string;
  /** Claims on the places of servers. */
  readonly claims: readonly { readonly server: string; readonly node: string; readonly createdAt: string }[];
  /** The user's own Jupyters, which the router leaves alone; null if one runs on no node that answers. */
  readonly foreign: readonly { readonly pid: number; readonly node: string | null }[];
  /** What was there and not believed. */
  readonly oddities: readonly string[];
}

/** What the router knows of the user's home. */
export interface KnownOfHome {
  readonly reading: HomeReading | undefined;
  readonly foreign: readonly ForeignJupyter[];
}

export function serversAnswer(
  user: UserName,
  location: Location,
  home: KnownOfHome,
  nowMs: number,
): ServersAnswer {
  const sightings = sightingsIn(location);
  return {
    user,
    kind: location.kind,
    servers: sightings.map((sighting) => serverAnswer(sighting, nowMs)),
    silent: silentIn(location).map((place) => silentAnswer(place, nowMs)),
    home: homeAnswer(user, home, sightings, nowMs),
  };
}

function serverAnswer(sighting: Sighting, nowMs: number): ServerAnswer {
  const { key, node, evidence, seenAtMs, startedAt, lastActivity, process, record } = sighting;
  return {
    server: key.server,
    node,
    state: stateOf(sighting),
    evidence,
    ageMs: nowMs - seenAtMs,
    seenAt: iso(seenAtMs),
    startedAt: startedAt ?? null,
    lastActivity: lastActivity ?? null,
    pid: process?.pid ?? record?.pid ?? null,
    record: recordAnswer(record, nowMs),
  };
}

function recordAnswer(record: SeenRecord | undefined, nowMs: number): RecordAnswer | null {
  if (record === undefined) return null;
  const { host, pid, kernels, terminals, connections, rssBytes, cpuSeconds } = record;
  return {
    ...{ host, pid, kernels, terminals, connections, rssBytes, cpuSeconds },
    startedAt: iso(record.startedAtMs),
    writtenAt: iso(record.writtenAtMs),
    lastActivity: iso(record.lastActivityMs),
    ageMs: nowMs - record.unchangedSinceMs,
    stale: isStale(record, nowMs),
  };
}

function silentAnswer({ node, reason, lastSeenMs, record }: SilentPlace, nowMs: number): SilentAnswer {
  const lastSeen = lastSeenMs === undefined ? null : iso(lastSeenMs);
  return { node: node ?? null, reason, lastSeen, record: recordAnswer(record, nowMs) };
}

function homeAnswer(
  user: UserName,
  { reading, foreign }: KnownOfHome,
  sightings: readonly Sighting[],
  nowMs: number,
): HomeAnswer {
  if (reading === undefined) return { state: "unknown", ageMs: null, ...NOTHING_READ };
  const trouble = homeTrouble(reading, sightings);
  return {
    state: reading.kind,
    ageMs: nowMs - reading.atMs,
    ...toldBy(reading.kind === "unreadable" ? reading.last : reading),
    foreign: foreign.map(({ pid, node = null }) => ({ pid, node })),
    trouble: trouble === undefined ? "" : troubleText(trouble, `${user}'s`),
  };
}

const NOTHING_READ = { trouble: "", claims: [], foreign: [], oddities: [] } as const;

function toldBy(read: HomeRead | undefined) {
  if (read === undefined) return NOTHING_READ;
  const claims = read.claims.map(({ key, node, createdAtMs }) => {
    return { server: key.server, node, createdAt: iso(createdAtMs) };
  });
  return { claims, oddities: read.oddities };
}
