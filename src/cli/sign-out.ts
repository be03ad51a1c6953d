import type { Command } from "commander";
import { askFrom } from "./admin-client.ts";
import { formatJson, type Terminal } from "./terminal.ts";

interface SignOutAnswer {
  readonly user: string;
  readonly ended: readonly string[];
  /** Hubs that could not be told. */
  readonly silent: readonly { readonly node: string; readonly detail: string }[];
}

/** `signout USER [--json]`: ends every session of a user; fails when a hub could not be told. */
export function registerSignOut(program: Command, terminal: Terminal): void {
  program
    .command("signout <user>")
    .description("end every session of a user, at the router and at all hubs; servers go on")
    .option("--json", "as JSON")
    .action(async (user: string, { json }: { json?: true }) => {
      const path = `/api/v1/users/${encodeURIComponent(user)}/signout`;
      const answer = (await askFrom(program, "POST", path)) as SignOutAnswer;
      terminal.out(json ? formatJson(answer) : signOutText(answer));
      if (answer.silent.length > 0) terminal.fail();
    });
}

function signOutText({ user, ended, silent }: SignOutAnswer): string {
  const done = `${user} is signed out at the router${ended.length > 0 ? ` and at ${ended.join(", ")}` : ""}\n`;
  const left = silent.map(({ node, detail }) => `not at ${node}: ${detail}\n`);
  return done + left.join("");
}
