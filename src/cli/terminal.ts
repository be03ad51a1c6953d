/** Where a command writes, and how it ends. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** The command did its work and the answer is no: for example, one node of three failed. */
  readonly fail: () => void;
  readonly exitCode: () => number;
}

/** What nodes say stands in much of it: none of that moves the cursor or has the terminal do something. */
export function createTerminal(out: (text: string) => void, err: (text: string) => void): Terminal {
  let code = 0;
  return {
    out: (text) => {
      out(harmless(text));
    },
    err: (text) => {
      err(harmless(text));
    },
    fail: () => {
      code = 1;
    },
    exitCode: () => code,
  };
}

function harmless(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, "\ufffd");
}

export const stdio: Terminal = createTerminal(
  (text) => process.stdout.write(text),
  (text) => process.stderr.write(text),
);

/** Columns padded to their widest cell, two spaces apart; no trailing spaces. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  }
  return rows
    .map(
      (row) =>
        row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join("  ")
          .trimEnd() + "\n",
    )
    .join("");
}

export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
