import { inspect } from "node:util";
import { describe, expect, it } from "@jest/globals";
import { parseConfig } from "../src/config.ts";

const PLACE = { file: "/etc/multijhub/config.yaml", home: "/home/router" };

describe("the section cache", () => {
  it.each([
    ["", {}],
    [
      "url: redis://cache.lab/2",
      { place: { kind: "server", at: { host: "cache.lab", port: 6379 }, database: 2 } },
    ],
    ["url: 'rediss://:p%40ss@[::1]:7000'", { place: { tls: true }, account: { password: "p@ss" } }],
    ["url: rediss://a, ca_file: ca.pem", { caFile: "/etc/multijhub/ca.pem" }],
    ["url: /run/redis.sock", { place: { kind: "socket", path: "/run/redis.sock" } }],
    [
      "sentinels: ['10.0.0.1:26379', '[fd00::1]:26379'], name: lab, password_file: secret",
      { place: { kind: "sentinels", name: "lab" }, passwordFile: "/etc/multijhub/secret" },
    ],
    [
      "cluster: ['a:7000'], username: router",
      { place: { kind: "cluster" }, account: { username: "router" } },
    ],
  ])("knows where the cache is: {%s}", (text, expected) => {
    expect(parseConfig(`cache: {${text}}`, PLACE).cache).toMatchObject(expected);
  });

  it.each([
    ["url: redis://a, cluster: ['b:7000']", "give one of url and cluster"],
    ["url: redis://a, cluster: ['b:7000'], sentinels: ['c:1'], name: x", "url and sentinels and cluster"],
    ["sentinels: ['a:26379']", "sentinels need name"],
    ["url: redis://a, ca_file: ca.pem", "ca_file goes with"],
    ["url: redis://a, name: lab", "name goes with sentinels"],
    ["password_file: secret", "password_file, but no url"],
    ["url: 'redis://:hunter2@a', password_file: secret", "a password in url and a password_file"],
    ["url: 'redis://router@a', username: router", "a username in url and username"],
    ["cluster: ['a']", "host:port"],
    ["sentinels: ['a:0'], name: lab", "host:port"],
    ["url: 'http://:hunter2@a'", "redis://HOST:PORT"],
    ["url: 'redis://:hunter2@a/x'", "redis://HOST:PORT"],
    ["url: 'redis://:hunter2@'", "redis://HOST:PORT"],
    ["url: relative/path", "redis://HOST:PORT"],
    ["url: redis://:hunter2@a: [", "not YAML"],
  ])("refuses a cache that contradicts itself, and repeats no password: {%s}", (text, words) => {
    const error = thrownBy(() => parseConfig(`cache: {${text}}`, PLACE));
    expect(error).toMatchObject({ code: "BAD_CONFIG" });
    expect(inspect(error, { depth: 10 })).toContain(words);
    expect(inspect(error, { depth: 10 })).not.toContain("hunter2");
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (err) {
    return err;
  }
  throw new Error("nothing was thrown");
}
