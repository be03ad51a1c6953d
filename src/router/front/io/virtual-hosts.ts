import type { IncomingMessage, RequestListener } from "node:http";
import { isForAdminHost } from "../decide/admin-host.ts";
import type { NodeProxy } from "../../proxy/io/node-proxy.ts";

/** What one host name serves: `/n/...`, and all else. */
export interface Site {
  readonly app: RequestListener;
  readonly proxy: NodeProxy;
}

/** Two sites behind one socket: which one a request is for, its Host says. */
export function createVirtualHosts(adminOrigin: string, admin: Site, entrance: Site): Site {
  function siteOf({ rawHeaders }: IncomingMessage): Site {
    return isForAdminHost(rawHeaders, adminOrigin) ? admin : entrance;
  }

  return {
    app: (request, response) => {
      siteOf(request).app(request, response);
    },
    proxy: {
      handle: (request, response, upgrade) => {
        siteOf(request).proxy.handle(request, response, upgrade);
      },
      async close() {
        await Promise.all([admin.proxy.close(), entrance.proxy.close()]);
      },
    },
  };
}
