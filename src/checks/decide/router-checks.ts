import { count } from "../../amounts.ts";
import { type Check, ok, type Verdict, warning, wrong } from "./finding.ts";

/** Something that was tried: it went well, or why not. `undefined` in its place: it is not configured. */
export type Attempt =
  | { readonly ok: true; readonly words: string }
  | { readonly ok: false; readonly message: string; readonly remedy: string };

export interface RouterSituation {
  readonly nowMs: number;
  readonly uid: number;
  readonly configFile: string;
  readonly state: StateFacts;
  readonly keys: Attempt | undefined;
  readonly hosts: {
    readonly path: string;
    readonly nodes: number;
    readonly problems: readonly {
      readonly line: number;
      readonly message: string;
      readonly remedy: string;
    }[];
  };
  readonly sshKey: { readonly path: string; readonly problem?: string; readonly mode: number } | undefined;
  readonly secrets: readonly Attempt[];
  readonly listen: ListenFacts;
  readonly tls: TlsFacts | undefined;
  readonly cache: Attempt | undefined;
}

export interface StateFacts {
  readonly path: string;
  /** Absent: there is no such directory yet. */
  readonly found?: { readonly isDirectory: boolean; readonly uid: number; readonly mode: number };
  /** Of the directory, or of what it would be made in. */
  readonly freeBytes: number;
  readonly isWritable: boolean;
}

export interface ListenFacts {
  readonly place: string;
  readonly port: number;
  /** A system error's code: EADDRINUSE and the like. */
  readonly outcome: "free" | "ours" | (string & {});
}

export type TlsFacts =
  | { readonly problem: string }
  | {
      readonly certificate: string;
      readonly expiresMs: number;
      readonly startsMs: number;
      readonly fits: boolean;
    };

const DAY_MS = 86_400_000;
const LOW_BYTES = 100 * 1024 ** 2;

/** What the router itself needs. */
export const ROUTER_CHECKS: readonly Check<RouterSituation>[] = [
  { name: "configuration", judge: ({ configFile }) => ok(configFile) },
  { name: "account", judge: judgeAccount },
  { name: "state directory", judge: judgeState },
  { name: "keys", judge: ({ keys }) => ofAttempt(keys, "the first start makes them") },
  { name: "hosts file", judge: judgeHosts },
  { name: "SSH key", judge: judgeSshKey },
  { name: "secrets", judge: ({ secrets }) => secrets.map((attempt) => ofAttempt(attempt)) },
  { name: "listen", judge: ({ listen }) => judgeListen(listen) },
  { name: "TLS", judge: ({ tls, nowMs }) => judgeTls(tls, nowMs) },
  { name: "cache", judge: ({ cache }) => ofAttempt(cache, "in the router's own memory") },
];

function judgeAccount({ uid, state }: RouterSituation): Verdict {
  const owner = state.found?.uid;
  if (owner !== undefined && owner !== uid && uid === 0) {
    return wrong(
      `this runs as root, and the router as uid ${owner}: what it may do is not seen`,
      `sudo -u '#${owner}' multijhub check`,
    );
  }
  if (uid !== 0) return ok(`uid ${uid}`);
  return warning(
    "the router needs no root, and would be worth more to an attacker",
    `useradd --system multijhub; chown -R multijhub ${state.path}; run it as that account`,
  );
}

function judgeState({ uid, state: { path, found, freeBytes, isWritable } }: RouterSituation): Verdict {
  const make = `install -d -m 700 -o ${uid} ${path}`;
  if (found === undefined) {
    return isWritable
      ? ok(`${path} is made at the first start`)
      : wrong(`${path} is missing and cannot be made`, make);
  }
  if (!found.isDirectory) return wrong(`${path} is not a directory`, `rm ${path} && ${make}`);
  if (found.uid !== uid) {
    return wrong(
      `${path} belongs to uid ${found.uid}, and this runs as uid ${uid}`,
      `chown -R ${uid} ${path}`,
    );
  }
  if ((found.mode & 0o077) !== 0) {
    return wrong(`${path} is open to others (mode ${(found.mode & 0o777).toString(8)})`, `chmod go= ${path}`);
  }
  if (!isWritable) return wrong(`${path} cannot be written`, `mount it writable   # findmnt -T ${path}`);
  const free = `${Math.floor(freeBytes / 1024 ** 2)} MiB are free for ${path}`;
  return freeBytes < LOW_BYTES ? warning(free, `df -h ${path}`) : ok(free);
}

function judgeHosts({ hosts: { path, nodes, problems } }: RouterSituation): readonly Verdict[] {
  if (problems.length === 0) return [ok(`${path} names ${count(nodes, "node")}`)];
  return problems.map(({ line, message, remedy }) =>
    wrong(`${path}${line > 0 ? `, line ${line}` : ""}: ${message}`, remedy),
  );
}

function judgeSshKey({ sshKey }: RouterSituation): Verdict {
  if (sshKey === undefined) return ok("none is configured: the agent or ~/.ssh says");
  const { path, problem, mode } = sshKey;
  if (problem !== undefined)
    return wrong(problem, `ssh-keygen -t ed25519 -N '' -f ${path}   # or correct ssh.key_file`);
  return (mode & 0o077) === 0 ? ok(path) : warning(`${path} is open to others`, `chmod go= ${path}`);
}

function judgeListen({ place, port, outcome }: ListenFacts): Verdict {
  switch (outcome) {
    case "free":
      return ok(`${place} is free`);
    case "ours":
      return ok("the router runs");
    case "EADDRINUSE":
      return wrong(`${place} is taken`, `ss -ltnp 'sport = :${port}'; stop that, or set listen.port`);
    case "EACCES":
      return wrong(
        `this account may not listen on ${place}`,
        "set listen.port to 1024 or more, or put a proxy in front",
      );
    case "EADDRNOTAVAIL":
      return wrong(`${place} is not an address of this machine`, "correct listen.host   # ip address");
    default:
      return wrong(`${place}: ${outcome}`, "correct listen.host and listen.port");
  }
}

function judgeTls(tls: TlsFacts | undefined, nowMs: number): Verdict {
  if (tls === undefined) return ok("none here: a proxy in front has it");
  if ("problem" in tls)
    return wrong(tls.problem, "name in tls.certificate and tls.key PEM files that the router may read");
  const { certificate, expiresMs, startsMs, fits } = tls;
  const renew = `renew ${certificate}, then restart the router`;
  const day = new Date(expiresMs).toISOString().slice(0, 10);
  if (!fits)
    return wrong(`tls.key is not the key of ${certificate}`, "name the key that belongs to the certificate");
  if (nowMs < startsMs) return wrong(`${certificate} is not valid yet`, "correct the clock   # timedatectl");
  if (nowMs >= expiresMs) return wrong(`${certificate} has expired on ${day}`, renew);
  if (expiresMs - nowMs < 14 * DAY_MS) return warning(`${certificate} expires on ${day}`, renew);
  return ok(`valid until ${day}`);
}

function ofAttempt(attempt: Attempt | undefined, otherwise = "not configured"): Verdict {
  if (attempt === undefined) return ok(otherwise);
  return attempt.ok ? ok(attempt.words) : wrong(attempt.message, attempt.remedy);
}
