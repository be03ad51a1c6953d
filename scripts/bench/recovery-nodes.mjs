// Nodes that answer as the real ones do, after a moment. Of each four hubs two answer, one is away, and one has lost its
// database: it lists nothing, and only records and the process table tell of its servers.
import { setTimeout as sleep } from "node:timers/promises";

const ANSWER_MS = 5;

export function simulateNodes({ nodes, users, live, hostile, bootId }) {
  const places = new Map(nodes.map((id, index) => [id, { hub: HUBS[index % HUBS.length], servers: [] }]));
  for (const user of live) places.get(user.node).servers.push(user);
  const processes = new Map(
    nodes.map((id) => [id, places.get(id).servers.map((user) => processOf(user, user.uid))]),
  );
  // Processes that call themselves another's server.
  for (const [index, { name }] of hostile.entries()) {
    const victim = live[(index * 7) % live.length];
    const node = nodes[index % nodes.length];
    processes.get(node).push(processOf({ ...victim, node, pid: 5000 + index }, users.get(name).uid + 1));
  }

  const verbs = {
    account({ name }) {
      const { uid } = users.get(name);
      return { account: { name, uid, gid: uid, home: `/home/${name}`, groups: [] } };
    },
    servers: (_, node) => ({ bootId, servers: processes.get(node) }),
  };
  return {
    hosts: { all: () => nodes.map((id) => ({ id })) },
    agent: {
      async call(node, verb, input) {
        await sleep(ANSWER_MS);
        return verbs[verb](input, node);
      },
    },
    keeper: { look: async (node) => (places.get(node).hub === "away" ? "absent" : "ready"), suspect() {} },
    hubApi: {
      async listServers(node) {
        await sleep(ANSWER_MS);
        const { hub, servers } = places.get(node);
        return hub === "lost"
          ? []
          : servers.map(({ name: user }) => ({ key: { user, server: "" }, ready: true }));
      },
    },
  };
}

const HUBS = ["ready", "ready", "away", "lost"];

function processOf({ name, node, pid, startTicks }, uid) {
  const baseUrl = `/n/${node}/user/${name}/`;
  return { user: name, uid, serverName: "", baseUrl, pid, startTicks, rssBytes: 1 };
}
