// Signs in without a screen, as a browser would, and computes 6*7 in a kernel. Prints 42, or says what went wrong.
// Usage: QUICKSTART_PASSWORD=... node scripts/quickstart-check.mjs URL USER
import { randomUUID } from "node:crypto";
import WebSocket from "ws";
import { createVisitor } from "./lab.d/visitor.mjs";
import { signIn, waitForServer } from "./lab.d/way-in.mjs";

const DEADLINE_MS = 180_000;
const KERNEL_DEADLINE_MS = 60_000;

async function main(url, user, password) {
  const visitor = createVisitor(AbortSignal.timeout(DEADLINE_MS));
  const signedIn = await signIn(visitor, url, user, password, { say });
  const server = await waitForServer(visitor, signedIn, user, { say });
  say(`JupyterLab answers at ${server}`);
  console.log(await compute(visitor, server, "6*7"));
}

async function compute(visitor, server, code) {
  const kernels = new URL("api/kernels", server);
  const headers = {
    "X-XSRFToken": visitor.cookie("_xsrf", kernels) ?? "",
    "Content-Type": "application/json",
  };
  const made = await visitor.post(kernels, JSON.stringify({ name: "python3" }), headers);
  if (made.status !== 201) throw new Error(`no kernel: ${made.status} ${made.text.slice(0, 300)}`);
  const kernel = new URL(`kernels/${JSON.parse(made.text).id}`, kernels);
  try {
    return await execute(visitor, kernel, code);
  } finally {
    await visitor.remove(kernel, headers);
  }
}

/** Resolves with what the code evaluates to, in plain text. */
async function execute(visitor, kernel, code) {
  const url = new URL(`${kernel.href}/channels`);
  const headers = { Cookie: visitor.cookiesFor(url), Origin: kernel.origin };
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url, { headers });
  const timeout = AbortSignal.timeout(KERNEL_DEADLINE_MS);
  try {
    return await new Promise((resolve, reject) => {
      timeout.addEventListener("abort", () => reject(new Error("the kernel did not answer in time")));
      socket.on("error", reject);
      socket.on("close", (reason) => reject(new Error(`the kernel's websocket was closed (${reason})`)));
      socket.on("open", () => socket.send(executeRequest(code)));
      socket.on("message", (data) => {
        const { header, content } = JSON.parse(String(data));
        if (header.msg_type === "execute_result") resolve(content.data["text/plain"]);
        if (header.msg_type === "error") reject(new Error(`${content.ename}: ${content.evalue}`));
      });
    });
  } finally {
    socket.close();
  }
}

function executeRequest(code) {
  const header = { msg_id: randomUUID(), msg_type: "execute_request", session: randomUUID(), version: "5.3" };
  return JSON.stringify({
    channel: "shell",
    header: { ...header, username: "", date: new Date().toISOString() },
    parent_header: {},
    metadata: {},
    content: { code, silent: false, store_history: false, user_expressions: {}, allow_stdin: false },
    buffers: [],
  });
}

function say(text) {
  process.stderr.write(`check: ${text}\n`);
}

const [url, user] = process.argv.slice(2);
try {
  await main(url, user, process.env.QUICKSTART_PASSWORD ?? "");
  process.exit(0);
} catch (error) {
  say(error.name === "TimeoutError" ? `no JupyterLab within ${DEADLINE_MS / 1000} s` : error.message);
  process.exit(1);
}
