import { readFile } from "node:fs/promises";
import type { ServerHostKeyAlgorithm } from "ssh2";
import { AppError } from "../../../errors.ts";
import {
  type HostKeyVerdict,
  type KnownHost,
  fingerprintOf,
  hostLabel,
  judgeHostKey,
  keyTypeOf,
  orderHostKeyAlgorithms,
  parseKnownHosts,
  pinsOf,
} from "../decide/known-hosts.ts";
import type { SshTarget } from "./ssh-target.ts";

/** What ssh2 can verify, SHA-1 signatures left out. */
export const HOST_KEY_ALGORITHMS: readonly ServerHostKeyAlgorithm[] = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
];

/** The pins of one host, as they stand in the files now. */
export interface HostKeyPins {
  readonly algorithms: ServerHostKeyAlgorithm[];
  /** The types of the keys it is known by. */
  readonly keyTypes: ReadonlySet<string>;
  judge(presented: Buffer): HostKeyVerdict["kind"];
  /** The error to refuse a presented key with; undefined for a trusted one. */
  refuse(presented: Buffer): AppError | undefined;
}

/** Reads the known_hosts files, those of `~/.ssh/config` too. Files that are not there hold nothing. Throws SSH_CONFIG. */
export async function readPins(target: SshTarget, knownHostsFiles: readonly string[]): Promise<HostKeyPins> {
  const files = [...new Set([...target.knownHostsFiles, ...knownHostsFiles])];
  const lines = (await Promise.all(files.map(readKnownHosts))).flat();
  const labels = labelsOf(target);
  const pins = pinsOf(lines, labels);
  return {
    algorithms: orderHostKeyAlgorithms(pins, HOST_KEY_ALGORITHMS) as ServerHostKeyAlgorithm[],
    keyTypes: new Set(pins.map((pin) => pin.keyType)),
    judge: (presented) => judgeHostKey(lines, labels, presented).kind,
    refuse: (presented) => refusal(judgeHostKey(lines, labels, presented), target, presented),
  };
}

/** The names under which a target's keys are kept, the one new keys are written under first. */
export function labelsOf(target: SshTarget): string[] {
  return target.hostKeyNames.map((name) => hostLabel(name, target.port));
}

async function readKnownHosts(file: string): Promise<readonly KnownHost[]> {
  try {
    return parseKnownHosts(await readFile(file, "utf8"), file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new AppError("SSH_CONFIG", `${file} cannot be read: ${(cause as Error).message}`, {
      remedy: `make ${file} readable for the router`,
      cause,
    });
  }
}

function refusal(verdict: HostKeyVerdict, target: SshTarget, presented: Buffer): AppError | undefined {
  const shown = `${keyTypeOf(presented)} ${fingerprintOf(presented)}`;
  const where = `${target.name} (${target.host}:${target.port})`;
  const details = { node: target.name, fingerprint: fingerprintOf(presented) };
  switch (verdict.kind) {
    case "trusted":
      return undefined;
    case "unknown": {
      const hint = verdict.hasCertAuthority
        ? " (a @cert-authority line names it, but host certificates are not supported)"
        : "";
      return new AppError("HOST_KEY_UNKNOWN", `the host key of ${where} is not known: ${shown}${hint}`, {
        remedy: `check the fingerprint, then run \`multijhub trust ${target.name}\``,
        ...details,
      });
    }
    case "changed": {
      const known = verdict.known
        .map((pin) => `${pin.keyType} ${pinFingerprint(pin)} (${pin.place})`)
        .join(", ");
      return new AppError("HOST_KEY_CHANGED", `${where} presented ${shown}, but is known by ${known}`, {
        remedy: `somebody may be in between; if the machine was set up anew, remove the old line, then run \`multijhub trust ${target.name}\``,
        ...details,
      });
    }
    case "revoked":
      return new AppError(
        "HOST_KEY_CHANGED",
        `${where} presented ${shown}, which is revoked (${verdict.place})`,
        {
          remedy: "give the machine a new host key: this one is marked as compromised",
          ...details,
        },
      );
  }
}

function pinFingerprint(pin: KnownHost): string {
  return fingerprintOf(Buffer.from(pin.key, "base64"));
}
