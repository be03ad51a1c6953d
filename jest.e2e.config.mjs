/**
 * The end-to-end tests: root, labs, real JupyterHub and a real browser. Most of the time they wait, for deadlines above
 * all: so two files at a time, each with a lab of its own.
 */
import base from "./jest.config.mjs";

export default {
  ...base,
  testMatch: ["<rootDir>/test/**/*.e2e.test.ts"],
  testPathIgnorePatterns: ["browser\\.e2e"], // jest.browser.config.mjs
  setupFiles: ["<rootDir>/test/support/fresh-connections.ts"],
  maxWorkers: process.env["E2E_LAB_DIR"] === undefined ? 2 : 1,
  testTimeout: 180_000,
};
