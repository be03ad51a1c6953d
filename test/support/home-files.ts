/** What servers and hubs write into a home, as they write it. */

export function recordFile(over: object = {}) {
  return {
    version: 1,
    node: "node1",
    host: "node1.lab",
    user: "alice",
    server: "",
    baseUrl: "/n/node1/user/alice/",
    port: 41_234,
    pid: 1234,
    startTicks: 98_765,
    bootId: "7f2c6a1e-3b7d-4c1a-9f55-0a1b2c3d4e5f",
    startedAtMs: 1_000,
    writtenAtMs: 3_000,
    lastActivityMs: 2_000,
    kernels: { open: 2, busy: 1 },
    terminals: { open: 1, busy: 1 },
    connections: 3,
    rssBytes: 200_000_000,
    cpuSeconds: 12.5,
    ...over,
  };
}

export function claimFile(over: object = {}) {
  return {
    version: 1,
    id: "claim-of-alice-on-node1",
    user: "alice",
    server: "",
    node: "node1",
    bootId: "7f2c6a1e-3b7d-4c1a-9f55-0a1b2c3d4e5f",
    createdAtMs: 1_000,
    ...over,
  };
}

export function bytesOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value) ?? "");
}
