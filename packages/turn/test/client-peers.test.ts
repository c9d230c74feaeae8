import { describe, expect, test } from '@jest/globals'
import {
  ChannelNumber,
  Data,
  MessageBuilder,
  MessageClass,
  Method,
  StunMessage,
  transportAddress,
  XorPeerAddress,
} from '@purertc/stun'

import { channelData, ClientBench, otherPeer, peer, text } from './client-bench.ts'

describe('permissions', () => {
  test('the first data waits for the permission and goes out in Send indications', () => {
    const bench = new ClientBench({ channels: 'manual' }).allocate()
    bench.client.send(bench.now, peer, text('one'))
    bench.client.send(bench.now, peer, text('two'))
    const request = bench.take()
    expect(request.method).toBe(Method.createPermission)
    expect(request.get(XorPeerAddress)).toEqual(peer)
    expect(bench.sent).toHaveLength(0)
    bench.succeed(request)
    for (const expected of ['one', 'two']) {
      const indication = bench.take()
      expect(indication.method).toBe(Method.send)
      expect(indication.class).toBe(MessageClass.indication)
      expect(indication.get(XorPeerAddress)).toEqual(peer)
      expect(indication.get(Data)).toEqual(text(expected))
    }
    expect(bench.sent).toHaveLength(0)
  })

  test('one permission serves all ports of an address', () => {
    const bench = new ClientBench({ channels: 'manual' }).allocate().permit()
    bench.client.send(bench.now, { ...peer, port: 9_999 }, text('x'))
    expect(bench.take().method).toBe(Method.send)
  })

  test('refreshed every four minutes, and asked for again at once after a silence', () => {
    const bench = new ClientBench().allocate(3_600).permit()
    bench.advance(240_000)
    bench.succeed(bench.take())
    bench.advance(240_000)
    expect(bench.take().method).toBe(Method.createPermission)
    bench.advance(39_500)
    expect(bench.sent).toHaveLength(7)
  })

  test('ends five minutes after the last answer: data from the peer is not heard any more', () => {
    const bench = new ClientBench().allocate(3_600).permit()
    bench.advance(299_999)
    const data = (): MessageBuilder => bench.indication().add(XorPeerAddress, peer).add(Data, text('x'))
    bench.deliver(data())
    expect(bench.received).toEqual([{ peer: '198.51.100.9:7000', text: 'x' }])
    bench.advance(1)
    bench.deliver(data())
    expect(bench.received).toHaveLength(1)
    expect(bench.client.discarded.snapshot()).toEqual({ 'no-permission': 1 })
  })

  test('403 drops what waits, tells the host, and is believed for five minutes', () => {
    const bench = new ClientBench().allocate(3_600)
    bench.client.send(bench.now, peer, text('x'))
    bench.refuse(bench.take(), 403)
    expect(bench.refused).toEqual([{ peer: '198.51.100.9:7000', code: 403 }])
    bench.client.send(bench.now, peer, text('y'))
    bench.client.createPermission(bench.now, peer)
    expect(bench.sent).toHaveLength(0)
    expect(bench.client.discarded.snapshot()).toEqual({ refused: 2 })
    bench.advance(300_000)
    bench.client.send(bench.now, peer, text('z'))
    expect(bench.take().method).toBe(Method.createPermission)
    expect(bench.client.state).toBe('allocated')
  })

  test('a request that is not answered drops what waited; the next data asks again', () => {
    const bench = new ClientBench().allocate()
    bench.client.send(bench.now, peer, text('x'))
    bench.advance(39_500)
    expect(bench.client.discarded.snapshot()).toEqual({ refused: 1 })
    bench.sent.length = 0
    bench.client.send(bench.now, peer, text('y'))
    bench.succeed(bench.take())
    expect(bench.sent.length).toBeGreaterThan(0)
  })

  test('what waits is bounded over all peers', () => {
    const bench = new ClientBench({ maxPendingBytes: 1_000, channels: 'manual' }).allocate()
    for (let i = 0; i < 100; i++) bench.client.send(bench.now, i % 2 ? peer : otherPeer, new Uint8Array(100))
    expect(bench.client.discarded.snapshot()).toEqual({ 'queue-full': 90 })
    const requests = [bench.take(), bench.take()]
    for (const request of requests) bench.succeed(request)
    expect(bench.sent).toHaveLength(10)
    bench.client.send(bench.now, transportAddress('198.51.100.77', 1), new Uint8Array(1_000))
    expect(bench.client.discarded.total).toBe(90)
  })

  test.each([437, 441])('%i means that the allocation is lost', (code) => {
    const bench = new ClientBench().allocate()
    bench.client.createPermission(bench.now, peer)
    bench.refuse(bench.take(), code)
    expect(bench.events.at(-1)).toBe(`failed ${code}`)
  })
})

