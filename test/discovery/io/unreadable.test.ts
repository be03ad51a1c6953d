import { expect, it } from "@jest/globals";
import { codeOf, reasonFor } from "../../../src/discovery/io/home-child/unreadable.ts";

it("knows what was replaced on the file server by its number, for which Node has no name", () => {
  // What Node 20 throws on a real NFS mount.
  const stale = Object.assign(new Error("Unknown system error -116"), {
    errno: -116,
    code: "Unknown system error -116",
  });
  expect(codeOf(stale)).toBe("ESTALE");
  expect(reasonFor("the runtime directory", stale).message).toBe(
    "the runtime directory was replaced on the file server",
  );
});
