import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

import { afterEach, expect, jest, test } from '@jest/globals'
import { transportAddress } from '@purertc/stun'

import { eventually, stopClock } from '../../bytes/test/support/still-clock.ts'
import { createTurnClient, createTurnServer, type ServerLink } from '../src/node/index.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) close()
  await noSocketsBut(0)
})

function sockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => /UDP|TCP/i.test(kind)).length
}

/** What was open before: this process may have run other tests. */
const foreign = sockets()

/** Resolves once the system has closed all sockets of these tests but so many: a few turns of the event loop later. */
const noSocketsBut = (count: number): Promise<void> => eventually(() => sockets() <= foreign + count)

/** A port on which UDP and TCP are taken, and nothing is ever said. */
async function silentPort(): Promise<number> {
  const tcp = createServer((socket) => {
    socket.on('error', () => undefined).resume()
    open.push(() => socket.destroy())
  }).listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  const { port } = tcp.address() as { port: number }
  const udp = createSocket('udp4')
  const bound = once(udp, 'listening')
  udp.bind(port, '127.0.0.1')
  // A UDP port may be somebody's whose number is free in TCP.
  const isBound = await bound.then(
    () => true,
    () => false,
  )
  open.push(
    () => tcp.close(),
    () => udp.close(),
  )
  return isBound ? port : silentPort()
}

test.each(['turn:HOST', 'turn:HOST?transport=tcp', 'turns:HOST', 'turns:HOST?transport=udp'])(
  '%s that is silent: a signal gives it up at once, and no socket is left',
  async (template) => {
    const server = template.replace('HOST', `127.0.0.1:${await silentPort()}`)
    const controller = new AbortController()
    const { signal } = controller
    const client = createTurnClient({ server, username: 'ann', password: 'secret', signal })
    setTimeout(() => controller.abort(), 50)
    await expect(client).rejects.toMatchObject({ name: 'TurnError', code: 'cancelled' })
    // Two listen, and what they took has ended with its other end.
    await noSocketsBut(2)
    await expect(createTurnClient({ server, username: 'a', password: 'b', signal })).rejects.toMatchObject({
      code: 'cancelled',
    })
  },
)

test('a client whose server has died closes within two seconds, and leaves nothing', async () => {
  stopClock()
  const server = await createTurnServer({
    listen: [{ address: '127.0.0.1', port: 0 }],
    realm: 'example.org',
    authenticate: { ann: 'secret' },
  })
  const { port } = server.addresses[0] ?? transportAddress('0.0.0.0', 0)
  const client = await createTurnClient({
    server: `turn:127.0.0.1:${port}`,
    username: 'ann',
    password: 'secret',
  })
  await server.close()
  const closing = client.close()
  jest.advanceTimersByTime(2_000)
  await closing
  await noSocketsBut(0)
})

test('a link of your own is closed too', async () => {
  let isClosed = false
  const link: ServerLink = {
    isReliable: false,
    start: () => undefined,
    send: () => undefined,
    close: () => {
      isClosed = true
      return Promise.resolve()
    },
  }
  const controller = new AbortController()
  const client = createTurnClient({
    server: 'turn:198.51.100.1',
    username: 'ann',
    password: 'secret',
    link,
    signal: controller.signal,
  })
  controller.abort()
  await expect(client).rejects.toMatchObject({ code: 'cancelled' })
  expect(isClosed).toBe(true)
})
