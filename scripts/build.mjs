// Compiles src to dist, and puts beside it what is not TypeScript: what runs on a node.
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, rmSync } from "node:fs";

const REMOTE = "nodes/remote";

rmSync("dist", { recursive: true, force: true });
execFileSync("node_modules/.bin/tsc", ["-p", "tsconfig.build.json"], { stdio: "inherit" });
if (existsSync(`src/${REMOTE}`)) {
  const isSource = (path) => !path.includes("__pycache__");
  cpSync(`src/${REMOTE}`, `dist/${REMOTE}`, { recursive: true, filter: isSource });
}
chmodSync("dist/main.js", 0o755);
