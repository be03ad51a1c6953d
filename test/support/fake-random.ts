import { createHash } from "node:crypto";
import type { Random } from "../../src/ports.ts";

/** Never the same twice, always the same in the next run. */
export function createFakeRandom(seed = "seed"): Random {
  let count = 0;
  function digest(): Buffer {
    count += 1;
    return createHash("sha512").update(`${seed} ${count}`).digest();
  }
  return {
    next: () => digest().readUInt32BE() / 2 ** 32,
    token: (bytes) => digest().subarray(0, bytes).toString("base64url"),
  };
}
