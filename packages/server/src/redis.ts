import { openRedis, type RedisOptions } from './adapters/redis/open-redis.ts'
import type { StoreSource } from './ports/store.ts'

export type { RedisOptions }

/** A Redis or Valkey server that any number of processes share. Needs the package `ioredis`. */
export const redisStore = (options: RedisOptions): StoreSource => ({
  kind: 'redis',
  open: (deps) => openRedis({ ...options, ...deps }),
})
