export { connectRedisStore, RedisStore, type RedisStoreOptions } from './redis-store.ts'
