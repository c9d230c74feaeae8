import { once } from 'node:events'

import { expect, test } from '@jest/globals'
import { formatAddress } from '@purertc/stun'

import { logEvents } from '../src/node/bin/event-log.ts'
import { relayedOf, startClient, startServer } from './loopback.ts'

test('the log has a line for each allocation that begins or ends, and for each error', async () => {
  const server = await startServer()
  const lines: unknown[] = []
  logEvents(
    server,
    (line) => lines.push(JSON.parse(line)),
    () => new Date(0),
  )
  const deleted = once(server, 'allocationDeleted')
  const client = await startClient(server)
  const relayed = [formatAddress(relayedOf(client))]
  await client.close()
  await deleted
  server.emit('error', new Error('no more sockets'))

  const time = '1970-01-01T00:00:00.000Z'
  const place = {
    time,
    user: 'ann',
    client: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    transport: 'udp',
    relayed,
  }
  const nothing = { datagrams: 0, bytes: 0 }
  expect(lines).toEqual([
    { event: 'allocated', ...place },
    { event: 'deallocated', ...place, reason: 'released', toPeers: nothing, toClient: nothing },
    { time, event: 'error', message: 'no more sockets' },
  ])
})
