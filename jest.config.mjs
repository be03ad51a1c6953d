/** The fast tests: no root, no network, under a minute. */
export default {
  testEnvironment: "node",
  roots: ["<rootDir>/src", "<rootDir>/test"], // not .cache, where whole operating systems live
  testMatch: ["<rootDir>/test/**/*.test.ts"],
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
