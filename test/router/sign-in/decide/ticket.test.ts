import { createHash, generateKeyPairSync, verify } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { NodeId, ServerName, UserName } from "../../../../src/model.ts";
import { mintTicket, type TicketOrder } from "../../../../src/router/sign-in/decide/ticket.ts";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");

const order: fc.Arbitrary<TicketOrder> = fc.record(
  {
    use: fc.constantFrom("login", "introduce", "signout"),
    user: fc.string({ minLength: 1, unit: "grapheme" }).map((text) => text as UserName),
    node: fc.stringMatching(/^[a-z0-9]{1,20}$/).map((text) => text as NodeId),
    nowMs: fc.integer({ min: 0, max: 4e12 }),
    clockOffsetMs: fc.integer({ min: -1e9, max: 1e9 }),
    id: fc.string({ minLength: 20 }),
    nonce: fc.string({ minLength: 20 }),
    sessionId: fc.string({ minLength: 20 }),
    groups: fc.array(fc.string()),
    start: fc.record(
      { server: fc.string().map((text) => text as ServerName), supersedes: fc.string() },
      { requiredKeys: ["server"] },
    ),
  },
  { requiredKeys: ["use", "user", "node", "nowMs", "clockOffsetMs", "id"] },
);

function parts(ticket: string): readonly [string, string, string] {
  const [header = "", payload = "", signature = "", ...more] = ticket.split(".");
  expect(more).toEqual([]);
  return [header, payload, signature];
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

function read(text: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(text, "base64url").toString()) as Record<string, unknown>;
}

describe("a ticket", () => {
  it("says what was ordered, and no more", () => {
    fc.assert(
      fc.property(order, (wanted) => {
        const [header, payload] = parts(mintTicket(wanted, privateKey));
        expect(read(header)).toEqual({ alg: "EdDSA", typ: "multijhub-ticket" });
        const { sub, aud, iat, exp, jti, use, bnd, sid, groups, start, ...rest } = read(payload);
        expect({ sub, aud, jti, use, sid, groups, start, rest }).toEqual({
          sub: wanted.user,
          aud: wanted.node,
          jti: wanted.id,
          use: wanted.use,
          sid: wanted.sessionId,
          groups: wanted.groups,
          start: wanted.start,
          rest: {},
        });
        const nodeNow = (wanted.nowMs + wanted.clockOffsetMs) / 1000;
        expect(Number(iat)).toBeLessThanOrEqual(nodeNow);
        expect(Number(iat)).toBeGreaterThan(nodeNow - 1);
        expect(Number(exp) - Number(iat)).toBe(30);
        expect(bnd).toBe(wanted.nonce === undefined ? undefined : sha256(wanted.nonce));
      }),
    );
  });

  it("never carries the nonce itself", () => {
    fc.assert(
      fc.property(order, fc.uuid(), (wanted, nonce) => {
        const [, payload] = parts(mintTicket({ ...wanted, nonce }, privateKey));
        expect(Buffer.from(payload, "base64url").toString()).not.toContain(nonce);
      }),
    );
  });

  it("verifies with the public key, and not after any change", () => {
    fc.assert(
      fc.property(order, fc.nat(), (wanted, at) => {
        const [header, payload, signature] = parts(mintTicket(wanted, privateKey));
        const message = `${header}.${payload}`;
        const raw = Buffer.from(signature, "base64url");
        expect(verify(null, Buffer.from(message), publicKey, raw)).toBe(true);
        const i = at % message.length;
        const changed = message.slice(0, i) + (message[i] === "A" ? "B" : "A") + message.slice(i + 1);
        expect(verify(null, Buffer.from(changed), publicKey, raw)).toBe(false);
      }),
    );
  });
});
