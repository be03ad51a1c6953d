import { HubBrowser } from "./hub-browser.ts";
import { signTicket, type HubNode } from "./hub-node.ts";
import { waitFor } from "./wait-for.ts";

/** A user's server as the agent sees it in the node's process table. */
export interface Server {
  readonly user: string;
  readonly pid: number;
  readonly startTicks: number;
}

export async function servers(node: HubNode): Promise<readonly Server[]> {
  return (await node.agent("servers")).result["servers"] as Server[];
}

/** alice's server, started through the node's hub, and a browser of hers that is signed in to it. */
export async function startServer(node: HubNode): Promise<{ server: Server; browser: HubBrowser }> {
  const hub = `${node.url}/n/${node.name}/hub`;
  const headers = { authorization: `token ${String(node.settings["serviceToken"])}` };
  const token = signTicket(node, { use: "introduce", start: { server: "" } });
  await fetch(`${hub}/router_introduce`, { method: "POST", headers: { "x-multijhub-token": token } });
  await fetch(`${hub}/api/users/alice/server`, { method: "POST", headers });
  const browser = new HubBrowser(node);
  const next = `/n/${node.name}/user/alice/lab`;
  return waitFor("JupyterLab of alice's server", async () => {
    const { location } = await browser.signIn({ sid: "s" }, next);
    const page = await browser.follow(location ?? "");
    const [server] = await servers(node);
    return page.status === 200 && page.url === next && server !== undefined && { server, browser };
  });
}

/** How alice's server answers her browser. */
export function contentsStatus(node: HubNode, browser: HubBrowser): Promise<number> {
  return browser.get(`/n/${node.name}/user/alice/api/contents`).then(({ status }) => status);
}
