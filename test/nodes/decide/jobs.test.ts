import { expect, it } from "@jest/globals";
import { withJobs } from "../../../src/nodes/decide/jobs.ts";
import { nodeView, reservation, serverKey } from "../../support/node-views.ts";

const edge = nodeView("edge", { spec: { places: "jobs" }, load: { servers: 1 } });

it("counts what the hub lists in the place of the node's own processes, and a start under way not twice", () => {
  const listed = ["alice", "bob", "carol"].map(serverKey);
  expect(withJobs(edge, listed).load).toMatchObject({ servers: 3, users: 3 });
  const starting = { ...edge, reservations: [reservation("edge", "bob")] };
  expect(withJobs(starting, listed).load).toMatchObject({ servers: 2, users: 2 });
});

it("makes up no load where none was heard", () => {
  const silent = { ...edge };
  delete (silent as { load?: unknown }).load;
  expect(withJobs(silent, [serverKey("alice")])).toBe(silent);
});
