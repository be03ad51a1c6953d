import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import {
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  randomUUID,
  sign,
  type KeyObject,
} from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.ts";
import type { Lab } from "./lab.ts";
import { waitFor } from "./wait-for.ts";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** What the agent says last. */
export interface Answer {
  readonly ok: boolean;
  readonly result: Readonly<Record<string, unknown>>;
  readonly error: { readonly code: string; readonly message: string; readonly remedy: string };
  readonly progress: readonly string[];
}

/** A real node of the lab as the agent's tests see it: over `ssh`, without the router. */
export interface HubNode {
  readonly name: string;
  /** Where the hub's proxy of the node answers, e.g. `http://127.0.0.1:40001`. Valid after `openTunnel`. */
  readonly url: string;
  readonly settings: Record<string, unknown>;
  readonly key: KeyObject;
  /** A command of root on the node; the answer is its stdout. Throws if it fails. */
  shell(command: string, input?: string): string;
  agent(verb: string, input?: object): Promise<Answer>;
  startHub(changes?: object): Promise<Answer>;
  openTunnel(): Promise<void>;
  close(): void;
}

/** What `ssh` needs to reach an account of a lab node. */
export function sshArguments(
  lab: Lab,
  name: string,
  account = "root",
  key = lab.settings["LAB_KEY"] ?? "",
): readonly string[] {
  const address = `${lab.settings["LAB_NET"] ?? ""}.${String(10 + Number(name.replace("node", "")))}`;
  const knownHosts = `UserKnownHostsFile=${lab.settings["LAB_KNOWN_HOSTS"] ?? ""}`;
  const quiet = ["-o", "BatchMode=yes", "-o", "LogLevel=ERROR"];
  return ["-i", key, "-o", knownHosts, ...quiet, `${account}@${address}`];
}

/** Puts the agent on a lab node as `multijhub provision` would. */
export function installNode(lab: Lab, name: string): HubNode {
  const options = sshArguments(lab, name);
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const settings = {
    ...{ node: name, baseUrl: `/n/${name}/`, ports: { proxy: 910, hub: 911, api: 912 } },
    ...{ jupyterhub: lab.settings["LAB_JUPYTERHUB"], proxyCommand: [lab.settings["LAB_PROXY"]] },
    ...{
      serviceToken: randomBytes(32).toString("hex"),
      lobby: true,
      adminUsers: ["carol"],
      startTimeoutMs: 60_000,
    },
    ticketKeys: [publicKey.export({ type: "spki", format: "pem" }).toString()],
  };
  let tunnel: { readonly process: ChildProcess; readonly url: string } | undefined;

  function shell(command: string, input = ""): string {
    return execFileSync("ssh", [...options, command], {
      input,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "pipe"],
    });
  }
  async function agent(verb: string, input: object = {}): Promise<Answer> {
    return runAgent([...options, `multijhub-agent ${verb}`], input);
  }
  upload(shell);
  return {
    name,
    settings,
    key: createPrivateKey(privateKey.export({ type: "pkcs8", format: "pem" })),
    get url() {
      return tunnel?.url ?? "";
    },
    shell,
    agent,
    startHub: (changes = {}) => agent("start-hub", { ...settings, ...changes }),
    openTunnel: async () => {
      tunnel?.process.kill();
      tunnel = await forward(options, settings.ports.proxy);
    },
    close: () => {
      tunnel?.process.kill();
    },
  };
}

function upload(shell: HubNode["shell"]): void {
  const folder = "/usr/local/lib/multijhub";
  const files = execFileSync("tar", [
    "-C",
    join(ROOT, "src/nodes/remote"),
    "--exclude=__pycache__",
    "-cf",
    "-",
    ".",
  ]);
  const unpack = `rm -rf ${folder}; mkdir -p ${folder} && base64 -d | tar -C ${folder} --no-same-owner -xf -`;
  shell(`${unpack} && ln -sf ${folder}/agent.py /usr/local/bin/multijhub-agent`, files.toString("base64"));
}

/** Runs the agent without closing its stdin: it must answer the line, not wait for the end. */
export async function runAgent(words: readonly string[], input: object): Promise<Answer> {
  const child = spawn("ssh", words, { stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  let complaints = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  child.stdin.write(`${JSON.stringify(input)}\n`);
  const [status] = (await once(child, "close")) as [number];
  if (status !== 0) throw new Error(`the agent ended with ${String(status)}: ${complaints}`);
  const lines = output.trim().split("\n");
  const messages = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const progress = messages.filter(({ event }) => event === "progress").map(({ text }) => String(text));
  return { ...(messages.at(-1) as unknown as Answer), progress };
}

/** A way through sshd to a port of the node's loopback; the caller kills its process. */
export async function forward(options: readonly string[], remotePort: number) {
  const port = await freePort();
  const forwarding = `127.0.0.1:${String(port)}:127.0.0.1:${String(remotePort)}`;
  const child = spawn("ssh", ["-N", "-o", "ExitOnForwardFailure=yes", "-L", forwarding, ...options], {
    stdio: "ignore",
  });
  await waitFor(`ssh to forward port ${String(remotePort)}`, () => accepts(port), { everyMs: 20 });
  return { process: child, url: `http://127.0.0.1:${String(port)}` };
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const outcome = await Promise.race([
    once(socket, "connect").then(() => true),
    once(socket, "error").then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return outcome;
}

/** A ticket as the router would sign it; `changes` replaces claims, `undefined` removes them. */
export function signTicket(node: HubNode, changes: Record<string, unknown>, key = node.key): string {
  const iat = Math.floor(Date.now() / 1000);
  const claims = {
    sub: "alice",
    aud: node.name,
    iat,
    exp: iat + 30,
    jti: randomUUID(),
    use: "login",
    ...changes,
  };
  const parts = [{ alg: "EdDSA", typ: "multijhub-ticket" }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  const message = parts.join(".");
  return `${message}.${sign(null, Buffer.from(message), key).toString("base64url")}`;
}
