import { expect, it } from "@jest/globals";
import { parseConfig } from "../../src/config.ts";
import { startDeadlines } from "../../src/composition/start-deadlines.ts";

it("protects a start for as long as it may take", () => {
  const deadlines = startDeadlines(parseConfig("", { file: "/etc/multijhub/config.yaml", home: "/root" }));
  const journeyMs = deadlines.journeyHubMs + deadlines.serverMs;
  expect(deadlines.assignmentMs).toBeGreaterThanOrEqual(journeyMs);
  expect(deadlines.reservationMs).toBeGreaterThanOrEqual(journeyMs);
  expect(deadlines.journeyHubMs).toBeGreaterThan(deadlines.hubMs + deadlines.keeperGraceMs);
});
