import { describe, expect, test } from '@jest/globals'

import { negotiate, SimWorld } from './support/sim-environment.ts'

const invalidState = expect.objectContaining({ name: 'InvalidStateError' })

describe('a datagram channel', () => {
  test('carries datagrams, and is announced where it was not asked for', async () => {
    const world = new SimWorld()
    const [alice, bob] = world.pair()
    const channel = alice.createDatagramChannel()
    expect(alice.createDatagramChannel()).toBe(channel)
    expect(() => channel.send('early')).toThrow(invalidState)
    expect(() => alice.createDataChannel('x')).toThrow(invalidState)
    const received: string[] = []
    bob.ondatagramchannel = ({ channel: remote }) => {
      remote.onopen = () => remote.send('from bob')
      remote.onmessage = ({ data }) => received.push(Buffer.from(data as ArrayBuffer).toString())
    }
    channel.onmessage = ({ data }) => received.push(Buffer.from(data as ArrayBuffer).toString())
    channel.onopen = () => channel.send('from alice')
    await negotiate(alice, bob)
    expect(alice.localDescription?.sdp).toContain('m=application 9 UDP/DTLS octet-stream')
    await world.until(() => received.length === 2)
    expect(received.sort()).toEqual(['from alice', 'from bob'])
    expect(() => channel.send(new Uint8Array(16_385))).toThrow(TypeError)
    expect(() => bob.createDataChannel('x')).toThrow(invalidState)
    let isClosed = false
    channel.onclose = () => (isClosed = true)
    bob.close()
    await world.until(() => isClosed)
    expect(channel.readyState).toBe('closed')
  })
})