describe('channels', () => {
  test('bound with the first data, used from the answer on, rebound within ten minutes', () => {
    const bench = new ClientBench().allocate(3_600).permit()
    bench.client.send(bench.now, peer, text('one'))
    const bind = bench.take()
    expect(bind.method).toBe(Method.channelBind)
    expect(bind.get(ChannelNumber)).toBe(0x4000)
    expect(bind.get(XorPeerAddress)).toEqual(peer)
    expect(bench.take().method).toBe(Method.send)
    bench.client.send(bench.now, peer, text('two'))
    expect(bench.take().method).toBe(Method.send)
    bench.succeed(bind)
    bench.client.send(bench.now, peer, text('three'))
    expect(bench.takeBytes()).toEqual(channelData(0x4000, text('three')))
    bench.advance(540_000)
    const rebinds = bench.sent.map((bytes) => bytes[1]).filter((method) => method === Method.channelBind)
    expect(rebinds).toHaveLength(1)
    expect(bench.take().get(XorPeerAddress)).toEqual(peer)
  })

  test('every peer has a number of its own', () => {
    const bench = new ClientBench()
      .allocate()
      .bind()
      .bind(otherPeer)
      .bind({ ...peer, port: 7_001 })
    bench.client.send(bench.now, { ...peer, port: 7_001 }, text('x'))
    expect(bench.takeBytes()).toEqual(channelData(0x4002, text('x')))
  })

  test('binding a channel is a permission too', () => {
    const bench = new ClientBench().allocate().bind()
    bench.client.handleDatagram(bench.now, channelData(0x4000, text('hello')))
    expect(bench.received).toEqual([{ peer: '198.51.100.9:7000', text: 'hello' }])
  })

  test('a channel that is not answered for is wanted again, with the same number', () => {
    const bench = new ClientBench().allocate().permit()
    bench.client.bindChannel(bench.now, peer)
    bench.advance(39_500)
    bench.sent.length = 0
    bench.client.send(bench.now, peer, text('x'))
    expect(bench.take().get(ChannelNumber)).toBe(0x4000)
  })

  test('a refused channel leaves the peer to Send indications', () => {
    const bench = new ClientBench().allocate().permit()
    bench.client.bindChannel(bench.now, peer)
    bench.refuse(bench.take(), 508)
    expect(bench.refused).toEqual([{ peer: '198.51.100.9:7000', code: 508 }])
    bench.client.send(bench.now, peer, text('x'))
    expect(bench.take().method).toBe(Method.send)
    expect(bench.sent).toHaveLength(0)
  })

  test('in manual mode only by command', () => {
    const bench = new ClientBench({ channels: 'manual' }).allocate().permit()
    bench.client.send(bench.now, peer, text('x'))
    expect(bench.take().method).toBe(Method.send)
    expect(bench.sent).toHaveLength(0)
    bench.bind()
    bench.client.send(bench.now, peer, text('y'))
    expect(bench.takeBytes()).toEqual(channelData(0x4000, text('y')))
  })

  test('numbers end at 0x4fff; peers beyond are served with Send indications', () => {
    const bench = new ClientBench().allocate(3_600)
    for (let port = 1; port <= 4_096; port++) bench.bind({ ...peer, port })
    bench.client.send(bench.now, { ...peer, port: 4_096 }, text('x'))
    expect(bench.takeBytes().subarray(0, 2)).toEqual(Uint8Array.of(0x4f, 0xff))
    bench.client.send(bench.now, { ...peer, port: 4_097 }, text('x'))
    expect(bench.take().method).toBe(Method.send)
    expect(bench.sent).toHaveLength(0)
  })

  test('data on an unbound, a short or a foreign channel is not heard', () => {
    const bench = new ClientBench().allocate().bind()
    bench.client.handleDatagram(bench.now, channelData(0x4001, text('x')))
    bench.client.handleDatagram(bench.now, channelData(0x7fff, text('x')))
    bench.client.handleDatagram(bench.now, Uint8Array.of(0x40, 0, 0, 9, 1))
    bench.client.handleDatagram(bench.now, Uint8Array.of(0x40))
    expect(bench.received).toEqual([])
    expect(bench.client.discarded.snapshot()).toEqual({ 'unknown-channel': 4 })
    bench.client.handleDatagram(bench.now, Uint8Array.of(0x40, 0, 0, 1, 0x61, 0, 0, 0))
    bench.client.handleDatagram(bench.now, Uint8Array.of(0x40, 0, 0, 0))
    expect(bench.received.map(({ text: data }) => data)).toEqual(['a', ''])
  })

  test('data on a channel that was asked for is heard once the peer has a permission', () => {
    const bench = new ClientBench().allocate()
    bench.client.bindChannel(bench.now, peer)
    const bind = bench.take()
    bench.client.handleDatagram(bench.now, channelData(0x4000, text('early')))
    expect(bench.received).toEqual([])
    bench.permit()
    bench.client.handleDatagram(bench.now, channelData(0x4000, text('late')))
    expect(bench.received).toHaveLength(1)
    bench.succeed(bind)
  })
})

