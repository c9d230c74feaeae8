import { afterAll, beforeAll, describe, test } from '@jest/globals'

import { startProcesses, startServers } from '../support/fleet.ts'
import { hasRedis, RedisServer } from '../support/redis-server.ts'
import { describeConformance } from './suite.ts'

const describeHere = hasRedis ? describe : describe.skip

describeHere('channels in Redis (skipped where redis-server is absent)', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await RedisServer.start()
  })
  afterAll(() => redis.stop())

  describeConformance('one server', (options) => startServers(1, redis.url, options))
  describeConformance('three servers', (options) => startServers(3, redis.url, options))
  describeConformance('two processes', (options) => startProcesses(2, redis.url, options))
  describeConformance('five processes', (options) => startProcesses(5, redis.url, options))
})

if (!hasRedis) test.skip('redis-server is absent', () => {})
