import type { HomeLook } from "../../../home-model.ts";
import type { UserName } from "../../../model.ts";
import { leaving, openToList, stat } from "./descriptors.ts";
import { createHomeMemory } from "./home-memory.ts";
import { listEntries, lookInto } from "./look.ts";
import type { Answer, Asked, FromChild } from "./protocol.ts";
import { reasonFor, Unreadable } from "./unreadable.ts";
import { inRuntimeDirectory } from "./walk.ts";

/** The process that touches homes, so that a file system that hangs takes this one and not the router. */

const MAX_HOMES = 200_000;
/** The part of its time after which a question that is still being answered is given up here. */
const ENOUGH = 0.75;
const memory = createHomeMemory();

process.on("message", (asked: Asked) => {
  void answerTo(asked).then((answer) => {
    send({ id: asked.id, answer });
  });
});
// Threads that hang in a file system keep a process from exiting by itself.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
send("ready");

function send(message: FromChild): void {
  process.send?.(message);
}

async function answerTo({ question, withinMs }: Asked): Promise<Answer> {
  const untilMs = performance.now() + withinMs * ENOUGH;
  try {
    if (question.kind === "list") return { kind: "listed", names: await list(question.directory, untilMs) };
    return { kind: "looked", look: await look(question.user, question.home, untilMs) };
  } catch (err) {
    const { message } = err instanceof Unreadable ? err : reasonFor("it", err);
    return { kind: "unreadable", reason: message };
  }
}

function look(user: UserName, home: string, untilMs: number): Promise<HomeLook> {
  return inRuntimeDirectory(home, async (directory, owner) => {
    if (directory === undefined) return nothingIn(owner);
    // Opening it again makes a network file system ask its server whether it has changed.
    const fd = await openToList(directory).catch((err: unknown) => {
      throw reasonFor("the runtime directory", err);
    });
    return leaving(fd, async () => {
      const before = await stat(fd);
      const key = `${user}/${home}`;
      const known = memory.recall(key, before, performance.now());
      if (known !== undefined) return known;
      const seen = await lookInto(fd, owner, user, untilMs);
      memory.keep(key, before, seen, performance.now());
      return seen;
    });
  });
}

async function list(directory: string, untilMs: number): Promise<readonly string[]> {
  try {
    return await listEntries(directory, MAX_HOMES, untilMs);
  } catch (err) {
    throw err instanceof Unreadable ? err : reasonFor(directory, err);
  }
}

function nothingIn(owner: bigint): HomeLook {
  return { ownerUid: Number(owner), records: [], claims: [], unfinished: [], jupyters: [], oddities: [] };
}
