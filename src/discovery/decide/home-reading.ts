import type {
  HomeLook,
  HomeRead,
  HomeReading,
  HomeUnreadable,
  RuntimeRecord,
  SeenRecord,
} from "../../home-model.ts";
import { claimFileName } from "./claim-file.ts";
import { lastRead } from "./home-evidence.ts";
import { recordFileName } from "./runtime-record.ts";

/** The reading after a look: of files that were being written, what stood there before still counts. */
export function toReading(look: HomeLook, before: HomeReading | undefined, atMs: number): HomeRead {
  const last = lastRead(before);
  const kept = last?.records.filter((record) => look.unfinished.includes(recordFileName(record))) ?? [];
  const records = [...look.records, ...kept].map((record) => withAge(record, last, atMs));
  const held = last?.claims.filter(({ key }) => look.unfinished.includes(claimFileName(key.server))) ?? [];
  const named = new Set(records.map(({ pid }) => pid));
  return {
    kind: "read",
    atMs,
    ownerUid: look.ownerUid,
    records,
    claims: [...look.claims, ...held],
    foreign: look.jupyters.filter((pid) => !named.has(pid)),
    oddities: look.oddities,
  };
}

/** The reading after a look in vain. */
export function toUnreadable(before: HomeReading | undefined, reason: string, atMs: number): HomeUnreadable {
  const last = lastRead(before);
  return { kind: "unreadable", atMs, reason, ...(last !== undefined && { last }) };
}

function withAge(record: RuntimeRecord, last: HomeRead | undefined, atMs: number): SeenRecord {
  const name = recordFileName(record);
  const before = last?.records.find((known) => recordFileName(known) === name);
  const now = { ...record, unchangedSinceMs: before?.unchangedSinceMs ?? atMs };
  return JSON.stringify(now) === JSON.stringify(before) ? now : { ...now, unchangedSinceMs: atMs };
}
