import { request } from "undici";
import type { StopNotice } from "../../plan.ts";
import { iso } from "../../wall-clock.ts";

/** Posts notices as JSON to an address of the site, which tells the owner by mail or chat. Rejects if it does not take them. */
export function createOwnerWebhook(url: string, homeUrl: string) {
  return {
    async tell({ key, node, words, notBeforeMs }: StopNotice, signal: AbortSignal): Promise<void> {
      const { statusCode, body } = await request(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...key, node, why: words, notBefore: iso(notBeforeMs), keepUrl: homeUrl }),
        signal,
      });
      await body.dump();
      if (statusCode >= 300) throw new Error(`the webhook answered ${statusCode}`);
    },
  };
}
