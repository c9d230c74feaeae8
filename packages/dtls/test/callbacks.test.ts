import { describe, expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import { clientCertificate, End, Pair, serverCertificate } from './pair.ts'

const now = Millis(1_000)

describe('a host that calls back', () => {
  test.each(Array.from({ length: 4 }, (_, count) => count))('closes while datagram %i leaves', (count) => {
    for (const role of ['client', 'server'] as const) {
      const pair = new Pair({ client: { mtu: 200 }, server: { mtu: 200, cookie: 'verified-path' } })
      const end = pair[role]
      const { send } = end
      let sent = 0
      end.send = (datagram) => {
        if (sent++ === count) end.association.close(pair.sim.now)
        send(datagram)
      }
      pair.handshake()
      expect(end.reason).toEqual({ kind: 'local' })
      expect(end.association.state).toBe('closed')
      expect(end.session).toBeNull()
      expect(end.association.nextTimeout).toBe(Infinity)
      // What was leaving, and the goodbye.
      expect(sent).toBe(count + 2)
    }
  })

  test('as a server closes when it is told connected, its client has still seen the handshake complete', () => {
    const pair = new Pair()
    pair.server.onConnected = () => pair.server.association.close(pair.sim.now)
    pair.handshake().sim.advance(100)
    expect(pair.client.session).not.toBeNull()
    expect(pair.client.reason).toEqual({ kind: 'close-notify' })
  })

  test.each(['connected', 'received', 'closed'] as const)('closes when it is told %s', (moment) => {
    const pair = new Pair()
    const close = (): void => pair.client.association.close(pair.sim.now)
    const closed = pair.client.closed.bind(pair.client)
    if (moment === 'connected') pair.client.onConnected = close
    if (moment === 'received') pair.client.onReceived = close
    if (moment === 'closed')
      pair.client.closed = (reason) => {
        closed(reason)
        close()
      }
    pair.handshake()
    if (moment !== 'connected') {
      pair.server.association.send(pair.sim.now, Uint8Array.of(1))
      pair.server.association.send(pair.sim.now, Uint8Array.of(2))
      pair.sim.advance(50)
      if (moment === 'closed') close()
    }
    pair.sim.advance(100)
    expect(pair.client.association.state).toBe('closed')
    expect(pair.client.messages).toHaveLength(moment === 'received' ? 1 : moment === 'closed' ? 2 : 0)
    expect(pair.server.reason).toEqual({ kind: 'close-notify' })
  })
})

describe('two ends without a network between them', () => {
  /** Each transmit is the other's handleDatagram, at once, on the borrowed bytes. */
  function joined(): { client: End; server: End } {
    const common = { crypto: nodeCrypto, cookie: 'verified-path' as const }
    const client = new End({
      ...common,
      role: 'client',
      certificate: clientCertificate,
      verify: { fingerprints: [serverCertificate.fingerprint()] },
    })
    const server = new End({
      ...common,
      role: 'server',
      certificate: serverCertificate,
      verify: { fingerprints: [clientCertificate.fingerprint()] },
    })
    client.send = (datagram) => server.association.handleDatagram(now, datagram)
    server.send = (datagram) => client.association.handleDatagram(now, datagram)
    return { client, server }
  }

  test('complete a handshake in one call', () => {
    const { client, server } = joined()
    const order: string[] = []
    client.onConnected = () => client.association.send(now, Uint8Array.of(1))
    server.onConnected = () => order.push('connected')
    server.onReceived = () => order.push('received')
    client.association.connect(now)
    expect([client.association.state, server.association.state]).toEqual(['connected', 'connected'])
    expect(order).toEqual(['connected', 'received'])
  })

  test('may talk within each other’s callbacks, and what they were lent stays as it was', () => {
    const { client, server } = joined()
    client.association.connect(now)
    const seen: number[] = []
    const bounce =
      (end: End): ((data: Uint8Array) => void) =>
      (data) => {
        const [first = 0] = data
        if (first < 20) end.association.send(now, new Uint8Array(50).fill(first + 1))
        expect(data.every((byte) => byte === first)).toBe(true)
        seen.push(first)
      }
    client.onReceived = bounce(client)
    server.onReceived = bounce(server)
    client.association.send(now, new Uint8Array(50).fill(1))
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => 20 - i))
  })

  test('close each other', () => {
    const { client, server } = joined()
    client.association.connect(now)
    client.association.close(now)
    expect(client.reason).toEqual({ kind: 'local' })
    expect(server.reason).toEqual({ kind: 'close-notify' })
  })
})
