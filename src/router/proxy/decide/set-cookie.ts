import { isOwnCookie } from "../../web/decide/own-names.ts";

/** Attributes that may pass as they are; Path is ours to write, Domain would leave the host. */
const PASSED = new Set(["expires", "max-age", "secure", "httponly", "samesite", "partitioned", "priority"]);

/** RFC 9110 token: what a cookie's name must be. Browsers take more; readers disagree about the rest. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * A Set-Cookie value that no browser keeps outside `root` (which ends with a slash), or `undefined` if the
 * cookie is dropped: it bears a name of ours, claims the whole host (`__Host-`), or is not to be parsed the
 * same by everyone. Parsed as RFC 6265 section 5.2 does and written anew, so that nothing else is in it.
 * `requestPath` (without query) gives the default path where the cookie names none.
 */
export function confineCookie(text: string, root: string, requestPath: string): string | undefined {
  // Control characters and what browsers decode differently: nobody needs them in a cookie.
  if (/[^\t\x20-\x7e\x80-\xff]/.test(text)) return undefined;
  const [pair = "", ...attributes] = text.split(";");
  const equals = pair.indexOf("=");
  const name = trimmed(pair.slice(0, Math.max(equals, 0)));
  if (!TOKEN.test(name) || isOwnCookie(name) || /^__host/i.test(name)) return undefined;
  const path = confinedPath(lastPath(attributes) ?? defaultPath(requestPath), root);
  const kept = attributes.map(trimmed).filter((attribute) => PASSED.has(attributeName(attribute)));
  return [`${name}=${trimmed(pair.slice(equals + 1))}`, ...kept, `Path=${path}`].join("; ");
}

function confinedPath(path: string, root: string): string {
  return path.startsWith(root) || `${path}/` === root ? path : root;
}

/** The last Path attribute counts; one that is empty or relative counts as none. */
function lastPath(attributes: readonly string[]): string | undefined {
  const path = attributes.findLast((attribute) => attributeName(attribute) === "path");
  if (path === undefined) return undefined;
  const value = path.includes("=") ? trimmed(path.slice(path.indexOf("=") + 1)) : "";
  return value.startsWith("/") ? value : undefined;
}

function attributeName(attribute: string): string {
  return trimmed(attribute.replace(/=.*$/s, "")).toLowerCase();
}

/** RFC 6265 section 5.1.4. */
function defaultPath(requestPath: string): string {
  const end = requestPath.lastIndexOf("/");
  return end <= 0 ? "/" : requestPath.slice(0, end);
}

/** Browsers trim spaces and tabs only; `trim()` would take more. */
function trimmed(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, "");
}
