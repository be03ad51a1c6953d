import { expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";

/** The benchmark, small: that it still measures what it says. Its numbers are no matter of tests. */
it("finds everybody's server again, and sends nobody elsewhere", () => {
  const size = ["--homes", "300", "--servers", "60", "--nodes", "12"];
  const report = execFileSync(process.execPath, ["scripts/bench/recovery.mjs", "--json", ...size], {
    encoding: "utf8",
  });
  expect(JSON.parse(report)).toMatchObject({ located: 60, wrongRoutes: 0 });
});
