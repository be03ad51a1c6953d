import type { Config } from "../config.ts";
import { createAgentInstalls } from "../nodes/upkeep/agent-installs.ts";
import type { NodeId } from "../model.ts";
import type { NodeEvents } from "../nodes/cluster/cluster.ts";
import { createProvisioner } from "../nodes/ssh/io/ssh-provisioner.ts";
import { createLoadSampler, type LoadSampler } from "../nodes/load/load-sampler.ts";
import { AGENT_DIRECTORY } from "./agent-directory.ts";
import type { NodeReach } from "./node-reach.ts";

/** Samples the load of every node; one that turns out to have no agent gets it. */
export function composeSampler(
  config: Config,
  reach: NodeReach,
  events: Pick<NodeEvents, "sampled" | "lost">,
): LoadSampler {
  const specOf = reach.hosts.find;
  const provisioner = createProvisioner({ ...reach, specOf }, { directory: AGENT_DIRECTORY });
  const installs = createAgentInstalls(
    {
      ...reach,
      install: (node, signal) => provisioner.provision(node, { dryRun: false }, signal),
      onInstalled: (node) => {
        sampler.retryNow(node);
      },
    },
    { againMs: INSTALL_AGAIN_MS },
  );
  const heard = {
    ...events,
    lost(node: NodeId, cause: unknown) {
      events.lost(node, cause);
      installs.heed(node, cause);
    },
  };
  const sampler = createLoadSampler({ ...reach, events: heard }, { everyMs: config.placement.sample_every });
  return {
    ...sampler,
    async stop() {
      await Promise.all([installs.stop(), sampler.stop()]);
    },
  };
}

/** A node whose agent could not be installed is tried again after this. */
const INSTALL_AGAIN_MS = 600_000;
