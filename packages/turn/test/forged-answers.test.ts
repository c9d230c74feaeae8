import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import { longTermKey, MessageBuilder, MessageClass, Method, Nonce, Realm } from '@purertc/stun'

import { ClientBench, peer } from './client-bench.ts'

const key = longTermKey(nodeCrypto, 'ann', 'example.org', 'secret')

describe('answers that are not believed', () => {
  test('a success to a request without credentials', () => {
    const bench = new ClientBench()
    bench.client.allocate(bench.now)
    const request = bench.take()
    expect(bench.deliver(bench.allocation(request))).toBe(true)
    expect(bench.deliverSigned(bench.allocation(request))).toBe(true)
    expect(bench.client.discarded.snapshot()).toEqual({ unauthenticated: 2 })
    bench.challenge(request)
    expect(bench.client.state).toBe('allocating')
  })

  test('unsigned, wrongly signed and altered answers; the right one is still heard', () => {
    const bench = new ClientBench()
    bench.client.allocate(bench.now)
    bench.challenge(bench.take())
    const request = bench.take()
    bench.deliver(bench.allocation(request))
    bench.deliver(MessageBuilder.error(request, 486))
    bench.deliver(MessageBuilder.error(request, 400))
    bench.deliverSigned(bench.allocation(request), 'guess')
    const altered = bench.allocation(request).sign(nodeCrypto, key).build()
    altered[27]! ^= 1
    bench.client.handleDatagram(bench.now, altered)
    expect(bench.client.discarded.snapshot()).toEqual({ unauthenticated: 5 })
    expect(bench.events).toEqual([])
    bench.deliverSigned(bench.allocation(request))
    expect(bench.client.state).toBe('allocated')
  })

  test('nothing but forgeries is reported as such', () => {
    const bench = new ClientBench()
    bench.client.allocate(bench.now)
    bench.challenge(bench.take())
    bench.deliver(bench.allocation(bench.take()))
    bench.advance(40_000)
    expect(bench.error?.code).toBe('unauthenticated')
  })

  test('401 and 438 that nobody signed, once the key is proven: the allocation lives on', () => {
    const bench = new ClientBench().allocate()
    bench.client.createPermission(bench.now, peer)
    const request = bench.take()
    bench.challenge(request)
    bench.deliver(MessageBuilder.error(request, 401).add(Realm, 'evil.example').add(Nonce, 'n'))
    bench.deliver(MessageBuilder.error(request, 438))
    expect(bench.sent).toEqual([])
    expect(bench.client.discarded.snapshot()).toEqual({ unauthenticated: 3 })
    let pending = request
    for (let i = 0; i < 10; i++) {
      bench.deliver(MessageBuilder.error(pending, 438).add(Nonce, `forged ${i}`))
      if (bench.sent.length > 0) pending = bench.take()
    }
    expect(pending.get(Nonce)).toBe('forged 3')
    bench.succeed(pending)
    expect(bench.client.nextTimeout).toBe(bench.now + 240_000)
    expect(bench.events).toHaveLength(1)
  })

  test('another transaction, another method, requests and other protocols are not ours', () => {
    const bench = new ClientBench().allocate()
    bench.client.createPermission(bench.now, peer)
    const { transactionId } = bench.take()
    const notOurs = [
      MessageBuilder.success({ method: Method.binding, transactionId }),
      MessageBuilder.success({ method: Method.createPermission, transactionId: new Uint8Array(12) }),
      new MessageBuilder(Method.binding, MessageClass.request, transactionId),
      new MessageBuilder(Method.send, MessageClass.indication, transactionId),
    ]
    for (const message of notOurs) expect(bench.deliverSigned(message)).toBe(false)
    expect(bench.client.handleDatagram(bench.now, Uint8Array.of(22, 254, 253, 0))).toBe(false)
    expect(bench.client.handleDatagram(bench.now, new Uint8Array(0))).toBe(false)
    expect(bench.client.discarded.total).toBe(0)
  })

  test('an error response without a code does not end the transaction', () => {
    const bench = new ClientBench().allocate()
    bench.client.createPermission(bench.now, peer)
    const request = bench.take()
    bench.deliverSigned(new MessageBuilder(request.method, MessageClass.errorResponse, request.transactionId))
    expect(bench.client.discarded.snapshot()).toEqual({ malformed: 1 })
    bench.succeed(request)
    expect(bench.client.nextTimeout).toBe(bench.now + 240_000)
  })
})
