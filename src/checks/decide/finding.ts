/** What a check comes to. `skipped`: it could not be looked at, and the message says why; nothing is known to be wrong. */
export type Level = "ok" | "warning" | "wrong" | "skipped";

export interface Verdict {
  readonly level: Level;
  readonly message: string;
  /** A command or a sentence that mends it; empty if nothing has to be mended. */
  readonly remedy: string;
}

export interface Finding extends Verdict {
  /** "router", the name of a node, or "all nodes". */
  readonly subject: string;
  readonly check: string;
}

/** One prerequisite: a name for people and scripts, and a judgement over facts that were gathered before. */
export interface Check<Facts> {
  readonly name: string;
  /** No verdict: the check does not apply here. */
  readonly judge: (facts: Facts) => Verdict | readonly Verdict[];
}

export function ok(message: string): Verdict {
  return { level: "ok", message, remedy: "" };
}

export function warning(message: string, remedy: string): Verdict {
  return { level: "warning", message, remedy };
}

export function wrong(message: string, remedy: string): Verdict {
  return { level: "wrong", message, remedy };
}

export function skipped(message: string, remedy = ""): Verdict {
  return { level: "skipped", message, remedy };
}

/** All findings of a table of checks over one subject, in the order of the table. */
export function judgeAll<Facts>(
  subject: string,
  checks: readonly Check<Facts>[],
  facts: Facts,
): readonly Finding[] {
  return checks.flatMap(({ name, judge }) =>
    [judge(facts)].flat().map((verdict) => ({ subject, check: name, ...verdict })),
  );
}
