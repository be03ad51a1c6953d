import { keyText, type NodeView, type ServerKey } from "../../../model.ts";

/**
 * A node with how many servers its hub lists, while that is known: any process can call itself a server. Where servers
 * are jobs, these are all there are. A start under way is left out, for it holds a reservation: a job may wait in its
 * queue for hours.
 */
export function withListed(view: NodeView, listed: readonly ServerKey[] | undefined): NodeView {
  const isForJobs = view.spec.places === "jobs";
  if (view.load === undefined || (listed === undefined && !isForJobs)) return view;
  const starting = new Set(view.reservations.map(({ key }) => keyText(key)));
  const there = (listed ?? []).filter((key) => !starting.has(keyText(key)));
  if (!isForJobs) return { ...view, listedServers: there.length };
  const users = new Set(there.map(({ user }) => user));
  return { ...view, load: { ...view.load, servers: there.length, users: users.size } };
}
