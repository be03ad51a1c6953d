import { z } from "zod";
import type { Machine } from "./machine.ts";
import type { Session } from "./session.ts";
import { MODEL } from "./workload.ts";

/** What is wrong with a line of the file, counted from 1. */
interface LineProblem {
  readonly line: number;
  readonly problem: string;
}

export type Arrivals =
  | { readonly kind: "arrivals"; readonly sessions: readonly Session[] }
  | { readonly kind: "bad"; readonly problems: readonly LineProblem[] };

const MIB = 1024 ** 2;
const MINUTE_MS = 60_000;
/** ISO 8601 with its zone: a time without one would be another on another machine. */
const Time = z
  .string({ error: "no value" })
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/, "no time such as 2026-03-02T09:15:00Z")
  .transform((text) => Date.parse(text))
  .refine((ms) => !Number.isNaN(ms), "no such time");

function numberFrom(least: number) {
  return z
    .string({ error: "no value" })
    .regex(/^\d+(\.\d+)?$/, "no number")
    .transform(Number)
    .refine((number) => number >= least && number <= 1e9, `not from ${least} to a billion`);
}

/** The columns, by name; an empty value is one that is not there. */
const SessionRow = z.object({
  at: Time,
  user: z.string({ error: "no value" }),
  minutes: numberFrom(0.01),
  memory_mib: numberFrom(1),
  cores: numberFrom(0).prefault("1"),
  busy_minutes: numberFrom(0).prefault("1"),
  node: z.string().optional(),
});
const COLUMNS = Object.keys(SessionRow.shape);
const REQUIRED = ["at", "user", "minutes", "memory_mib"];

type Row = ReadonlyMap<string, string>;

/**
 * Reads arrivals from CSV: a line of column names, then one line a session, in any order. Without quoting: no value may
 * hold a comma. The earliest arrival is time 0. Tells every mistake at once.
 */
export function parseArrivals(text: string, machines: readonly Machine[]): Arrivals {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const columns = cells(lines[0] ?? "");
  const head = headProblems(columns);
  if (head.length > 0) return { kind: "bad", problems: head.map((problem) => ({ line: 1, problem })) };

  const problems: LineProblem[] = [];
  const sessions: Session[] = [];
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === "") continue;
    const row = readRow(line, columns);
    const session = typeof row === "string" ? row : readSession(row, machines);
    if (typeof session === "string") problems.push({ line: index + 1, problem: session });
    else sessions.push(session);
  }
  if (problems.length > 0) return { kind: "bad", problems };
  if (sessions.length === 0)
    return { kind: "bad", problems: [{ line: 1, problem: "no line follows this one" }] };
  return { kind: "arrivals", sessions: fromZero(sessions) };
}

function cells(line: string): readonly string[] {
  return line.split(",").map((cell) => cell.trim());
}

function headProblems(columns: readonly string[]): readonly string[] {
  const missing = REQUIRED.filter((name) => !columns.includes(name));
  const strange = columns.filter((name) => !COLUMNS.includes(name));
  const twice = columns.filter((name, index) => columns.indexOf(name) !== index);
  return [
    ...missing.map((name) => `the column "${name}" is missing`),
    ...strange.map((name) => `"${name}" is no column; there are ${COLUMNS.join(", ")}`),
    ...twice.map((name) => `the column "${name}" is there twice`),
  ];
}

function readRow(line: string, columns: readonly string[]): Row | string {
  const values = cells(line);
  if (values.length !== columns.length) return `${values.length} values, not ${columns.length}`;
  return new Map(columns.map((name, index) => [name, values[index] ?? ""]));
}

/** The session of a row, or what is wrong with it. */
function readSession(row: Row, machines: readonly Machine[]): Session | string {
  const parsed = SessionRow.safeParse(Object.fromEntries([...row].filter(([, value]) => value !== "")));
  if (!parsed.success)
    return parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  const { at, user, minutes, memory_mib, cores, busy_minutes, node } = parsed.data;
  const machine = machines.findIndex(({ id }) => id === node);
  if (node !== undefined && machine === -1) return `node: no node is called "${node}"`;
  const lifeMs = Math.round(minutes * MINUTE_MS);
  const memoryBytes = Math.round(memory_mib * MIB);
  return {
    user,
    atMs: at,
    lifeMs,
    baseBytes: Math.min(MODEL.baseBytes, memoryBytes),
    memoryBytes,
    growsAfterMs: Math.round(Math.min(MODEL.growsWithinMs / 2, lifeMs / 4)),
    cores,
    computesMs: Math.round(busy_minutes * MINUTE_MS),
    ...(machine !== -1 && { outsideOn: machine }),
  };
}

function fromZero(sessions: readonly Session[]): readonly Session[] {
  const startMs = sessions.reduce((least, { atMs }) => Math.min(least, atMs), Infinity);
  return sessions.map((each) => ({ ...each, atMs: each.atMs - startMs })).sort((a, b) => a.atMs - b.atMs);
}
