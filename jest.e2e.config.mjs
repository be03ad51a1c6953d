/** The end-to-end tests: root, the lab, real JupyterHub and a real browser; one file at a time. */
import base from "./jest.config.mjs";

export default {
  ...base,
  testMatch: ["<rootDir>/test/**/*.e2e.test.ts"],
  testPathIgnorePatterns: [],
  maxWorkers: 1,
  testTimeout: 180_000,
};
