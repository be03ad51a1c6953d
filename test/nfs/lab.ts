import { Kernels, type Done, type KernelName, type Order } from "./kernels.ts";

export const REPOSITORY = process.cwd();
const SERVER = "10.108.0.1";
const ADDRESSES = { node1: "10.108.0.11", node2: "10.108.0.12", router: "10.108.0.20" } as const;

/** The router's group and account: the same numbers on every machine. */
export const GID = 990;
const NUMBERS = ["--gid", String(GID), "--uid", String(GID)];

/** One computer of the lab. Commands run as root unless said otherwise. */
export class Machine {
  readonly #kernels: Kernels;
  readonly #kernel: KernelName;
  /** What to put before a command to have it run here, on any machine of the same kernel. */
  readonly prefix: readonly string[];

  constructor(kernels: Kernels, kernel: KernelName, prefix: readonly string[] = []) {
    this.#kernels = kernels;
    this.#kernel = kernel;
    this.prefix = prefix;
  }

  run(...words: string[]): Promise<Done> {
    return this.order({ words });
  }

  /** As a user with the groups this machine knows of. */
  as(user: string, ...words: string[]): Promise<Done> {
    return this.run("setpriv", "--reuid", user, "--regid", user, "--init-groups", ...words);
  }

  order(order: Order): Promise<Done> {
    return this.#kernels.run(this.#kernel, { ...order, words: [...this.prefix, ...order.words] });
  }

  /** One of the scripts an administrator runs. */
  setup(script: "server" | "client" | "grant" | "check", ...words: string[]): Promise<Done> {
    return this.run(`${REPOSITORY}/nfs-setup/${script}`, ...words);
  }
}

/** A file server with three homes and, on one cable with it, two nodes and the router. */
export interface Lab {
  readonly server: Machine;
  readonly node1: Machine;
  readonly node2: Machine;
  readonly router: Machine;
  /** Pulls the file server's plug, and boots it again. */
  crash: () => Promise<void>;
  reboot: () => Promise<void>;
  close: () => Promise<void>;
}

export async function openLab(layer: string): Promise<Lab> {
  const kernels = new Kernels(layer);
  try {
    return await startAll(kernels);
  } catch (error) {
    await kernels.dispose();
    throw new Error(`the lab did not come up; its kernels said: ${kernels.said}`, { cause: error });
  }
}

async function startAll(kernels: Kernels): Promise<Lab> {
  const server = new Machine(kernels, "server");
  const clients = new Machine(kernels, "clients");
  await Promise.all([startServer(kernels, server), startClients(kernels, clients)]);
  const [node1, node2, router] = await Promise.all([
    startMachine(kernels, clients, "node1"),
    startMachine(kernels, clients, "node2"),
    startMachine(kernels, clients, "router"),
  ]);
  return {
    server,
    node1,
    node2,
    router,
    crash: () => kernels.kill("server"),
    reboot: () => startServer(kernels, server),
    close: () => kernels.dispose(),
  };
}

/** What a script said, or an error with all it said. */
export async function must(doing: Promise<Done>): Promise<string> {
  const done = await doing;
  if (done.code !== 0) throw new Error(`exit ${String(done.code)}: ${done.out}${done.err}`);
  return done.out;
}

async function startServer(kernels: Kernels, server: Machine): Promise<void> {
  await kernels.boot("server");
  await must(server.run(guest("cable"), "server", SERVER));
  await must(server.run(guest("homes")));
  const exported = ["--export", "/export/home", "--nodes", "10.108.0.0/24", "--router", ADDRESSES.router];
  await must(server.setup("server", ...exported, ...NUMBERS));
  await must(server.run(guest("serve")));
}

async function startClients(kernels: Kernels, clients: Machine): Promise<void> {
  await kernels.boot("clients");
  await must(clients.run(guest("cable"), "clients"));
}

async function startMachine(
  kernels: Kernels,
  clients: Machine,
  name: keyof typeof ADDRESSES,
): Promise<Machine> {
  const pid = (await must(clients.run(guest("machine"), name, ADDRESSES[name]))).trim();
  return new Machine(kernels, "clients", [
    "nsenter",
    "--target",
    pid,
    "--mount",
    "--net",
    "--uts",
    "--root",
    "--wd",
  ]);
}

/** Where a client's homes come from, and the numbers it must know: what nfs-setup/server printed at its end. */
export const FROM_SERVER = ["--server", `${SERVER}:/export/home`, "--gid", String(GID)];

export function guest(script: string): string {
  return `${REPOSITORY}/test/nfs/guest/${script}`;
}
