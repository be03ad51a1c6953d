/** What a browser makes of a Set-Cookie header: RFC 6265 section 5.2 and 5.3, without expiry. */
export interface BrowserCookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  readonly isHostOnly: boolean;
  readonly isSecure: boolean;
}

/** The cookie a browser would store, or `undefined` if it ignores the header. */
export function browserCookie(
  header: string,
  { host, path }: { readonly host: string; readonly path: string },
): BrowserCookie | undefined {
  const [pair = "", ...attributes] = header.split(";");
  const equals = pair.indexOf("=");
  const name = equals === -1 ? "" : trim(pair.slice(0, equals));
  const value = trim(pair.slice(equals + 1));
  const known = new Map(attributes.map(parseAttribute));
  const written = known.get("path") ?? "";
  const domain = (known.get("domain") ?? "").replace(/^\./, "").toLowerCase();
  if (domain !== "" && host !== domain && !host.endsWith(`.${domain}`)) return undefined;
  const cookiePath = written.startsWith("/") ? written : defaultPath(path);
  return { name, value, path: cookiePath, isHostOnly: domain === "", isSecure: known.has("secure") };
}

/** Of an attribute that comes twice, the last counts: so does it in a Map. */
function parseAttribute(attribute: string): [string, string] {
  const at = attribute.indexOf("=");
  const key = trim(at === -1 ? attribute : attribute.slice(0, at)).toLowerCase();
  return [key, at === -1 ? "" : trim(attribute.slice(at + 1))];
}

/** RFC 6265 section 5.1.4. */
export function pathMatches(requestPath: string, cookiePath: string): boolean {
  if (requestPath === cookiePath) return true;
  if (!requestPath.startsWith(cookiePath)) return false;
  return cookiePath.endsWith("/") || requestPath[cookiePath.length] === "/";
}

function defaultPath(path: string): string {
  const end = path.lastIndexOf("/");
  return end <= 0 ? "/" : path.slice(0, end);
}

function trim(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, "");
}
