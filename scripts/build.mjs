// Compiles src to dist, and puts beside it what is not TypeScript: what runs on a node. The old dist stays in its place until
// the new one is whole, for a router may be running from it.
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, renameSync, rmSync } from "node:fs";

const REMOTE = "nodes/remote";
const NEW = `dist.${process.pid}`;
const OLD = `${NEW}.old`;

try {
  execFileSync("node_modules/.bin/tsc", ["-p", "tsconfig.build.json", "--outDir", NEW], { stdio: "inherit" });
  const isSource = (path) => !path.includes("__pycache__");
  cpSync(`src/${REMOTE}`, `${NEW}/${REMOTE}`, { recursive: true, filter: isSource });
  chmodSync(`${NEW}/main.js`, 0o755);
  if (existsSync("dist")) renameSync("dist", OLD);
  renameSync(NEW, "dist");
} finally {
  for (const left of [NEW, OLD]) rmSync(left, { recursive: true, force: true });
}
