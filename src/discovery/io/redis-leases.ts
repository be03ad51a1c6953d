import type { Leases } from "../../cache-ports.ts";
import type { RedisConnection } from "./redis-connection.ts";

/**
 * Leases in Redis: one hash each, so that a cluster finds all of it in one place. Fencing numbers are at least Redis'
 * time in milliseconds, so that they grow on even after Redis has forgotten the last one.
 */
export function createRedisLeases({ key, call }: Pick<RedisConnection, "key" | "call">): Leases {
  async function run(script: string, name: string, ...args: readonly (string | number)[]): Promise<number> {
    return Number(await call((redis) => redis.eval(script, 1, key(`lease/${name}`), ...args)));
  }

  return {
    async acquire(name, holder, ttlMs) {
      const token = await run(ACQUIRE, name, holder, Math.ceil(ttlMs), FORGET_MS);
      return token === 0 ? undefined : token;
    },
    renew: async (name, token, ttlMs) => (await run(RENEW, name, token, Math.ceil(ttlMs), FORGET_MS)) === 1,
    async release(name, token) {
      await run(RELEASE, name, token);
    },
  };
}

/** Long after it is over a lease is forgotten; the time carries the numbers on. */
const FORGET_MS = 86_400_000;

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lease = redis.call('HMGET', KEYS[1], 'token', 'holder', 'until')
local last, until_ = tonumber(lease[1] or '0'), tonumber(lease[3] or '0')
`;

const ACQUIRE = `${NOW}
if until_ > now and lease[2] ~= ARGV[1] then return '0' end
local token = string.format('%.0f', math.max(last + 1, now))
redis.call('HSET', KEYS[1], 'token', token, 'holder', ARGV[1], 'until', string.format('%.0f', now + ARGV[2]))
redis.call('PEXPIRE', KEYS[1], ARGV[2] + ARGV[3])
return token
`;

const RENEW = `${NOW}
if until_ <= now or last ~= tonumber(ARGV[1]) then return '0' end
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + ARGV[2]))
redis.call('PEXPIRE', KEYS[1], ARGV[2] + ARGV[3])
return '1'
`;

const RELEASE = `${NOW}
if last == tonumber(ARGV[1]) then redis.call('HSET', KEYS[1], 'until', '0') end
return '1'
`;
