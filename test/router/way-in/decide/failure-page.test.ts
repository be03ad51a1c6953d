import { expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { wordsFor } from "../../../../src/router/way-in/decide/failure-page.ts";

const codes = [...readFileSync("src/errors.ts", "utf8").matchAll(/^ {2}\| "([A-Z_]+)"/gm)].map(
  ([, code]) => code,
);
const NOT_ON_THE_WAY_IN = [
  "LEASE_LOST",
  "BAD_CONFIG",
  "STATE_DIRECTORY",
  "BAD_NAME",
  "BAD_ARRIVALS",
  "ROUTER_NOT_RUNNING",
  "API_REFUSED",
  "HOME_UNREADABLE",
  "DIRECTORY_SILENT",
  "HUB_IN_USE",
  "ORDER_STANDS",
  "PLAN_UNKNOWN",
  "PLAN_NOT_WAITING",
  "REBALANCE_OFF",
  "REBALANCE_BUSY",
  "NOT_LEADER",
];
const SIGN_IN = ["SIGN_IN_FAILED", "LOBBY_DOWN"];

it("has words of its own for every failure on the way in", () => {
  const general = wordsFor("UNEXPECTED");
  const wordless = codes.filter((code) => wordsFor(code as never) === general);
  expect(wordless.filter((code) => ![...NOT_ON_THE_WAY_IN, ...SIGN_IN].includes(code ?? ""))).toEqual([]);
  expect(codes.length).toBeGreaterThan(30);
});
