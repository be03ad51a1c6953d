import { generateKeyPairSync, type KeyPairKeyObjectResult } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { NodeId, NodeSpec } from "../../../../src/model.ts";
import { readListeners } from "../../../../src/nodes/hubs/decide/hub-listeners.ts";
import { hubSettings } from "../../../../src/nodes/hubs/decide/hub-settings.ts";
import type { KeySet } from "../../../../src/nodes/keys/decide/key-set.ts";
import { nodeToken } from "../../../../src/nodes/keys/decide/node-token.ts";

const KEY = Buffer.alloc(32, 7);
const NODE1 = "node1" as NodeId;
const SPEC: NodeSpec = {
  id: NODE1,
  address: "10.0.0.11",
  sshPort: 22,
  become: "none",
  transport: "ssh",
  weight: 1,
  labels: [],
};
const PORTS = { proxy: 910, hub: 911, api: 912 };
const TICKET = generateKeyPairSync("ed25519");
const NEXT_TICKET = generateKeyPairSync("ed25519");
const KEYS: KeySet = { master: { current: KEY }, ticket: { current: TICKET.privateKey } };
const DEFAULTS = {
  keys: KEYS,
  ports: PORTS,
  lobby: [NODE1],
  adminUsers: ["dora", "carol"],
  startTimeoutMs: 60_000,
};

describe("nodeToken", () => {
  it("is HKDF-SHA-256, so the same tomorrow", () => {
    expect(nodeToken(KEY, NODE1)).toBe("3193d26b5bc9ddbde9b5d37412cc3a1f2e565d4350a1d6332f58562b3011e70a");
  });

  it("differs from node to node and from key to key", () => {
    const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
    const node = fc.stringMatching(/^[a-z0-9]{1,10}$/).map((name) => name as NodeId);
    fc.assert(
      fc.property(key, key, node, node, (keyA, keyB, a, b) => {
        expect(nodeToken(keyA, a)).toMatch(/^[0-9a-f]{64}$/);
        expect(nodeToken(keyA, a) === nodeToken(keyA, b)).toBe(a === b);
        expect(nodeToken(keyA, a) === nodeToken(keyB, a)).toBe(keyA.equals(keyB));
      }),
    );
  });
});

function pem({ publicKey }: KeyPairKeyObjectResult): string {
  return publicKey.export({ type: "spki", format: "pem" }).toString();
}

describe("hubSettings", () => {
  it("tells the keys that come beside those in use", () => {
    const next = Buffer.alloc(32, 8);
    const keys: KeySet = {
      master: { current: KEY, next },
      ticket: { current: TICKET.privateKey, next: NEXT_TICKET.privateKey },
    };
    expect(hubSettings(SPEC, { ...DEFAULTS, keys })).toMatchObject({
      serviceToken: nodeToken(KEY, NODE1),
      nextServiceToken: nodeToken(next, NODE1),
      ticketKeys: [pem(TICKET), pem(NEXT_TICKET)],
    });
  });

  it("tells the agent everything, with null for what it shall find itself", () => {
    expect(hubSettings(SPEC, DEFAULTS)).toEqual({
      node: "node1",
      baseUrl: "/n/node1/",
      ports: PORTS,
      jupyterhub: null,
      proxyCommand: null,
      serviceToken: nodeToken(KEY, NODE1),
      nextServiceToken: null,
      ticketKeys: [pem(TICKET)],
      lobby: true,
      adminUsers: ["carol", "dora"],
      homeGroup: null,
      openPort: false,
      startTimeoutMs: 60_000,
    });
  });

  it("opens the port of a node that is reached directly, and of no other", () => {
    expect(hubSettings({ ...SPEC, transport: "direct" }, DEFAULTS)).toMatchObject({ openPort: true });
  });

  it("takes paths from the hosts file, and knows who is no lobby", () => {
    const spec = { ...SPEC, jupyterhub: "/opt/jupyterhub", proxyCommand: "/opt/chp" };
    expect(hubSettings(spec, { ...DEFAULTS, lobby: [] })).toMatchObject({
      jupyterhub: "/opt/jupyterhub",
      proxyCommand: ["/opt/chp"],
      lobby: false,
    });
  });
});

describe("readListeners", () => {
  function listener(port: number, uid = 0, address = "127.0.0.1") {
    return { port, address, uid, user: uid === 0 ? "root" : "bob", pid: 7 };
  }
  const all = [listener(910), listener(911), listener(912)];

  it.each([
    ["the hub", all, "hub"],
    ["the hub, on two addresses", [...all, listener(910, 0, "::1")], "hub"],
    ["nobody", [], "nobody"],
    ["a proxy without its hub", [listener(910), listener(912)], "nobody"],
    ["somebody on another port", [...all, listener(22, 2002)], "hub"],
    ["a stranger on the proxy's port", [listener(910, 2002), listener(911), listener(912)], "stranger"],
    ["a stranger on the hub's port while the hub is away", [listener(910), listener(911, 2002)], "stranger"],
    ["a stranger beside the hub, on another address", [...all, listener(911, 2002, "0.0.0.0")], "stranger"],
  ])("recognises %s", (_, listeners, kind) => {
    expect(readListeners({ listeners }, PORTS)).toMatchObject({ kind });
  });

  it("names the stranger", () => {
    expect(readListeners({ listeners: [listener(911, 2002)] }, PORTS)).toEqual({
      kind: "stranger",
      port: 911,
      uid: 2002,
      words: "port 911 (127.0.0.1) belongs to bob, uid 2002, pid 7",
    });
  });

  it("takes nothing else for an answer", () => {
    fc.assert(
      fc.property(fc.anything(), (answer) => {
        expect(readListeners(answer, PORTS)?.kind).not.toBe("hub");
      }),
    );
  });
});
