import { createHmac } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { NodeId, ServerKey, UserName } from "../../../../src/model.ts";
import {
  readAnswer,
  readChallenge,
  sealOrder,
  type Challenge,
} from "../../../../src/nodes/orders/decide/idle-order.ts";

const NODE = "node1" as NodeId;
const KEY = { user: "alice" as UserName, server: "" } as ServerKey;
const TARGET = { key: KEY, node: NODE };
const START = "00112233445566778899aabbccddeeff";
const PROCESS = { pid: 1234, startTicks: 98_765, bootId: "b00t" };
const GIVEN: Challenge = { challenge: "1000.abc", orderKey: keyOf("token", "node1", "alice", "") };

function hmac(key: string, words: string): string {
  return createHmac("sha256", key).update(words).digest("hex");
}

/** As the node's hub derives it. */
function keyOf(token: string, node: string, user: string, server: string): string {
  return hmac(token, `multijhub/order-key/v1\0${node}\0${user}\0${server}\0${START}`);
}

function sealed(purpose: string, words: unknown, key = GIVEN.orderKey, over: object = {}): string {
  const signed = JSON.stringify(words);
  return JSON.stringify({ start: START, signed, mac: hmac(key, `${purpose}\0${signed}`), ...over });
}

describe("readChallenge", () => {
  const OPENING = sealed("challenge", { challenge: "1000.abc" });

  it("finds the key of the start among those of the node's tokens", () => {
    expect(readChallenge(OPENING, TARGET, ["next", "token"])).toEqual(GIVEN);
  });

  it.each([
    ["another token", TARGET, ["next"]],
    ["another node", { ...TARGET, node: "node2" as NodeId }, ["token"]],
    ["another user", { ...TARGET, key: { ...KEY, user: "bob" as UserName } }, ["token"]],
    ["another name", { ...TARGET, key: { ...KEY, server: "gpu" } as ServerKey }, ["token"]],
  ])("believes no server of %s", (_, target, tokens) => {
    expect(readChallenge(OPENING, target, tokens)).toBeUndefined();
  });

  it("believes nothing that was sealed for something else", () => {
    for (const purpose of ["order", "answer", ""])
      expect(readChallenge(sealed(purpose, { challenge: "1000.abc" }), TARGET, ["token"])).toBeUndefined();
  });
});

describe("sealOrder", () => {
  it("signs every word of the order", () => {
    const order = { ...TARGET, process: PROCESS, idleForMs: 3_600_000, ignoresTabs: true };
    const { signed, mac } = JSON.parse(sealOrder(order, GIVEN)) as Record<"signed" | "mac", string>;
    expect(mac).toBe(hmac(GIVEN.orderKey, `order\0${signed}`));
    expect(JSON.parse(signed)).toEqual({
      ...{ challenge: "1000.abc", user: "alice", server: "", node: "node1" },
      ...{ ...PROCESS, idleForMs: 3_600_000, ignoresTabs: true },
    });
  });
});

describe("readAnswer", () => {
  it("reads what the server decided", () => {
    const { challenge } = GIVEN;
    expect(readAnswer(sealed("answer", { challenge, answer: "stopping" }), GIVEN)).toEqual({
      kind: "stopping",
    });
    const kept = sealed("answer", { challenge, answer: "kept", why: "a kernel\n is busy" });
    expect(readAnswer(kept, GIVEN)).toEqual({ kind: "kept", why: "a kernel is busy" });
  });

  it("believes no answer to another order, and none sealed for something else", () => {
    const words = { challenge: GIVEN.challenge, answer: "stopping" };
    expect(readAnswer(sealed("answer", { ...words, challenge: "999.abc" }), GIVEN)).toBeUndefined();
    expect(readAnswer(sealed("order", words), GIVEN)).toBeUndefined();
    expect(readAnswer(sealed("answer", words, keyOf("token", "node1", "bob", "")), GIVEN)).toBeUndefined();
  });

  it("believes nothing of which a character was changed", () => {
    const sound = sealed("answer", { challenge: GIVEN.challenge, answer: "kept", why: "a kernel is busy" });
    fc.assert(
      fc.property(fc.nat(sound.length - 1), fc.string({ maxLength: 2 }), (at, put) => {
        const text = sound.slice(0, at) + put + sound.slice(at + 1);
        const read = readAnswer(text, GIVEN);
        if (read !== undefined) expect(meaningOf(text)).toEqual(meaningOf(sound));
      }),
    );
  });

  it("never throws, whatever the text is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(readAnswer(text, GIVEN)).toBeUndefined();
        expect(readChallenge(text, TARGET, ["token"])).toBeUndefined();
      }),
    );
  });
});

/** What counts of an envelope: a blank between its words makes no difference. */
function meaningOf(text: string): unknown {
  const { signed, mac } = JSON.parse(text) as Record<string, unknown>;
  return { signed, mac };
}
