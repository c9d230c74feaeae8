import { describe, expect, test } from '@jest/globals'

import { ChannelsPair } from '../support/channels-pair.ts'

describe('as many channels as there are streams', () => {
  test('can be opened and closed, and leave nothing behind; their ids are free again', () => {
    const pair = new ChannelsPair({ latency: 1 }).connect()
    const { client, server } = pair
    const count = 32_768
    for (let round = 0; round < 2; round++) {
      client.channels.batch(pair.now, () => {
        for (let i = 0; i < count; i++) client.channels.open(pair.now, {})
      })
      pair.runUntil(() => server.incoming.length === (round + 1) * count)
      expect(() => client.channels.open(pair.now, {})).toThrow('taken')
      client.channels.batch(pair.now, () => {
        for (const channel of [...client.channels.channels]) client.channels.close(pair.now, channel)
      })
      pair.runUntil(() => [...client.channels.channels, ...server.channels.channels].length === 0)
    }
    expect([...client.closed, ...server.closed]).toEqual([])
  })
})
