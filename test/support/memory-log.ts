import type { Log } from "../../src/ports.ts";

export interface LogLine {
  readonly level: keyof Log;
  readonly fields: object;
  readonly message: string;
}

/** Keeps what was logged, for assertions. */
export function createMemoryLog(): Log & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  function at(level: keyof Log) {
    return (fields: object, message: string) => {
      lines.push({ level, fields, message });
    };
  }
  return { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
