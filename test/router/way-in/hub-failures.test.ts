import { expect, it } from "@jest/globals";
import { AppError, type ErrorCode } from "../../../src/errors.ts";
import type { NodeId } from "../../../src/model.ts";
import { createHubFailures } from "../../../src/router/way-in/hub-failures.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

const NODE = "node1" as NodeId;

it.each<[ErrorCode, number]>([
  ["HUB_NOT_HEALTHY", 1],
  ["JUPYTERHUB_MISSING", 1],
  ["NODE_TIMEOUT", 1],
  ["NODE_UNREACHABLE", 0],
  ["TUNNEL_LOST", 0],
])("a start that failed with %s keeps newcomers away for a while: %d", async (code, count) => {
  const clock = createFakeClock();
  const failures = createHubFailures({ clock }, { avoidMs: 1000 });
  failures.note(NODE, new AppError(code, "it failed"));
  expect(failures.reasons().size).toBe(count);
  await clock.advance(1000);
  expect(failures.reasons().size).toBe(0);
});
