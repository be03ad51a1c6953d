import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { parseProcessList } from "../../../src/discovery/decide/process-list.ts";
import type { NodeId } from "../../../src/model.ts";

const NODE = "node1" as NodeId;

function entry(over: object = {}) {
  return {
    user: "alice",
    uid: 2001,
    serverName: "",
    pid: 7,
    startTicks: 9,
    rssBytes: 1,
    baseUrl: "/n/node1/user/alice/",
    ...over,
  };
}

describe("parseProcessList", () => {
  it("reads servers, none of them ready", () => {
    const big = entry({ serverName: "big one", baseUrl: "/n/node1/user/alice/big%20one/" });
    expect(parseProcessList({ servers: [entry(), big] }, NODE)?.servers).toEqual([
      { key: { user: "alice", server: "" }, ready: false, evidence: "process-list", uid: 2001 },
      { key: { user: "alice", server: "big one" }, ready: false, evidence: "process-list", uid: 2001 },
    ]);
  });

  it("names each process for ever, and the machine", () => {
    const list = parseProcessList({ host: "node1.lab", bootId: "boot", servers: [entry()] }, NODE);
    expect(list).toMatchObject({
      host: "node1.lab",
      servers: [{ process: { pid: 7, startTicks: 9, bootId: "boot" } }],
    });
  });

  it.each([
    ["another node", { baseUrl: "/n/node2/user/alice/" }],
    ["another user's place", { baseUrl: "/n/node1/user/bob/" }],
    ["another server's place", { serverName: "big" }],
    ["a path for a name", { user: "../bob", baseUrl: "/n/node1/user/../bob/" }],
    ["root", { uid: 0 }],
    ["no uid", { uid: undefined }],
  ])("leaves out %s, and keeps the rest", (_, over) => {
    expect(parseProcessList({ servers: [entry(over), entry()] }, NODE)?.servers).toHaveLength(1);
  });

  it("never throws, and knows no answer from anything else", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        parseProcessList({ servers: [value] }, NODE);
        parseProcessList(value, NODE);
      }),
    );
    expect(parseProcessList([], NODE)).toBeUndefined();
  });
});
