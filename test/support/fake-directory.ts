import { AppError } from "../../src/errors.ts";
import type { SystemDirectory } from "../../src/ports.ts";

export interface FakeDirectory extends SystemDirectory {
  readonly accounts: Map<string, readonly string[]>;
  /** "hangs": it never answers; "fails": it says that it cannot. */
  state: "well" | "hangs" | "fails";
  /** Every account it was asked about. */
  readonly asked: string[];
}

/** Accounts in memory, which come and go as the test says. */
export function createFakeDirectory(
  accounts: Readonly<Record<string, readonly string[]>> = {},
): FakeDirectory {
  const directory: FakeDirectory = {
    accounts: new Map(Object.entries(accounts)),
    state: "well",
    asked: [],
    groupsOf(account, signal) {
      directory.asked.push(account);
      if (signal.aborted) return Promise.reject(signal.reason as Error);
      if (directory.state === "fails") return Promise.reject(new AppError("DIRECTORY_SILENT", "it fails"));
      if (directory.state === "well") return Promise.resolve(directory.accounts.get(account));
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          reject(signal.reason as Error);
        });
      });
    },
  };
  return directory;
}
