import { describe, expect, test } from '@jest/globals'
import { Data, Lifetime, Method, XorPeerAddress } from '@purertc/stun'

import { TurnError } from '../src/index.ts'
import { ClientBench, otherPeer, peer, text } from './client-bench.ts'

describe('misuse and re-entrance', () => {
  const code = (value: string): Error =>
    expect.objectContaining({ name: 'TurnError', code: value }) as unknown as Error

  test('throws with a stable code', () => {
    const bench = new ClientBench()
    expect(() => bench.client.send(bench.now, peer, text('x'))).toThrow(code('not-allocated'))
    expect(() => bench.client.createPermission(bench.now, peer)).toThrow(TurnError)
    bench.allocate()
    expect(() => bench.client.allocate(bench.now)).toThrow(code('invalid-state'))
    expect(() => bench.client.send(bench.now, peer, new Uint8Array(65_456))).toThrow(code('too-large'))
    for (const bad of [
      { ...peer, address: 'example.org' },
      { ...peer, port: 65_536 },
      { ...peer, port: -1 },
      { ...peer, port: 1.5 },
    ]) {
      expect(() => bench.client.send(bench.now, bad, text('x'))).toThrow(code('invalid-peer'))
      expect(() => bench.client.bindChannel(bench.now, bad)).toThrow(code('invalid-peer'))
    }
    bench.permit()
    expect(() => bench.client.bindChannel(bench.now, { ...peer, port: NaN })).toThrow(code('invalid-peer'))
    expect(bench.sent).toHaveLength(0)
    for (const lifetime of [0, -1, 1.5, NaN, 2 ** 32])
      expect(() => new ClientBench({ lifetime })).toThrow(code('invalid-config'))
  })

  test('the host may send from allocated and close from received', () => {
    const bench = new ClientBench({ channels: 'manual' })
    bench.onAllocated = () => bench.client.send(bench.now, peer, text('hello'))
    bench.allocate()
    bench.succeed(bench.take())
    expect(bench.take().get(Data)).toEqual(text('hello'))
    bench.onReceived = () => bench.client.close(bench.now)
    bench.deliver(bench.indication().add(XorPeerAddress, peer).add(Data, text('x')))
    expect(bench.client.state).toBe('closing')
    expect(bench.take().get(Lifetime)).toBe(0)
  })

  test('closing while queued data is flushed stops the flush', () => {
    const bench = new ClientBench({ channels: 'manual' }).allocate()
    for (let i = 0; i < 5; i++) bench.client.send(bench.now, peer, text('x'))
    const request = bench.take()
    bench.onTransmit = () => bench.client.close(bench.now)
    bench.succeed(request)
    expect(bench.sent.map((bytes) => bytes[1])).toEqual([0x16, Method.refresh])
    expect(bench.client.state).toBe('closing')
  })

  test('closing while refreshes fall due stops them', () => {
    const bench = new ClientBench().allocate(3_600).permit().permit(otherPeer)
    bench.onTransmit = () => bench.client.close(bench.now)
    bench.advance(240_000)
    expect(bench.sent.splice(0).map((bytes) => bytes[1])).toEqual([Method.createPermission, Method.refresh])
    bench.advance(10_000)
    expect(bench.client.state).toBe('closed')
    expect(bench.client.nextTimeout).toBe(Infinity)
  })
})
