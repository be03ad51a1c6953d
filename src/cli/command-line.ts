/** Runs one command; resolves with the exit code of the process. */
export function runCommandLine(args: readonly string[]): Promise<number> {
  process.stderr.write(`multijhub: unknown command ${args.join(" ")}\n`);
  return Promise.resolve(2);
}
