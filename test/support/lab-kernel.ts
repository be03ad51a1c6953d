import { randomUUID } from "node:crypto";
import WebSocket from "ws";
import type { CookieBrowser } from "./cookie-browser.ts";

/** A kernel of somebody's server, as their JupyterLab uses it. */
export interface Kernel {
  /** Below the entrance: `/n/NODE/user/USER/api/kernels/ID`. */
  readonly path: string;
  /** What the last line of the code is worth, in plain text; each time over a connection of its own. */
  evaluate(code: string, deadlineMs?: number): Promise<string>;
}

/** Starts one on the server at `/n/NODE/user/USER/`. */
export async function startKernel(url: string, browser: CookieBrowser, server: string): Promise<Kernel> {
  const kernels = `${server}api/kernels`;
  const cookies = await browser.jar.getCookies(new URL(kernels, url).href);
  const xsrf = cookies.find(({ key }) => key === "_xsrf")?.value ?? "";
  const made = await browser.post(kernels, {}, { site: "same-origin", headers: { "x-xsrftoken": xsrf } });
  if (made.status !== 201) throw new Error(`no kernel: ${made.status} ${made.body}`);
  const path = `${kernels}/${(JSON.parse(made.body) as { readonly id: string }).id}`;
  return {
    path,
    async evaluate(code, deadlineMs = 60_000) {
      const cookie = await browser.cookieHeader(path);
      const channels = new URL(`${path}/channels`, url.replace("http", "ws"));
      return ask(new WebSocket(channels, { headers: { cookie }, origin: url }), code, deadlineMs);
    },
  };
}

interface Message {
  readonly header: { readonly msg_type: string };
  readonly content: { readonly data?: Readonly<Record<string, string>>; readonly evalue?: string };
}

async function ask(socket: WebSocket, code: string, deadlineMs: number): Promise<string> {
  const deadline = AbortSignal.timeout(deadlineMs);
  try {
    return await new Promise((resolve, reject) => {
      deadline.addEventListener("abort", () => {
        reject(new Error("the kernel did not answer in time"));
      });
      socket.on("error", reject);
      socket.on("close", (reason) => {
        reject(new Error(`the kernel's connection was closed (${reason})`));
      });
      socket.on("open", () => {
        socket.send(executeRequest(code));
      });
      socket.on("message", (bytes: Buffer) => {
        const { header, content } = JSON.parse(bytes.toString()) as Message;
        if (header.msg_type === "execute_result") resolve(content.data?.["text/plain"] ?? "");
        if (header.msg_type === "error") reject(new Error(content.evalue));
      });
    });
  } finally {
    socket.terminate();
  }
}

function executeRequest(code: string): string {
  const header = { msg_id: randomUUID(), msg_type: "execute_request", session: randomUUID(), version: "5.3" };
  const flags = { silent: false, store_history: false, allow_stdin: false };
  return JSON.stringify({
    header: { ...header, username: "", date: new Date().toISOString() },
    ...{ channel: "shell", parent_header: {}, metadata: {}, buffers: [] },
    content: { code, ...flags, user_expressions: {} },
  });
}
