import { afterAll, beforeAll, describe } from "@jest/globals";
import { unpackLayer } from "./kernels.ts";
import { openLab, type Lab } from "./lab.ts";

/** A suite with a lab of its own; where no lab can be made, its tests are counted as skipped, and it says why. */
export function describeNfs(name: string, tests: (lab: () => Lab) => void): void {
  const unpacked = unpackLayer();
  if ("obstacle" in unpacked) {
    process.stderr.write(`\n*** THE TESTS ON REAL NFS DO NOT RUN: ${unpacked.obstacle}\n\n`);
    describe.skip(`${name} (not run: ${unpacked.obstacle})`, () => {
      tests(() => {
        throw new Error("no lab");
      });
    });
    return;
  }
  describe(name, () => {
    let lab: Lab | undefined;
    beforeAll(async () => {
      lab = await openLab(unpacked.layer);
    }, 120_000);
    afterAll(() => lab?.close());
    tests(() => {
      if (!lab) throw new Error("no lab yet");
      return lab;
    });
  });
}
