import { keyText, type NodeView, type ServerKey } from "../../model.ts";

/**
 * A node whose servers are jobs, with those that its hub lists in the place of its own processes. A start under way is
 * left out, for it holds a reservation: a job may wait in its queue for hours.
 */
export function withJobs(view: NodeView, listed: readonly ServerKey[] = []): NodeView {
  if (view.load === undefined) return view;
  const starting = new Set(view.reservations.map(({ key }) => keyText(key)));
  const jobs = listed.filter((key) => !starting.has(keyText(key)));
  const users = new Set(jobs.map(({ user }) => user));
  return { ...view, load: { ...view.load, servers: jobs.length, users: users.size } };
}
