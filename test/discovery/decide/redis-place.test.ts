import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import {
  describePlace,
  parseHostPort,
  parseRedisUrl,
  withoutPasswords,
} from "../../../src/discovery/decide/redis-place.ts";

describe("parseRedisUrl", () => {
  it("never throws, and shows no password in the place", () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom("redis://", "rediss://", "/", ""), (text, start) => {
        const parsed = parseRedisUrl(`${start}${text}`);
        if (parsed !== undefined) expect(describePlace(parsed.place).length).toBeGreaterThan(0);
      }),
    );
    const password = "se:cr/et@";
    fc.assert(
      fc.property(fc.domain(), fc.string({ minLength: 1 }), (host, user) => {
        const url = `redis://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:7000/3`;
        const parsed = parseRedisUrl(url);
        expect(parsed?.account).toEqual({ username: user, password });
        expect(JSON.stringify(parsed?.place)).not.toContain("se:cr");
      }),
    );
  });

  it.each(["redis://a?x=1", "redis://a#x", "redis://", "redis:///0", "http://a", "a:6379", "redis://a/-1"])(
    "refuses %s",
    (text) => {
      expect(parseRedisUrl(text)).toBeUndefined();
    },
  );
});

describe("parseHostPort", () => {
  it("reads what it wrote", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6()),
        fc.integer({ min: 1, max: 65_535 }),
        (host, port) => {
          const text = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
          expect(parseHostPort(text)).toEqual({ host, port });
          expect(describePlace({ kind: "cluster", nodes: [{ host, port }] })).toBe(`cluster ${text}`);
        },
      ),
    );
  });

  it.each(["a", "a:", "a:0", "a:65536", ":1", "a:b:1", "a b:1", "@a:1"])("refuses %s", (text) => {
    expect(parseHostPort(text)).toBeUndefined();
  });
});

describe("withoutPasswords", () => {
  it("takes the password out of every address, and leaves the rest", () => {
    const text = 'url: "redis://:p@ss@a:1", rediss://u:secret@b/2 and mail@example.org';
    expect(withoutPasswords(text)).toBe('url: "redis://***@a:1", rediss://***@b/2 and mail@example.org');
  });
});
