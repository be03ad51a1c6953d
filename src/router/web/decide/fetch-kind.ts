/** What a browser is after, as far as its headers tell. Frames, embeds and objects are navigations. */
export type FetchKind = "navigation" | "service-worker" | "other";

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * By Sec-Fetch-* where the browser sends it (never over plain HTTP to a name other than localhost), else by what
 * `Accept` suggests: a page can choose that header for its own requests, but not for a navigation it causes.
 */
export function fetchKind(method: string, headers: Headers): FetchKind {
  if (isServiceWorkerScript(headers)) return "service-worker";
  const mode = headers["sec-fetch-mode"];
  const isNavigation = mode === undefined ? looksLikeNavigation(method, headers) : mode === "navigate";
  return isNavigation ? "navigation" : "other";
}

function isServiceWorkerScript(headers: Headers): boolean {
  return headers["service-worker"] !== undefined || headers["sec-fetch-dest"] === "serviceworker";
}

function looksLikeNavigation(method: string, headers: Headers): boolean {
  if (headers["upgrade"] !== undefined || headers["x-requested-with"] !== undefined) return false;
  const accept = headers["accept"];
  return NAVIGATION_METHODS.has(method) && typeof accept === "string" && accept.includes("text/html");
}

const NAVIGATION_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST"]);
