import { opendir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Claim, HomeLook, RuntimeRecord } from "../../../home-model.ts";
import type { UserName } from "../../../model.ts";
import { parseClaimFile } from "../../decide/claim-file.ts";
import { type HomeFile, MAX_FILE_BYTES } from "../../decide/home-file.ts";
import { parseRuntimeRecord } from "../../decide/runtime-record.ts";
import { isClaimName, sortNames } from "../../decide/runtime-names.ts";
import { entryOf } from "./descriptors.ts";
import { readSmallFile } from "./file.ts";
import { Unreadable } from "./unreadable.ts";

/** A directory with more entries is nobody's runtime directory. */
const MAX_ENTRIES = 50_000;
/** Whoever writes a file in place is done after one of these, or has left it so. */
const RETRY_MS = [10, 50, 150];

/** Reads what the names in a runtime directory promise. Throws Unreadable. */
export async function lookInto(
  directory: number,
  owner: bigint,
  user: UserName,
  untilMs: number,
): Promise<HomeLook> {
  const names = sortNames(await listEntries(entryOf(directory, "."), MAX_ENTRIES, untilMs));
  const { jupyters, oddities } = names;
  const look = { records: [] as RuntimeRecord[], claims: [] as Claim[], oddities: [...oddities] };

  /** Resolves with the names of those that seem to be half written. */
  async function readAll(files: readonly string[]): Promise<readonly string[]> {
    const unfinished: string[] = [];
    for (const name of files) {
      refuseLate(untilMs);
      const file = await readOne(directory, name, owner, user);
      if (file?.kind === "odd") look.oddities.push(`${name} ${file.why}`);
      else if (file?.kind === "unfinished") unfinished.push(name);
      else if (file !== undefined) keep(file.value, look);
    }
    return unfinished;
  }

  let unfinished = await readAll(names.files);
  for (const waitMs of RETRY_MS) {
    if (unfinished.length === 0) break;
    // Once for all of them: one by one, a few empty files would look like a home that hangs.
    await sleep(waitMs);
    unfinished = await readAll(unfinished);
  }
  return { ownerUid: Number(owner), ...look, unfinished, jupyters };
}

function keep(value: RuntimeRecord | Claim, look: { records: RuntimeRecord[]; claims: Claim[] }): void {
  if ("pid" in value) look.records.push(value);
  else look.claims.push(value);
}

/** The names in a directory. Throws Unreadable if there are too many. */
export async function listEntries(path: string, max: number, untilMs: number): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of await opendir(path, { bufferSize: 1024 })) {
    refuseLate(untilMs);
    names.push(name);
    if (names.length > max) throw new Unreadable(`it holds more than ${max} files`);
  }
  return names;
}

/** Whoever is slow, but goes on, is not taken for a file system that hangs: that would cost everybody this process. */
function refuseLate(untilMs: number): void {
  if (performance.now() > untilMs) throw new Unreadable("it takes too long to read");
}

async function readOne(
  directory: number,
  name: string,
  owner: bigint,
  user: UserName,
): Promise<HomeFile<RuntimeRecord | Claim> | undefined> {
  const isClaim = isClaimName(name);
  // A hub makes a claim by link(2): for a moment it has two names.
  const rules = { owner, maxLinks: isClaim ? 2n : 1n, maxBytes: MAX_FILE_BYTES };
  const file = await readSmallFile(directory, name, rules);
  if (file.kind === "gone") return undefined;
  if (file.kind === "busy") return { kind: "unfinished" };
  if (file.kind === "odd") return file;
  const claim = isClaim ? parseClaimFile(name, file.bytes, user) : undefined;
  // A node may be called "claim": its records have names of that kind too.
  return claim === undefined || claim.kind === "odd" ? parseRuntimeRecord(name, file.bytes, user) : claim;
}
