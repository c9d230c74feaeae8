import { describe, expect, test } from '@jest/globals'

import { ChannelsPair } from '../support/channels-pair.ts'

describe('as many channels as there are streams', () => {
  test('can be opened and closed, and leave nothing behind; their ids are free again', () => {
    const pair = new ChannelsPair({ latency: 1 }).connect()
    const sides = [pair.client, pair.server]
    // 65,535 streams at first: the even ids are the client's, the odd ones the server's.
    for (const counts of [
      [32_768, 32_767],
      [100, 100],
    ]) {
      const before = sides.map(({ incoming }) => incoming.length)
      sides.forEach(({ channels }, side) =>
        channels.batch(pair.now, () => {
          for (let i = 0; i < counts[side]!; i++) channels.open(pair.now, {})
        }),
      )
      pair.runUntil(() => sides.every(({ incoming }, i) => incoming.length === before[i]! + counts[1 - i]!))
      if (counts[0] === 32_768)
        for (const { channels } of sides) expect(() => channels.open(pair.now, {})).toThrow('taken')
      pair.client.channels.batch(pair.now, () => {
        for (const channel of [...pair.client.channels.channels])
          pair.client.channels.close(pair.now, channel)
      })
      pair.runUntil(() => sides.every(({ channels }) => [...channels.channels].length === 0))
    }
    expect(sides.flatMap(({ closed }) => closed)).toEqual([])
  })
})
