import { once } from 'node:events'
import { expect, test } from '@jest/globals'

import { ProtocolVersion } from '../src/index.ts'
import { connect, createServer, type DtlsSocket } from '../src/node/index.ts'

const count = 2_000
/** So many at a time: the kernel's buffer of one socket holds little more. */
const batch = 100
/** Milliseconds, of a machine that has much else to do. */
const patience = 500

test('two thousand sessions on one socket, all talking', async () => {
  const key = Buffer.from('one key for all will do')
  const versions = { min: ProtocolVersion.dtls12, max: ProtocolVersion.dtls12 }
  const server = createServer({ psk: { key: () => key }, versions, retransmitTimeout: patience }, (socket) =>
    socket.on('message', (data) => socket.send(data)),
  )
  const sockets: DtlsSocket[] = []
  try {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address()
    await inBatches(async (i) => {
      const psk = { identity: `device ${i}`, key }
      const cipherSuites = ['TLS_PSK_WITH_AES_128_GCM_SHA256'] as const
      const options = { host: '127.0.0.1', port, psk, versions, cipherSuites, retransmitTimeout: patience }
      const socket = connect(options)
      sockets[i] = socket
      await once(socket, 'secureConnect')
    })
    expect(server.sessions).toBe(count)
    const answers: string[] = []
    await inBatches(async (i) => {
      const socket = sockets[i]
      if (socket !== undefined) answers[i] = await ask(socket, `message ${i}`)
    })
    expect(answers).toEqual(Array.from({ length: count }, (_, i) => `message ${i}`))
  } finally {
    for (const socket of sockets) socket.close()
    server.close()
  }
  expect(server.sessions).toBe(0)
}, 120_000)

async function inBatches(act: (index: number) => Promise<void>): Promise<void> {
  for (let first = 0; first < count; first += batch)
    await Promise.all(Array.from({ length: batch }, (_, i) => act(first + i)))
}

/** Says it again until it is answered, as whoever uses datagrams must. */
async function ask(socket: DtlsSocket, text: string): Promise<string> {
  const answer = once(socket, 'message')
  socket.send(text)
  const again = setInterval(() => socket.send(text), patience)
  try {
    return String((await answer)[0])
  } finally {
    clearInterval(again)
  }
}
