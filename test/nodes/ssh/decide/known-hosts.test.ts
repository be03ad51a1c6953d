import { createHmac } from "node:crypto";
import { describe, expect, it, test } from "@jest/globals";
import fc from "fast-check";
import {
  fingerprintOf,
  hostLabel,
  judgeHostKey,
  keyTypeOf,
  orderHostKeyAlgorithms,
  parseKnownHosts,
  pinsOf,
} from "../../../../src/nodes/ssh/decide/known-hosts.ts";

/** A key in wire format; what follows the type is never looked at. */
function keyOf(type: string, body: string): Buffer {
  const name = Buffer.from(type);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(name.length);
  return Buffer.concat([length, name, Buffer.from(body)]);
}

function line(hosts: string, key: Buffer): string {
  return `${hosts} ${keyTypeOf(key)} ${key.toString("base64")} a comment\n`;
}

const ED = keyOf("ssh-ed25519", "one");
const ED2 = keyOf("ssh-ed25519", "two");
const RSA = keyOf("ssh-rsa", "three");

function judge(text: string, presented: Buffer, ...labels: string[]) {
  return judgeHostKey(
    parseKnownHosts(text, "known_hosts"),
    labels.length > 0 ? labels : ["node1"],
    presented,
  );
}

describe("known hosts", () => {
  it.each([
    ["a name", "node1", "node1", true],
    ["one of several names", "other,node1", "node1", true],
    ["another name", "node2", "node1", false],
    ["capitals in the file", "NODE1", "node1", true],
    ["a port", "[node1]:2222", "[node1]:2222", true],
    ["another port", "[node1]:2222", "node1", false],
    ["any port where none is said", "node1", "[node1]:2222", false],
    ["a star", "node*", "node17", true],
    ["a star for nothing", "node1*", "node1", true],
    ["a question mark", "node?", "node1", true],
    ["a question mark needs a character", "node1?", "node1", false],
    ["a negation", "node*,!node1", "node1", false],
    ["a negation alone matches nothing", "!node2", "node1", false],
    ["a star inside a port pattern", "[10.0.0.*]:22022", "[10.0.0.7]:22022", true],
  ])("matches %s", (_name, hosts, label, isMatch) => {
    expect(judge(line(hosts, ED), ED, label).kind).toBe(isMatch ? "trusted" : "unknown");
  });

  test("matches hashed names", () => {
    const salt = Buffer.from("12345678901234567890");
    const hash = createHmac("sha1", salt).update("[node1]:2222").digest();
    const text = line(`|1|${salt.toString("base64")}|${hash.toString("base64")}`, ED);
    expect(judge(text, ED, "[node1]:2222").kind).toBe("trusted");
    expect(judge(text, ED, "node1").kind).toBe("unknown");
  });

  test("calls another key changed, also one of another type", () => {
    expect(judge(line("node1", ED), ED2)).toMatchObject({
      kind: "changed",
      known: [{ place: "known_hosts:1" }],
    });
    expect(judge(line("node1", ED), RSA).kind).toBe("changed");
    expect(judge(line("node1", ED) + line("node1", RSA), RSA).kind).toBe("trusted");
  });

  test("lets the first name that has pins decide", () => {
    const text = line("10.0.0.11", ED) + line("node1", ED2);
    expect(judge(text, ED2, "10.0.0.11", "node1").kind).toBe("changed");
    expect(judge(text, ED2, "10.0.0.12", "node1").kind).toBe("trusted");
  });

  test("refuses a revoked key even where a line trusts it", () => {
    const text = line("node1", ED) + `@revoked ${line("*", ED)}`;
    expect(judge(text, ED)).toEqual({ kind: "revoked", place: "known_hosts:2" });
    expect(judge(`@revoked ${line("*", ED)}`, ED2).kind).toBe("unknown");
  });

  test("takes no cert-authority line for a pin, and says that it is there", () => {
    const text = `@cert-authority ${line("*", ED)}`;
    expect(judge(text, ED)).toEqual({ kind: "unknown", hasCertAuthority: true });
  });

  test("passes over comments, empty lines, unknown markers, broken keys", () => {
    const text = `# node1 ${line("node1", ED)}\n\n@new node1 x y\nnode1 ssh-ed25519\nnode1 ssh-ed25519 !!!\nnode1 ssh-rsa ${ED.toString("base64")}\n`;
    expect(parseKnownHosts(text, "f")).toEqual([]);
  });

  test("reads lines with tabs, leading blanks and carriage returns", () => {
    const text = `\t node1\tssh-ed25519\t${ED.toString("base64")}\r\n`;
    expect(judge(text, ED).kind).toBe("trusted");
  });

  test("offers the algorithms of known keys first, RSA by its newer names", () => {
    const offered = ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"];
    const pins = pinsOf(parseKnownHosts(line("node1", RSA), "f"), ["node1"]);
    expect(orderHostKeyAlgorithms(pins, offered)).toEqual([
      "rsa-sha2-512",
      "rsa-sha2-256",
      "ssh-ed25519",
      "ecdsa-sha2-nistp256",
    ]);
    expect(orderHostKeyAlgorithms([], offered)).toEqual(offered);
  });

  test("writes names as OpenSSH does", () => {
    expect(hostLabel("Node1", 22)).toBe("node1");
    expect(hostLabel("::1", 2222)).toBe("[::1]:2222");
    expect(fingerprintOf(ED)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  });

  test("never throws, whatever the file holds, and trusts nothing that is not in it", () => {
    const anyLine = fc.oneof(
      fc.string({ unit: "binary" }),
      fc
        .array(
          fc.constantFrom(
            "|1|",
            "|",
            "@revoked ",
            "node1",
            "*",
            "!",
            " ",
            "ssh-rsa",
            "AAAA",
            "=",
            "\t",
            "\r",
          ),
        )
        .map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(fc.array(anyLine), (lines) => {
        expect(judge(lines.join("\n"), ED).kind).not.toBe("trusted");
      }),
    );
  });

  test("a pattern matches as the regular expression it stands for", () => {
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), minLength: 1 });
    const text = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1 });
    fc.assert(
      fc.property(pattern, text, (hosts, label) => {
        const expected = new RegExp(`^${hosts.replaceAll("*", ".*").replaceAll("?", ".")}$`).test(label);
        expect(judge(line(hosts, ED), ED, label).kind === "trusted").toBe(expected);
      }),
    );
  });

  test("a pattern made to be slow is not", () => {
    const startedAt = performance.now();
    expect(judge(line(`${"a*".repeat(2000)}b`, ED), ED, "a".repeat(5000)).kind).toBe("unknown");
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});
