import { describe, expect, it } from "@jest/globals";
import { isHttps, parseConfig } from "../src/config.ts";

const PLACE = { file: "/etc/multijhub/config.yaml", home: "/home/router" };

describe("parseConfig", () => {
  it("has a default for everything", () => {
    expect(parseConfig("", PLACE)).toMatchObject({
      hosts_file: "/etc/multijhub/hosts",
      listen: { host: "127.0.0.1", port: 8000 },
      auth: { kind: "hub" },
      session: { idle: 900_000, max: 28_800_000 },
      hub: { ports: { proxy: 910, hub: 911, api: 912 } },
      placement: { server_memory: 512 * 1024 * 1024 },
      home: { group: "multijhub", read: true, deadline: 2000 },
      ssh: { known_hosts: ["/home/router/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts"] },
    });
  });

  it("takes relative paths from where the file is", () => {
    const config = parseConfig("hosts_file: hosts\ntls: {certificate: c.pem, key: /k.pem}", PLACE);
    expect(config).toMatchObject({
      hosts_file: "/etc/multijhub/hosts",
      tls: { certificate: "/etc/multijhub/c.pem", key: "/k.pem" },
    });
  });

  it("lists every mistake at once, and where to correct it", () => {
    const text = "lobby: [Node_1]\nlisten: {port: 99999}\nsession: {idle: soon}\nnonsense: 1";
    expect(() => parseConfig(text, PLACE)).toThrow(
      expect.objectContaining({ code: "BAD_CONFIG", remedy: expect.stringContaining("config.yaml") }),
    );
    expect(() => parseConfig(text, PLACE)).toThrow(/port[\s\S]*lobby|lobby[\s\S]*port/);
    expect(() => parseConfig(text, PLACE)).toThrow(/nonsense/);
    expect(() => parseConfig(text, PLACE)).toThrow(/a duration such as/);
  });

  it.each([
    ["", false],
    ["listen: {https_in_front: true}", true],
    ["tls: {certificate: c.pem, key: k.pem}", true],
  ])("knows whether browsers come by https: %j", (text, expected) => {
    expect(isHttps(parseConfig(text, PLACE))).toBe(expected);
  });

  it.each(["/home/{user}", "/export/{user}/unix"])("takes %s for the place of homes", (path) => {
    expect(parseConfig(`home: {path: "${path}"}`, PLACE).home).toMatchObject({ path });
  });

  it.each(["home/{user}", "/home/alice", "/home/u-{user}", "/home/{user}/{user}"])(
    "does not take %s for it",
    (path) => {
      expect(() => parseConfig(`home: {path: "${path}"}`, PLACE)).toThrow(/\{user\}/);
    },
  );

  it("may be told that no group reads homes", () => {
    expect(parseConfig("home: {group: null}", PLACE).home.group).toBeNull();
  });

  it.each(["https://admin.lab.example.org", "http://admin.localhost:8000"])(
    "takes the origin %s",
    (origin) => {
      expect(parseConfig(`admin: {origin: "${origin}"}`, PLACE).admin.origin).toBe(origin);
    },
  );

  it.each(["admin.lab.example.org", "https://x/", "https://x:443", "https://u@x", "ftp://x", "https://X"])(
    "refuses %s for an origin",
    (origin) => {
      expect(() => parseConfig(`admin: {origin: "${origin}"}`, PLACE)).toThrow(/an origin such as/);
    },
  );

  it("says so when it is not YAML", () => {
    expect(() => parseConfig("a: [", PLACE)).toThrow(/not YAML/);
  });
});
