import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import ssh2, { type AnyAuthMethod, type ParsedKey } from "ssh2";
import { AppError } from "../../../errors.ts";
import type { SshTarget } from "./ssh-target.ts";

export interface IdentitySettings {
  /** The router's own key; when given, no other key file is tried. */
  readonly keyFile?: string;
  /** Socket of a running ssh-agent (`SSH_AUTH_SOCK`). */
  readonly agentSocket?: string;
}

const USUAL_FILES = ["id_ed25519", "id_ecdsa", "id_rsa"];

/**
 * The ways to prove who we are, in the order they are tried: key files, then the agent. The usual files
 * are tried where neither the router nor `~/.ssh/config` names one. Throws SSH_AUTH_REFUSED where there is none.
 */
export async function loadIdentities(
  target: SshTarget,
  settings: IdentitySettings,
): Promise<AnyAuthMethod[]> {
  const username = target.user;
  const named = settings.keyFile === undefined ? target.identityFiles : [settings.keyFile];
  const methods: AnyAuthMethod[] = [];
  const unusable: string[] = [];
  for (const file of named.length > 0 ? named : usualFiles()) {
    const key = await readKey(file);
    if (typeof key !== "string") methods.push({ type: "publickey", username, key });
    else if (named.length > 0 || key !== NOT_THERE) unusable.push(`${file}: ${key}`);
  }
  methods.push(...agentMethods(target, settings, named.length > 0));
  if (methods.length === 0) throw noIdentity(target, unusable);
  return methods;
}

/** IdentitiesOnly: only the files named, none of the agent's keys. */
function agentMethods(
  target: SshTarget,
  { agentSocket }: IdentitySettings,
  hasNamed: boolean,
): AnyAuthMethod[] {
  if (agentSocket === undefined || (target.identitiesOnly && hasNamed)) return [];
  return [{ type: "agent", username: target.user, agent: agentSocket }];
}

const NOT_THERE = "no such file";

/** A key, or the reason why it cannot be used. */
async function readKey(file: string): Promise<ParsedKey | string> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (err) {
    const { code, message } = err as NodeJS.ErrnoException;
    return code === "ENOENT" ? NOT_THERE : message;
  }
  const key = ssh2.utils.parseKey(text);
  if (!(key instanceof Error)) return key.isPrivateKey() ? key : "a public key, not a private one";
  return /encrypted|passphrase/i.test(key.message)
    ? "protected by a passphrase: load it into an ssh-agent"
    : key.message;
}

function usualFiles(): string[] {
  return USUAL_FILES.map((name) => join(homedir(), ".ssh", name));
}

function noIdentity(target: SshTarget, unusable: readonly string[]): AppError {
  const why = unusable.length > 0 ? unusable.join("; ") : "no key file and no ssh-agent";
  return new AppError("SSH_AUTH_REFUSED", `no usable SSH key for ${target.name}: ${why}`, {
    remedy: "name a key without a passphrase in ssh.key_file, or run the router with an ssh-agent",
    node: target.name,
  });
}
