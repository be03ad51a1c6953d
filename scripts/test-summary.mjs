// Adds up the JSON reports of jest in a folder; prints `N passed, N failed` as its last line.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
const reports = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));

const total = (count) => reports.reduce((sum, report) => sum + count(report), 0);
const passed = total((r) => r.numPassedTests);
// A suite that could not even be loaded has run no test: it counts as one failure.
const failed = total((r) => r.numFailedTests + r.numRuntimeErrorTestSuites);
const skipped = total((r) => r.numPendingTests + r.numTodoTests);

for (const suite of reports.flatMap((r) => r.testResults)) {
  for (const test of suite.assertionResults) {
    if (test.status === "pending" || test.status === "todo") console.log(`SKIPPED: ${test.fullName}`);
    if (test.status === "failed") console.log(`FAILED: ${test.fullName}`);
  }
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
