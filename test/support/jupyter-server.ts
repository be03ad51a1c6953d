import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { request } from "undici";
import { WebSocket } from "ws";

/** A user's running server as a program with its token sees it. */
export interface JupyterServer {
  call(method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<unknown>;
  /** An open websocket; the caller closes it. */
  open(path: string): Promise<WebSocket>;
}

export function createJupyterServer(base: string, token: string): JupyterServer {
  const headers = { authorization: `token ${token}` };
  return {
    async call(method, path, body) {
      const url = new URL(path, base);
      const answer = await request(url, { method, headers, body: body ? JSON.stringify(body) : null });
      const text = await answer.body.text();
      if (answer.statusCode >= 400) throw new Error(`${path} answered ${String(answer.statusCode)}: ${text}`);
      return text === "" ? undefined : (JSON.parse(text) as unknown);
    },
    async open(path) {
      const url = new URL(path, base);
      url.protocol = "ws:";
      const socket = new WebSocket(url, { headers });
      await once(socket, "open");
      return socket;
    },
  };
}

/** Asks a kernel, over its websocket, to run this; done when the kernel has begun. */
export async function execute(socket: WebSocket, code: string): Promise<void> {
  const id = randomUUID();
  const header = { msg_id: id, msg_type: "execute_request", session: randomUUID(), version: "5.3" };
  const content = { code, silent: false, store_history: false, user_expressions: {}, allow_stdin: false };
  const rest = { parent_header: {}, metadata: {}, buffers: [], channel: "shell" };
  const begun = new Promise<void>((resolve, reject) => {
    socket.on("message", (bytes: Buffer) => {
      const { parent_header: parent, content: said } = JSON.parse(bytes.toString()) as Message;
      if (parent.msg_id === id && said.execution_state === "busy") resolve();
    });
    socket.once("close", () => {
      reject(new Error("the connection to the kernel was closed before it began"));
    });
  });
  socket.send(JSON.stringify({ header: { ...header, username: "", date: "" }, content, ...rest }));
  await begun;
}

interface Message {
  readonly parent_header: { readonly msg_id?: string };
  readonly content: { readonly execution_state?: string };
}
