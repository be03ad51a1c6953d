import { expect, it } from "@jest/globals";
import { withListed } from "../../../../src/nodes/cluster/decide/listed-servers.ts";
import { nodeView, reservation, serverKey } from "../../../support/node-views.ts";

const edge = nodeView("edge", { spec: { places: "jobs" }, load: { servers: 1 } });

it("counts what the hub lists in the place of the node's own processes, and a start under way not twice", () => {
  const listed = ["alice", "bob", "carol"].map(serverKey);
  expect(withListed(edge, listed).load).toMatchObject({ servers: 3, users: 3 });
  const starting = { ...edge, reservations: [reservation("edge", "bob")] };
  expect(withListed(starting, listed).load).toMatchObject({ servers: 2, users: 2 });
});

it("makes up no load where none was heard", () => {
  const silent = { ...edge };
  delete (silent as { load?: unknown }).load;
  expect(withListed(silent, [serverKey("alice")])).toBe(silent);
});

it("counts beside the node's own processes what the hub lists elsewhere, as far as it says", () => {
  const node = nodeView("node1", { load: { servers: 20 }, reservations: [reservation("node1", "bob")] });
  const listed = ["alice", "bob"].map(serverKey);
  expect(withListed(node, listed)).toEqual({ ...node, listedServers: 1 });
  expect(withListed(node, undefined)).toBe(node);
});