describe('Data indications', () => {
  test('from a peer without a permission are not heard', () => {
    const bench = new ClientBench().allocate().permit()
    bench.deliver(bench.indication().add(XorPeerAddress, otherPeer).add(Data, text('x')))
    bench.deliver(bench.indication().add(Data, text('x')))
    bench.deliver(bench.indication().add(XorPeerAddress, peer))
    expect(bench.received).toEqual([])
    expect(bench.client.discarded.snapshot()).toEqual({ 'no-permission': 1, malformed: 2 })
  })

  test('are not heard while the permission is but asked for', () => {
    const bench = new ClientBench().allocate()
    bench.client.createPermission(bench.now, peer)
    bench.deliver(bench.indication().add(XorPeerAddress, peer).add(Data, text('x')))
    expect(bench.received).toEqual([])
  })
})

describe('answers', () => {
  test('are told, each once, with whom they were about; challenges and forgeries are none', () => {
    const bench = new ClientBench().allocate().permit().bind(otherPeer)
    bench.client.createPermission(bench.now, { ...peer, address: '198.51.100.11' })
    const request = bench.take()
    bench.deliverSigned(MessageBuilder.error(request, 403), 'wrong')
    bench.refuse(request, 403)
    bench.advance(240_000)
    for (const sent of bench.sent.splice(0)) bench.succeed(StunMessage.decode(sent)!)
    bench.client.close(bench.now)
    bench.succeed(bench.take())
    const { allocate, createPermission, channelBind, refresh } = Method
    expect(bench.answers.slice(0, 4)).toEqual([
      `${allocate} - ok`,
      `${createPermission} 198.51.100.9:7000 ok`,
      `${channelBind} 198.51.100.10:7000 ok`,
      `${createPermission} 198.51.100.11:7000 403`,
    ])
    // The permissions were renewed, and the allocation given back.
    expect(bench.answers.slice(4, -1)).toContain(`${createPermission} 198.51.100.9:7000 ok`)
    expect(bench.answers.at(-1)).toBe(`${refresh} - ok`)
  })
})
