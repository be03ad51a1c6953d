import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { parseClaimFile } from "../../../src/discovery/decide/claim-file.ts";
import type { UserName } from "../../../src/model.ts";
import { bytesOf, claimFile } from "../../support/home-files.ts";

const ALICE = "alice" as UserName;

function parse(over: object = {}, name = "jhub-claim-.json") {
  return parseClaimFile(name, bytesOf(claimFile(over)), ALICE);
}

describe("parseClaimFile", () => {
  it("reads what the hub wrote", () => {
    const { id, node, bootId, createdAtMs } = claimFile();
    const key = { user: "alice", server: "" };
    expect(parse()).toEqual({ kind: "valid", value: { id, key, node, bootId, createdAtMs } });
  });

  it.each([
    ["big one", "jhub-claim-big%20one.json"],
    ["a@b!~'()*", "jhub-claim-a%40b%21~%27%28%29%2A.json"],
    ["ü", "jhub-claim-%C3%BC.json"],
  ])("knows the file of the server %j", (server, name) => {
    expect(parse({ server }, name)).toMatchObject({ kind: "valid", value: { key: { server } } });
  });

  it.each([
    ["another user", { user: "bob" }],
    ["another server", { server: "big" }],
    ["no node", { node: "Node 1" }],
    ["an id that can be guessed", { id: "1" }],
    ["an id that is no word", { id: "../../etc/passwd0000" }],
    ["no boot", { bootId: "" }],
  ])("does not believe one that names %s", (_, over) => {
    expect(parse(over)).toMatchObject({ kind: "odd" });
  });

  it("never throws, and never yields another user's claim", () => {
    const users = fc.constantFrom("alice", "bob", "alice ", "");
    const words = fc.record({ user: users, server: fc.string(), node: fc.string(), id: fc.anything() });
    fc.assert(
      fc.property(fc.string(), fc.uint8Array(), words, (name, bytes, over) => {
        expect(parseClaimFile(name, bytes, ALICE).kind).not.toBe("valid");
        const parsed = parse(over, `jhub-claim-${over.server}.json`);
        if (parsed.kind === "valid") expect(parsed.value.key).toEqual({ user: "alice", server: over.server });
      }),
    );
  });
});
