import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createCookieBrowser } from "../support/cookie-browser.ts";
import { startLab, startRouter, type Lab, type RouterProcess } from "../support/lab.ts";
import { until } from "../support/lab-visitor.ts";
import { startTrustedProxy } from "../support/trusted-proxy.ts";

/** A hundred who come at once, on three equal nodes without a hub. The hubs are real, and start servers that do little. */
const USERS = Array.from({ length: 100 }, (_, i) => `u${String(i).padStart(3, "0")}`);
const NODES = ["node1", "node2", "node3"];
const FIRST_UID = 3000;
const SECRET = "0123456789abcdef0123456789abcdef";
const PROXY = "127.0.0.2";
const LAB_PAGE = /^\/n\/(node\d)\/user\/u\d+\/lab/;

let lab: Lab;
let router: RouterProcess;

beforeAll(async () => {
  lab = startLab();
  makeHomes();
  for (const node of NODES) {
    lab.run("load", node, "0.20", "64000", "60000");
    lab.run("sh", node, `${accounts()}\n${littleServer()}`);
  }
  const secret = join(lab.dir, "router", "proxy-secret");
  mkdirSync(join(lab.dir, "router"), { recursive: true });
  writeFileSync(secret, `${SECRET}\n`, { mode: 0o600 });
  const auth = { kind: "header", secret_file: secret, proxies: [PROXY] };
  router = await startRouter(lab, { auth });
}, 300_000);

afterAll(async () => {
  await router.stop();
  lab.down();
}, 60_000);

function makeHomes(): void {
  for (const [i, user] of USERS.entries()) {
    const home = join(lab.dir, "home", user);
    mkdirSync(home, { mode: 0o700 });
    chownSync(home, FIRST_UID + i, FIRST_UID + i);
  }
}

/** The commands that make them known to a node. */
function accounts(): string {
  const lines = USERS.map(
    (user, i) => `${user}:x:${FIRST_UID + i}:${FIRST_UID + i}::/home/${user}:/bin/bash`,
  );
  const groups = USERS.map((user, i) => `${user}:x:${FIRST_UID + i}:`);
  const shadows = USERS.map((user) => `${user}:*:19000:0:99999:7:::`);
  const files = { passwd: lines, group: groups, shadow: shadows };
  return Object.entries(files)
    .map(([file, entries]) => `cat >> /etc/${file} <<'END'\n${entries.join("\n")}\nEND`)
    .join("\n");
}

/** What a hub starts in the place of JupyterLab: it answers, and needs a tenth of its processor time. */
function littleServer(): string {
  const program = `
import http.server, os, urllib.parse
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_):
        pass
url = urllib.parse.urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
http.server.ThreadingHTTPServer((url.hostname, url.port), Page).serve_forever()
`;
  const fragment = 'c.Spawner.cmd = ["/usr/bin/python3", "-IS", "/usr/local/lib/little-server.py"]';
  return `mkdir -p /etc/multijhub/hub.d
cat > /usr/local/lib/little-server.py <<'END'\n${program}\nEND
cat > /etc/multijhub/hub.d/10-little.py <<'END'\n${fragment}\nEND`;
}

async function signIn(user: string): Promise<string> {
  const headers = { "Remote-User": user, "X-Multijhub-Proxy-Secret": SECRET };
  await using proxy = await startTrustedProxy(router.url, { from: PROXY, headers });
  const browser = createCookieBrowser(proxy.url);
  const page = await until(browser, "/", ({ status, path }) => status === 200 && LAB_PAGE.test(path), 120);
  return LAB_PAGE.exec(page.path)?.[1] ?? "";
}

it("spreads them within one of even, starts no hub twice, and gives nobody two servers", async () => {
  const startedAt = performance.now();
  const reached = await Promise.all(USERS.map(signIn));
  const counts = NODES.map((node) => reached.filter((at) => at === node).length);
  process.stderr.write(`storm: ${counts.join(" + ")} in ${Math.round(performance.now() - startedAt)} ms\n`);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  for (const [i, node] of NODES.entries()) {
    expect(serversOn(node)).toBe(counts[i]);
    expect(hubStartsOn(node)).toBe(1);
  }
}, 170_000);

function serversOn(node: string): number {
  const answer = lab.run("sh", node, "echo '{}' | multijhub-agent servers").trim().split("\n").at(-1) ?? "";
  const { result } = JSON.parse(answer) as { readonly result: { readonly servers: readonly unknown[] } };
  return result.servers.length;
}

function hubStartsOn(node: string): number {
  return Number(lab.run("sh", node, "cat /var/lib/multijhub/log/hub.log* | grep -c 'is now running'"));
}
