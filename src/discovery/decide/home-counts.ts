import type { HomeCounts, HomeReading } from "../../home-model.ts";
import type { NodeId, UserName } from "../../model.ts";
import { owesRecord } from "../../record-age.ts";
import { recordOn } from "./home-evidence.ts";
import type { Report, Seen } from "./report.ts";

/** How it is with homes, in numbers; `serversWithoutRecord` have run for a while, and their owner's home can be read. */
export function countHomes(
  reports: ReadonlyMap<NodeId, Report>,
  homes: ReadonlyMap<UserName, HomeReading>,
): HomeCounts {
  const read = [...homes.values()].filter(({ kind }) => kind === "read").length;
  const unrecorded = [...reports].flatMap(([node, report]) => {
    const servers = report.kind === "answered" ? report.servers : [];
    return servers.filter((seen) => isUnrecorded(node, seen, homes.get(seen.key.user)));
  });
  return { read, unreadable: homes.size - read, serversWithoutRecord: unrecorded.length };
}

function isUnrecorded(node: NodeId, seen: Seen, home: HomeReading | undefined): boolean {
  if (home?.kind !== "read" || recordOn(home, node, seen.key) !== undefined) return false;
  return owesRecord(seen, home.atMs);
}
