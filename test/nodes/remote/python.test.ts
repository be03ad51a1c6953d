import { expect, it } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const modules = readdirSync(folder).filter((name) => /^test_.*\.py$/.test(name));

it.concurrent.each(modules)(
  "passes the Python tests of what runs on a node: %s",
  async (module) => {
    const words = ["-m", "unittest", "discover", "-s", "test/nodes/remote", "-t", "test/nodes", "-p", module];
    const child = spawn("python3", words, { stdio: ["ignore", "ignore", "pipe"] });
    let report = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (report += text));
    await once(child, "close");
    expect(report).toMatch(/^OK$/m);
  },
  300_000, // all run at once, also on two slow cores
);
