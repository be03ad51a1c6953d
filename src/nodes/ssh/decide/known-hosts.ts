import { createHash, createHmac } from "node:crypto";

/** One usable line of a known_hosts file. */
export interface KnownHost {
  readonly marker: "pin" | "revoked" | "cert-authority";
  readonly hosts: HostPattern;
  readonly keyType: string;
  /** The public key in SSH wire format, base64. */
  readonly key: string;
  /** Where it stands, as `file:line`, for messages. */
  readonly place: string;
}

type HostPattern =
  | { readonly kind: "hashed"; readonly salt: Buffer; readonly hash: Buffer }
  | { readonly kind: "names"; readonly patterns: readonly string[] };

/** What known_hosts say of a presented key. `known` are the lines that name the host. */
export type HostKeyVerdict =
  | { readonly kind: "trusted" }
  | { readonly kind: "unknown"; readonly hasCertAuthority: boolean }
  | { readonly kind: "changed"; readonly known: readonly KnownHost[] }
  | { readonly kind: "revoked"; readonly place: string };

const MARKERS: Readonly<Record<string, KnownHost["marker"]>> = {
  "@revoked": "revoked",
  "@cert-authority": "cert-authority",
};

/** Reads a known_hosts file. Lines it cannot read are left out, as OpenSSH does. Never throws. */
export function parseKnownHosts(text: string, file: string): readonly KnownHost[] {
  return text.split("\n").flatMap((line, index) => parseLine(line, `${file}:${index + 1}`) ?? []);
}

function parseLine(line: string, place: string): KnownHost | undefined {
  const words = line.trim().split(/[ \t]+/);
  const first = words[0] ?? "";
  if (first === "" || first.startsWith("#")) return undefined;
  if (!first.startsWith("@")) return parseEntry("pin", words, place);
  const marker = MARKERS[first];
  return marker && parseEntry(marker, words.slice(1), place);
}

function parseEntry(
  marker: KnownHost["marker"],
  words: readonly string[],
  place: string,
): KnownHost | undefined {
  const [names = "", keyType = "", text = ""] = words;
  const hosts = parseHosts(names);
  const key = Buffer.from(text, "base64");
  if (hosts === undefined || keyType === "" || keyTypeOf(key) !== keyType) return undefined;
  return { marker, hosts, keyType, key: key.toString("base64"), place };
}

function parseHosts(text: string): HostPattern | undefined {
  if (!text.startsWith("|")) return { kind: "names", patterns: text.toLowerCase().split(",") };
  const [, scheme, salt, hash] = text.split("|");
  if (scheme !== "1" || salt === undefined || hash === undefined) return undefined;
  return { kind: "hashed", salt: Buffer.from(salt, "base64"), hash: Buffer.from(hash, "base64") };
}

/** The key type a key in wire format says it has; empty where it is not a key. */
export function keyTypeOf(key: Buffer): string {
  const length = key.length >= 4 ? key.readUInt32BE(0) : 0;
  return length > 0 && length <= key.length - 4 ? key.toString("latin1", 4, 4 + length) : "";
}

/** The fingerprint `ssh-keygen -l` and OpenSSH's prompts show: `SHA256:...`. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** How a host is written in known_hosts: `name`, or `[name]:port` off port 22. */
export function hostLabel(name: string, port: number): string {
  return port === 22 ? name.toLowerCase() : `[${name.toLowerCase()}]:${port}`;
}

/**
 * Judges a presented key for a host known under any of `labels` (see `hostLabel`; first come, first asked:
 * the first label some pin names decides). A host that has pins, but not this key, is "changed" whatever
 * the key's type. A cert-authority line is not a pin: host certificates are not supported.
 */
export function judgeHostKey(
  lines: readonly KnownHost[],
  labels: readonly string[],
  presented: Buffer,
): HostKeyVerdict {
  const key = presented.toString("base64");
  const naming = lines.filter((line) => labels.some((label) => names(line.hosts, label)));
  const revoked = naming.find((line) => line.marker === "revoked" && line.key === key);
  if (revoked !== undefined) return { kind: "revoked", place: revoked.place };
  const pins = pinsOf(lines, labels);
  if (pins.some((pin) => pin.key === key)) return { kind: "trusted" };
  if (pins.length > 0) return { kind: "changed", known: pins };
  return { kind: "unknown", hasCertAuthority: naming.some((line) => line.marker === "cert-authority") };
}

/** The lines that pin keys of the host: those of the first label that has any. */
export function pinsOf(lines: readonly KnownHost[], labels: readonly string[]): readonly KnownHost[] {
  for (const label of labels) {
    const pins = lines.filter((line) => line.marker === "pin" && names(line.hosts, label));
    if (pins.length > 0) return pins;
  }
  return [];
}

/** `offered` with the algorithms of the pinned keys first: a host is asked for the key we know it by. */
export function orderHostKeyAlgorithms(pins: readonly KnownHost[], offered: readonly string[]): string[] {
  const known = new Set(pins.map((pin) => pin.keyType));
  const first = offered.filter((algorithm) => known.has(keyTypeFor(algorithm)));
  return [...first, ...offered.filter((algorithm) => !first.includes(algorithm))];
}

/** RSA keys sign with several algorithms: RFC 8332. */
function keyTypeFor(algorithm: string): string {
  return algorithm.startsWith("rsa-sha2-") ? "ssh-rsa" : algorithm;
}

function names(hosts: HostPattern, label: string): boolean {
  if (hosts.kind === "hashed") {
    return createHmac("sha1", hosts.salt).update(label).digest().equals(hosts.hash);
  }
  const isExcluded = hosts.patterns.some((p) => p.startsWith("!") && matches(p.slice(1), label));
  return !isExcluded && hosts.patterns.some((p) => !p.startsWith("!") && matches(p, label));
}

/** OpenSSH's patterns: `*` any run, `?` one character. Two cursors, so no pattern makes it slow. */
function matches(pattern: string, text: string): boolean {
  let p = 0;
  let star = -1;
  let resumeAt = 0;
  for (let t = 0; t < text.length;) {
    const wanted = pattern[p];
    if (wanted === "*") {
      star = p++;
      resumeAt = t;
    } else if (wanted === "?" || wanted === text[t]) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resumeAt;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(p));
}
