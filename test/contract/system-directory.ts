import { describe, expect, it } from "@jest/globals";
import type { SystemDirectory } from "../../src/ports.ts";

export interface DirectoryWorld {
  readonly directory: SystemDirectory;
  /** An account it knows, and some of its groups. */
  readonly account: string;
  readonly groups: readonly string[];
  /** One that never answers. */
  readonly hanging: SystemDirectory;
}

/** What every `SystemDirectory` promises. */
export function describeSystemDirectory(name: string, open: () => DirectoryWorld): void {
  describe(`system directory: ${name}`, () => {
    const world = open();
    const never = new AbortController().signal;

    it("tells the groups of an account", async () => {
      const told = await world.directory.groupsOf(world.account, never);
      expect(told).toEqual(expect.arrayContaining([...world.groups]));
      expect(new Set(told).size).toBe(told?.length);
    });

    it.each(["nobody.of.that.name", "-u", "--help", "$(id)", "a b", "ä"])(
      "knows no account %s",
      async (account) => {
        expect(await world.directory.groupsOf(account, never)).toBeUndefined();
      },
    );

    it("answers many at once, each about its own", async () => {
      const accounts = Array.from({ length: 30 }, (_, i) => (i % 2 === 0 ? world.account : `none-${i}`));
      const told = await Promise.all(accounts.map((each) => world.directory.groupsOf(each, never)));
      expect(told.map((groups) => groups !== undefined)).toEqual(accounts.map((_, i) => i % 2 === 0));
    });

    it("rejects with the reason of an abort, before and while it is asked, and goes on working", async () => {
      const reason = new Error("the caller left");
      await expect(world.directory.groupsOf(world.account, AbortSignal.abort(reason))).rejects.toBe(reason);
      const leaving = Array.from({ length: 20 }, () => new AbortController());
      const asked = leaving.map(({ signal }) => world.hanging.groupsOf(world.account, signal));
      for (const each of leaving) each.abort(reason);
      const outcomes = await Promise.allSettled(asked);
      expect(outcomes).toEqual(asked.map(() => ({ status: "rejected", reason })));
      expect(await world.directory.groupsOf(world.account, never)).toBeDefined();
    });
  });
}
