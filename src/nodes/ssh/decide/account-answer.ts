import { z } from "zod";
import type { Account } from "../../../model.ts";

const Id = z.int().min(0).max(0xffff_ffff);

const Answer = z.object({
  account: z
    .object({
      name: z.string().min(1),
      uid: Id,
      gid: Id,
      home: z.string(),
      groups: z.array(z.string()),
    })
    .nullable(),
});

export type AccountReading =
  | { readonly ok: true; readonly account: Account | undefined }
  | { readonly ok: false; readonly detail: string };

/** Reads the agent's answer about the account `name`; one about somebody else is no answer. */
export function parseAccountAnswer(result: unknown, name: string): AccountReading {
  const parsed = Answer.safeParse(result);
  if (!parsed.success) return { ok: false, detail: z.prettifyError(parsed.error) };
  const { account } = parsed.data;
  if (account !== null && account.name !== name) {
    return { ok: false, detail: "it is about another account than was asked for" };
  }
  return { ok: true, account: account ?? undefined };
}
