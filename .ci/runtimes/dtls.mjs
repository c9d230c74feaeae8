/** DTLS over UDP sockets: certificates in both versions, a shared key, and a server that is not whom it claims to be. */
import assert from 'node:assert/strict'
import { once } from 'node:events'

import { ProtocolVersion } from '@purertc/dtls'
import { connect, createServer, generateCertificate } from '@purertc/dtls/node'

const certificate = await generateCertificate()
const verify = { fingerprints: [certificate.fingerprint()] }
for (const version of [ProtocolVersion.dtls12, ProtocolVersion.dtls13]) {
  const versions = { min: version, max: version }
  await echo({ certificate, versions }, { verify, versions })
}

const key = new Uint8Array(16).fill(7)
await echo({ psk: { key: () => key } }, { psk: { identity: 'lamp', key } })

const other = await generateCertificate()
await assert.rejects(echo({ certificate: other }, { verify }), /not the one that was expected/)

async function echo(serverOptions, clientOptions) {
  const server = createServer(serverOptions, (session) => {
    session.on('message', (data) => session.send(data))
    session.on('error', () => undefined) // the client says why it left
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect({ host: '127.0.0.1', port: server.address().port, ...clientOptions })
  try {
    await once(socket, 'secureConnect')
    socket.send('hello')
    const [data] = await once(socket, 'message')
    assert.equal(data.toString(), 'hello')
  } finally {
    socket.close()
    server.close()
  }
}
