import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { createAgenda, inOrder, type Moment } from "../../../src/simulation/decide/moments.ts";

const anyMoment: fc.Arbitrary<Moment> = fc.record({
  atMs: fc.nat(20),
  session: fc.nat(5),
  step: fc.constantFrom("starts", "calms", "ends", "arrives", "rebalances"),
});

describe("an agenda", () => {
  it("goes through all moments in order, those added on the way included", () => {
    fc.assert(
      fc.property(fc.array(anyMoment), fc.array(anyMoment), (planned, added) => {
        const agenda = createAgenda(inOrder(planned));
        agenda.add(added);
        const gone: Moment[] = [];
        for (let moment = agenda.next(); moment !== undefined; moment = agenda.next()) gone.push(moment);
        expect(gone).toEqual(inOrder([...planned, ...added]));
      }),
    );
  });
});
