import ssh2, { type ServerHostKeyAlgorithm } from "ssh2";
import type { NodeId } from "../../../model.ts";
import type { Clock } from "../../../ports.ts";
import { type HostKeyVerdict, fingerprintOf, keyTypeOf } from "../decide/known-hosts.ts";
import { openSocket } from "./ssh-connect.ts";
import type { SshConnection } from "./ssh-connection.ts";
import { connectionError, timeoutError } from "./ssh-errors.ts";
import { HOST_KEY_ALGORITHMS, type HostKeyPins, readPins } from "./ssh-host-keys.ts";
import type { SshPool } from "./ssh-pool.ts";
import type { SshTarget } from "./ssh-target.ts";

/** A host key as a node presents it now; nothing has vouched for it yet. */
interface ScannedKey {
  readonly keyType: string;
  /** In SSH wire format, base64. */
  readonly key: string;
  readonly fingerprint: string;
  /** A key of a new type of a host that proved itself by another key counts as unknown. */
  readonly verdict: HostKeyVerdict["kind"];
  /** Why the router would not take it, in words. */
  readonly refusal?: string;
}

export interface HostKeyScan {
  readonly target: SshTarget;
  readonly keys: readonly ScannedKey[];
}

export interface HostKeyScanDeps {
  readonly pool: Pick<SshPool, "route">;
  readonly clock: Clock;
  readonly knownHostsFiles: readonly string[];
  readonly timeoutMs?: number;
}

/** One key of each kind is asked for; a connection shows one. */
const KINDS: readonly ServerHostKeyAlgorithm[][] = [/ed25519/, /ecdsa/, /rsa/].map((kind) =>
  HOST_KEY_ALGORITHMS.filter((algorithm) => kind.test(algorithm)),
);

/** Fetches the host keys of a node without signing in. Throws NODE_UNREACHABLE, NODE_TIMEOUT, NODE_UNKNOWN. */
export async function scanHostKeys(
  node: NodeId,
  deps: HostKeyScanDeps,
  signal: AbortSignal,
): Promise<HostKeyScan> {
  const { timeoutMs = 10_000 } = deps;
  const { target, via } = await deps.pool.route(node, signal);
  const pins = await readPins(target, deps.knownHostsFiles);
  const deadline = deps.clock.deadline(timeoutMs);
  const until = AbortSignal.any([signal, deadline]);
  const presented: Buffer[] = [];
  try {
    for (const kind of KINDS) {
      const key = await presentedKey(target, via, kind, until);
      if (key !== undefined) presented.push(key);
    }
  } catch (err) {
    signal.throwIfAborted();
    throw deadline.aborted ? timeoutError(target, timeoutMs, true) : connectionError(target, err);
  }
  const isKnownHost = presented.some((key) => pins.judge(key) === "trusted");
  return { target, keys: presented.map((key) => describe(key, pins, isKnownHost)) };
}

/** A host that proves itself by one key may have others: of types it is not yet known by, they are new, not changed. */
function describe(key: Buffer, pins: HostKeyPins, isKnownHost: boolean): ScannedKey {
  const keyType = keyTypeOf(key);
  const verdict = pins.judge(key);
  const refusal = pins.refuse(key);
  const isNew = isKnownHost && !pins.keyTypes.has(keyType) && verdict === "changed";
  return {
    keyType,
    key: key.toString("base64"),
    fingerprint: fingerprintOf(key),
    verdict: isNew ? "unknown" : verdict,
    ...(refusal !== undefined && { refusal: isNew ? "not pinned yet" : refusal.message }),
  };
}

/** The key the host shows for these algorithms; undefined where it has none of them. */
async function presentedKey(
  target: SshTarget,
  via: SshConnection | undefined,
  algorithms: ServerHostKeyAlgorithm[],
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const socket = await openSocket(target, via, signal);
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    let presented: Buffer | undefined;
    function finish(err?: Error): void {
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
      const isWithoutSuchKey = err !== undefined && /no matching host key/i.test(err.message);
      if (presented !== undefined || err === undefined || isWithoutSuchKey) resolve(presented);
      else reject(err);
    }
    function onAbort(): void {
      finish(signal.reason as Error);
    }
    signal.addEventListener("abort", onAbort, { once: true });
    client.on("error", finish);
    client.once("close", () => {
      finish(new Error("closed by the other side"));
    });
    client.connect({
      sock: socket,
      username: target.user,
      readyTimeout: 0,
      algorithms: { serverHostKey: algorithms },
      hostVerifier: (key: Buffer) => {
        presented = key;
        return false;
      },
    });
  });
}
