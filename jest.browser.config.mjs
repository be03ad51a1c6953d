/**
 * The end-to-end tests in a real browser, with nothing beside them: Chromium gives up its requests (ERR_NETWORK_CHANGED)
 * whenever another lab's network devices come or go.
 */
import base from "./jest.e2e.config.mjs";

export default {
  ...base,
  testMatch: ["<rootDir>/test/e2e/browser.e2e.test.ts"],
  testPathIgnorePatterns: [],
  maxWorkers: 1,
};
