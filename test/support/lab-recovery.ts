import { setTimeout as sleep } from "node:timers/promises";
import type { ServersAnswer } from "../../src/router/admin/decide/servers-answer.ts";
import type { CookieBrowser } from "./cookie-browser.ts";
import { startKernel, type Kernel } from "./lab-kernel.ts";
import type { Lab, RouterProcess } from "./lab.ts";
import { signInAt, untilLab } from "./lab-visitor.ts";

export { eventually } from "./wait-for.ts";

/** Somebody at work: a browser, and a kernel that holds `x = 41`. */
export interface AtWork {
  readonly user: string;
  readonly browser: CookieBrowser;
  readonly node: string;
  readonly kernel: Kernel;
}

export async function putToWork(router: RouterProcess, user: string): Promise<AtWork> {
  const browser = await signInAt(router.url, user);
  const node = await untilLab(browser);
  const kernel = await startKernel(router.url, browser, `/n/${node}/user/${user}/`);
  if ((await kernel.evaluate("x = 41\nx")) !== "41") throw new Error("the kernel does not count");
  return { user, browser, node, kernel };
}

export interface Return {
  readonly ms: number;
  /** What the browser showed on the way, each once, in order. */
  readonly seen: readonly string[];
}

/** Goes to `/` again and again until that leads to JupyterLab and the same kernel still knows `x`. */
export async function comeBack({ browser, kernel }: AtWork, beganAtMs: number): Promise<Return> {
  const seen: string[] = [];
  for (;;) {
    const sight = await lookIn(browser, kernel);
    if (seen.at(-1) !== sight) seen.push(sight);
    const ms = Date.now() - beganAtMs;
    if (sight === BACK) return { ms, seen };
    if (ms > 120_000) throw new Error(`not back after 2 minutes; seen: ${seen.join(", ")}`);
    await sleep(100);
  }
}

const BACK = "42";

async function lookIn(browser: CookieBrowser, kernel: Kernel): Promise<string> {
  try {
    const { status, path, body } = await browser.go("/");
    if (status === 200 && /^\/n\/\w+\/user\/[^/]+\/lab/.test(path))
      return await kernel.evaluate("x + 1", 5000);
    const title = /<title>([^<]*)/.exec(body)?.[1]?.trim() ?? "";
    return `${String(status)} ${title}`;
  } catch (err) {
    return (err as { readonly code?: string }).code ?? (err as Error).message;
  }
}

/** What `multijhub where USER --json` answers, whatever its exit code. */
export function whereIs(router: RouterProcess, user: string): ServersAnswer {
  try {
    return JSON.parse(router.command("where", user, "--json")) as ServersAnswer;
  } catch (err) {
    return JSON.parse((err as { readonly stdout: string }).stdout) as ServersAnswer;
  }
}

/** The pids of a user's servers on a node, by its process table. */
export function serverPids(lab: Lab, node: string, user: string): readonly number[] {
  const lines = lab.run("sh", node, `pgrep -u ${user} -f '[s]ingleuser' || true`).split("\n");
  return lines.filter((line) => line !== "").map(Number);
}

/** The pid that a node's hub or proxy has said of itself; 0 when it is not there. */
export function servicePid(lab: Lab, node: string, name: "hub" | "proxy"): number {
  const record = lab.run("sh", node, `cat /run/multijhub/${name}.json 2>/dev/null || echo '{}'`);
  return (JSON.parse(record) as { readonly pid?: number }).pid ?? 0;
}

/** So that a pid of one node is free on the others, and on the same one after a reboot. */
export function spreadPids(lab: Lab): void {
  for (const number of [1, 2, 3])
    lab.run("sh", `node${number}`, `echo ${20_000 + 3000 * number} > /proc/sys/kernel/ns_last_pid`);
}

/** Runs a command in the background of a node, with a pid that is free there; the answer is its pid. */
export function startWithPid(lab: Lab, node: string, command: string, wanted?: number): number {
  const choose = wanted === undefined ? "" : `echo ${wanted - 1} > /proc/sys/kernel/ns_last_pid; `;
  for (let tries = 0; tries < 50; tries += 1) {
    const started = Number(
      lab.run("sh", node, `${choose}(${command}) >/tmp/started.log 2>&1 </dev/null & echo $!`),
    );
    if (wanted === undefined || started === wanted) return started;
    lab.run("sh", node, `kill -9 ${started}`);
  }
  throw new Error(`no process of ${node} got pid ${String(wanted)}`);
}
