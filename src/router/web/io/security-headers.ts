import type { RequestHandler, Response } from "express";
import type { Random } from "../../../ports.ts";

/** On every page of ours. A page's script must carry `scriptNonce(res)`. */
export function createSecurityHeaders(random: Random): RequestHandler {
  return (_request, response, next) => {
    const nonce = random.token(16);
    response.locals["scriptNonce"] = nonce;
    response.set({
      "Content-Security-Policy": [
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        `script-src 'nonce-${nonce}'`,
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
      ].join("; "),
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "no-referrer",
      "Cross-Origin-Opener-Policy": "same-origin",
    });
    next();
  };
}

/** What the answer's policy lets its own script run by. */
export function scriptNonce(response: Response): string {
  return String(response.locals["scriptNonce"]);
}
