import { expect, it } from "@jest/globals";
import { createPatience } from "../src/deadline.ts";
import { createFakeClock } from "./support/fake-clock.ts";

it("patience ends when its time has passed since it was renewed last", async () => {
  const clock = createFakeClock();
  const patience = createPatience(() => clock.deadline(100));
  await clock.advance(90);
  patience.renew();
  await clock.advance(90);
  expect(patience.signal.aborted).toBe(false);
  await clock.advance(10);
  expect(patience.signal.aborted).toBe(true);
});
