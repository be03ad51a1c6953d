import type { Command } from "commander";
import { AppError } from "../errors.ts";
import type { KeyInfo } from "../nodes/keys/io/key-files.ts";
import { openStateDirectory, type StateDirectory } from "../nodes/keys/io/state-directory.ts";
import { configOf } from "./admin-client.ts";
import { formatJson, formatTable, type Terminal } from "./terminal.ts";

interface KeysAnswer {
  readonly keys: readonly {
    readonly kind: string;
    readonly id: string;
    readonly state: string;
    readonly created: string;
  }[];
}

/** `keys show|rotate|retire`: the keys in the state directory. A router that runs takes changes up by itself. */
export function registerKeys(program: Command, terminal: Terminal): void {
  const keys = program.command("keys").description("the router's keys: what there is, and new ones");

  keys
    .command("show")
    .description("show the id and age of every key; no secret")
    .option("--json", "as JSON")
    .action(async ({ json }: { json?: true }) => {
      show(await (await open()).listKeys(), json);
    });

  keys
    .command("rotate")
    .description(
      "make new keys; the router tells every hub, then has the new keys take over, in an hour or so",
    )
    .option("--dry-run", "say what would be done")
    .option("--json", "as JSON")
    .action(async ({ dryRun, json }: { dryRun?: true; json?: true }) => {
      const state = await open();
      if (areComing(await state.listKeys()) === "all") throw underWay();
      if (dryRun !== true) await state.prepareKeys();
      else if (json !== true)
        terminal.out("would make a new master key and a new ticket key beside these:\n");
      show(await state.listKeys(), json);
    });

  keys
    .command("retire")
    .description(
      "have the new keys take over now; hubs that do not know them refuse sign-ins until they are told",
    )
    .option("--json", "as JSON")
    .action(async ({ json }: { json?: true }) => {
      const state = await open();
      if (areComing(await state.listKeys()) === "none") throw nothingComes();
      await state.promoteKeys();
      show(await state.listKeys(), json);
    });

  function open(): Promise<StateDirectory> {
    return openStateDirectory(configOf(program).state_dir);
  }

  function show(all: readonly KeyInfo[], json: true | undefined): void {
    const answer = toAnswer(all);
    terminal.out(json ? formatJson(answer) : keysTable(answer));
  }
}

function toAnswer(all: readonly KeyInfo[]): KeysAnswer {
  return {
    keys: all.map(({ createdAtMs, ...key }) => ({ ...key, created: new Date(createdAtMs).toISOString() })),
  };
}

function keysTable({ keys }: KeysAnswer): string {
  const rows = keys.map(({ kind, id, state, created }) => [kind, id, state, created]);
  return formatTable([["KEY", "ID", "STATE", "CREATED"], ...rows]);
}

/** A crash in the middle of a command leaves one of two; the same command then does the rest. */
function areComing(all: readonly KeyInfo[]): "none" | "some" | "all" {
  const coming = all.filter(({ state }) => state === "coming").length;
  if (coming === 0) return "none";
  return coming === all.length - coming ? "all" : "some";
}

function underWay(): AppError {
  return new AppError("STATE_DIRECTORY", "new keys have been made already, and have not taken over yet", {
    remedy: "wait for the router to finish, or end it with `multijhub keys retire`",
  });
}

function nothingComes(): AppError {
  return new AppError("STATE_DIRECTORY", "there are no new keys to take over", {
    remedy: "make some with `multijhub keys rotate`",
  });
}
