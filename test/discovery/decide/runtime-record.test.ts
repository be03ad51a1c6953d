import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { parseRuntimeRecord } from "../../../src/discovery/decide/runtime-record.ts";
import type { UserName } from "../../../src/model.ts";
import { bytesOf, recordFile } from "../../support/home-files.ts";

const ALICE = "alice" as UserName;
const NAME = "jhub-node1-1234.json";

function parse(over: object = {}, name = NAME, user = ALICE) {
  return parseRuntimeRecord(name, bytesOf(recordFile(over)), user);
}

describe("parseRuntimeRecord", () => {
  it("reads what the server wrote", () => {
    const words = new Set(["version", "user", "server", "baseUrl"]);
    const rest = Object.fromEntries(Object.entries(recordFile()).filter(([word]) => !words.has(word)));
    expect(parse()).toEqual({ kind: "valid", value: { key: { user: "alice", server: "" }, ...rest } });
  });

  it("reads a named server of a user whose name must be escaped, on a node with dashes", () => {
    const over = {
      user: "a b@lab",
      server: "big one",
      node: "gpu-1",
      baseUrl: "/n/gpu-1/user/a%20b@lab/big%20one/",
    };
    expect(parse(over, "jhub-gpu-1-1234.json", "a b@lab" as UserName)).toMatchObject({
      kind: "valid",
      value: { key: { user: "a b@lab", server: "big one" }, node: "gpu-1" },
    });
  });

  it("leaves out what it does not know", () => {
    expect(parse({ token: "secret" })).toEqual(parse());
  });

  it.each([
    ["another user", { user: "bob" }],
    ["another user's place", { baseUrl: "/n/node1/user/bob/" }],
    ["another node's place", { baseUrl: "/n/node2/user/alice/" }],
    ["another server's place", { server: "big" }],
    ["a node that its file name does not say", { node: "node2", baseUrl: "/n/node2/user/alice/" }],
    ["a process that its file name does not say", { pid: 1235 }],
    ["no node", { node: "../etc" }],
    ["another version", { version: 2 }],
    ["a port there is not", { port: 65_536 }],
    ["a negative count", { connections: -1 }],
    ["a number that is none", { cpuSeconds: null }],
    ["no boot", { bootId: "yesterday" }],
    ["a host that is a line of log", { host: "node1\nroot logged in" }],
    ["too much", { padding: "x".repeat(16_384) }],
  ])("does not believe one that names %s", (_, over) => {
    expect(parse(over)).toMatchObject({ kind: "odd" });
  });

  it.each(["", "{", JSON.stringify(recordFile()).slice(0, 200)])("waits for the rest of %j", (text) => {
    expect(parseRuntimeRecord(NAME, new TextEncoder().encode(text), ALICE)).toEqual({ kind: "unfinished" });
  });

  it("reads since when the server is idle, and that it is busy where it says nothing of that", () => {
    expect(parse({ idleSinceMs: 2_500, idleButTabsSinceMs: 1_500 })).toMatchObject({
      value: { idleSinceMs: 2_500, idleButTabsSinceMs: 1_500 },
    });
    expect(parse({ idleButTabsSinceMs: 1_500 })).not.toHaveProperty("value.idleSinceMs");
  });

  it("takes no time that cannot be: one ahead is none, one before the start is the start", () => {
    const impossible = fc.oneof(
      fc.anything(),
      fc.double(),
      fc.integer({ max: 999 }),
      fc.integer({ min: 3_001 }),
    );
    fc.assert(
      fc.property(impossible, impossible, (idleSinceMs, idleButTabsSinceMs) => {
        const parsed = parse({ idleSinceMs, idleButTabsSinceMs });
        if (parsed.kind !== "valid") throw new Error("the rest of it is as good as before");
        const { startedAtMs, writtenAtMs, ...record } = parsed.value;
        for (const sinceMs of [record.idleSinceMs, record.idleButTabsSinceMs]) {
          if (sinceMs === undefined) continue;
          expect(sinceMs).toBeGreaterThanOrEqual(startedAtMs);
          expect(sinceMs).toBeLessThanOrEqual(writtenAtMs);
        }
      }),
    );
  });

  it("never throws, whatever the bytes are", () => {
    fc.assert(
      fc.property(fc.string(), fc.uint8Array({ maxLength: 400 }), (name, bytes) => {
        expect(parseRuntimeRecord(name, bytes, ALICE).kind).not.toBe("valid");
      }),
    );
  });

  it("never yields another user, nor a node or process that the file name does not say", () => {
    const nodes = fc.constantFrom("node1", "node2", "claim", "a-1", "a");
    const users = fc.constantFrom("alice", "bob", "", "alice/", "..");
    const words = fc.record({
      node: nodes,
      user: users,
      server: fc.oneof(fc.constantFrom("", "big"), fc.string()),
      baseUrl: fc.oneof(
        fc.webPath(),
        fc.tuple(nodes, users).map(([n, u]) => `/n/${n}/user/${u}/`),
      ),
      pid: fc.oneof(fc.constantFrom(2, 12, 1234), fc.anything()),
      port: fc.oneof(fc.constant(8888), fc.anything()),
      kernels: fc.oneof(fc.constant({ open: 0, busy: 0 }), fc.anything()),
    });
    const names = fc
      .tuple(nodes, fc.constantFrom(2, 12, 1234))
      .map(([node, pid]) => `jhub-${node}-${pid}.json`);
    fc.assert(
      fc.property(names, words, (name, over) => {
        const parsed = parse(over, name);
        if (parsed.kind !== "valid") return;
        expect(parsed.value.key.user).toBe("alice");
        expect(name).toBe(`jhub-${parsed.value.node}-${parsed.value.pid}.json`);
      }),
      { numRuns: 500 },
    );
  });
});
