import { ReplyError } from "ioredis";
import { AppError } from "../../errors.ts";
import { withoutPasswords } from "../decide/redis-place.ts";

/** Whatever keeps Redis from doing its work, as STORE_UNAVAILABLE; what was asked of it is not repeated. */
export function unavailable(cause: unknown): AppError {
  const words = withoutPasswords(cause instanceof Error ? cause.message : String(cause));
  const isRefusal = cause instanceof ReplyError;
  const message = isRefusal
    ? `the cache (Redis) refuses: ${words}`
    : `the cache (Redis) does not answer: ${words}`;
  return new AppError("STORE_UNAVAILABLE", message, { remedy: isRefusal ? remedyFor(words) : START_IT });
}

const START_IT = "Look whether Redis runs where the section `cache` says, and accepts the router.";

function remedyFor(words: string): string {
  return REMEDIES.find(([code]) => words.startsWith(code))?.[1] ?? START_IT;
}

const REMEDIES: readonly (readonly [code: string, remedy: string])[] = [
  ["OOM", "Give Redis more memory (`maxmemory`)."],
  ["READONLY", "This is a replica: name the primary, or let sentinels find it (`cache.sentinels`)."],
  ["NOAUTH", "Redis wants a password: `cache.password_file`."],
  ["WRONGPASS", "The password, or `cache.username`, is not the one Redis knows."],
  ["NOPERM", "Redis' ACL must let this user run the commands docs/cache.md lists."],
  ["MOVED", "This is a cluster: name its nodes as `cache.cluster`."],
  ["CLUSTERDOWN", "The cluster misses nodes: see `redis-cli cluster info`."],
];
