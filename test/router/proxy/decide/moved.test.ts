import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { Location, Sighting } from "../../../../src/sighting.ts";
import type { NodeId } from "../../../../src/model.ts";
import { parseAddress, restOf } from "../../../../src/router/web/decide/canonical.ts";
import { decideMoved } from "../../../../src/router/proxy/decide/moved.ts";
import { createPathUrls } from "../../../../src/router/web/decide/urls.ts";
import { ALICE, NODE1, NODE2 } from "../../../support/fake-world.ts";

const urls = createPathUrls();

function at(node: NodeId, ...others: NodeId[]): Location {
  return { kind: "found", sighting: sightingOn(node), others: others.map(sightingOn) };
}

function sightingOn(node: NodeId): Sighting {
  return { key: ALICE, node, evidence: "hub-list", ready: true, seenAtMs: 0 };
}

function ask(location: Location, isNavigation = true, url = "/n/node1/user/alice/lab/tree/a%20b?x=1") {
  return decideMoved({ method: "GET", url, node: NODE1, isNavigation }, location, urls);
}

describe("a server that moved", () => {
  it("takes a navigation along, with path and query", () => {
    expect(ask(at(NODE2))).toEqual({
      kind: "redirect",
      to: `/login?node=node2&next=${encodeURIComponent("/n/node2/user/alice/lab/tree/a%20b?x=1")}`,
    });
  });

  it("is gone for everything else, so that an open tab never writes to the wrong server", () => {
    expect(ask(at(NODE2), false)).toEqual({ kind: "gone" });
  });

  it.each([
    ["is there", at(NODE1)],
    ["is there, too", at(NODE2, NODE1)],
    ["may be there", { kind: "unknown", silent: [] }],
  ] satisfies [string, Location][])("is left alone while it %s", (_name, location) => {
    expect(ask(location)).toEqual({ kind: "forward" });
  });

  it("leads a navigation to the way in when it runs nowhere", () => {
    expect(ask({ kind: "none" })).toEqual({ kind: "redirect", to: "/user/alice/lab/tree/a%20b?x=1" });
    expect(ask({ kind: "none" }, false)).toEqual({ kind: "forward" });
  });

  it.each([NODE1, NODE2])("leads a navigation to the way in when the hub on %s has lost it", (node) => {
    const lost: Location = { kind: "found", sighting: { ...sightingOn(node), isOrphan: true }, others: [] };
    expect(ask(lost)).toEqual({ kind: "redirect", to: "/user/alice/lab/tree/a%20b?x=1" });
    expect(ask(lost, false)).toEqual({ kind: node === NODE1 ? "forward" : "gone" });
  });

  it("is not about a hub's own pages", () => {
    expect(ask(at(NODE2), true, "/n/node1/hub/api/users")).toEqual({ kind: "forward" });
  });
});

describe("an address", () => {
  it("never names a place outside the user's server, whatever it says", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("/", "..", "%2e", "%2f", "alice", "user", "n", "\\", "?", "hub")),
        (parts) => {
          const rest = restOf(`/user/alice/${parts.join("")}`, ALICE.user);
          if (rest === undefined) return;
          const { pathname } = new URL(`/n/node1/user/alice/${rest}`, "http://x");
          expect(pathname.startsWith("/n/node1/user/alice/")).toBe(true);
        },
      ),
    );
  });

  it.each(["/user", "/users/alice", "/n/node1/api", "/", "/n/node1"])("%s is no server's", (url) => {
    expect(["other", "malformed"]).toContain(parseAddress(url).kind);
  });
});
