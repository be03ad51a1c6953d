/** The tests on real NFS: two kernels as processes (user-mode-linux), for each file of their own; mostly they wait. */
import base from "./jest.config.mjs";

export default {
  ...base,
  testMatch: ["<rootDir>/test/nfs/*.test.ts"],
  testPathIgnorePatterns: [],
  maxWorkers: 3,
  testTimeout: 60_000,
};
