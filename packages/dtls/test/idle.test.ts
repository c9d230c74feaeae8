import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { monotonicNow } from '@purertc/bytes/node'
import { nodeCrypto } from '@purertc/crypto/node'

import { DtlsSocket, type Transport } from '../src/node/index.ts'
import { clientCertificate, serverCertificate } from './pair.ts'

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

/** Two sockets without a network between them, on a clock that stands still until it is told. */
function meet(idleTimeout: number): { client: DtlsSocket; server: DtlsSocket } {
  const queue: (() => void)[] = []
  const carry = (to: () => DtlsSocket): Transport => ({
    send: (datagram) => {
      const copy = datagram.slice()
      queue.push(() => to().receive(copy))
    },
    rescheduled: () => undefined,
    connected: () => undefined,
    released: () => undefined,
  })
  const remote = { address: '192.0.2.1', port: 5684 }
  const common = { crypto: nodeCrypto, cookie: 'verified-path' } as const
  const client: DtlsSocket = new DtlsSocket(
    {
      ...common,
      role: 'client',
      certificate: clientCertificate,
      verify: { fingerprints: [serverCertificate.fingerprint()] },
    },
    remote,
    carry(() => server),
  )
  const server: DtlsSocket = new DtlsSocket(
    {
      ...common,
      role: 'server',
      certificate: serverCertificate,
      verify: { fingerprints: [clientCertificate.fingerprint()] },
    },
    remote,
    carry(() => client),
    null,
    { idleTimeout },
  )
  deliverAll = () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) next()
  }
  client.start()
  deliverAll()
  return { client, server }
}

let deliverAll: () => void = () => undefined

/** Lets time pass for one socket. */
function pass(socket: DtlsSocket, ms: number): void {
  jest.advanceTimersByTime(ms)
  if (socket.deadline <= monotonicNow()) socket.expire(monotonicNow())
  deliverAll()
}

describe('time without a message', () => {
  test('closes a socket that says so, and its peer hears of it', () => {
    const { client, server } = meet(1_000)
    expect(server.session).not.toBeNull()
    const events: string[] = []
    server.on('timeout', () => events.push('timeout'))
    client.on('close', ({ kind }) => events.push(kind))
    pass(server, 900)
    client.send('still here')
    deliverAll()
    pass(server, 900)
    expect(events).toEqual([])
    server.send('and so am I')
    deliverAll()
    pass(server, 999)
    expect(events).toEqual([])
    pass(server, 1)
    expect(events).toEqual(['timeout', 'close-notify'])
  })

  test('may be as long as it will where nobody cares', () => {
    const { client, server } = meet(Infinity)
    const closed = jest.fn()
    client.on('close', closed)
    for (let i = 0; i < 10; i++) pass(server, 3_600_000)
    expect(closed).not.toHaveBeenCalled()
    server.setIdleTimeout(1_000)
    pass(server, 1_000)
    expect(closed).toHaveBeenCalledTimes(1)
  })
})
