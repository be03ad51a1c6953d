/** The fast tests: no root, no network, under a minute. */
export default {
  testEnvironment: "node",
  roots: ["<rootDir>/src", "<rootDir>/test"], // not .cache, where whole operating systems live
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  testTimeout: 30_000, // for one that hangs; on a machine that does other things, too, none is slow
  testPathIgnorePatterns: ["\\.e2e\\.test\\.ts$", "/test/nfs/"],
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { target: "es2023", parser: { syntax: "typescript" } }, module: { type: "es6" } },
    ],
  },
  coverageProvider: "v8",
};
