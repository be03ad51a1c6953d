import { fileURLToPath } from "node:url";

/** What `provision` installs on nodes. */
export const AGENT_DIRECTORY = fileURLToPath(new URL("../nodes/remote", import.meta.url));
