type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Whether our own page, or the person by the address bar, asked for it; not a picture, a frame or a script. */
export function isOwnNavigation(headers: Headers): boolean {
  const dest = headers["sec-fetch-dest"];
  if (dest !== undefined && dest !== "document") return false;
  const site = headers["sec-fetch-site"];
  // Browsers leave Sec-Fetch-* out over plain http. A Referer can be kept back by a foreign page, not forged.
  if (site === undefined) return isOnOurHost(headers["referer"], headers["host"]);
  return site === "same-origin" || site === "none";
}

/** Whether a POST comes from a page of ours: Sec-Fetch-Site, or an Origin equal to Host where that is missing. */
export function isOwnPost(headers: Headers): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin";
  return isOnOurHost(headers["origin"], headers["host"]);
}

/** Whether a page of another origin, a sister site too, asked for it; known where browsers send Sec-Fetch-* only. */
export function isForeign(headers: Headers): boolean {
  const site = headers["sec-fetch-site"];
  return site !== undefined && site !== "same-origin" && site !== "none";
}

function isOnOurHost(url: string | readonly string[] | undefined, host: unknown): boolean {
  if (typeof url !== "string" || typeof host !== "string" || !URL.canParse(url)) return false;
  return new URL(url).host === host.toLowerCase();
}
