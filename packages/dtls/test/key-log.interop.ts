import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from '@jest/globals'

import { connect } from '../src/node/index.ts'
import { describeWith, freePort, Program, Workshop } from './foreign.ts'

describeWith('openssl', 'The log of keys', () => {
  const workshop = new Workshop()
  const ours = workshop.makeCertificate('ours')
  const theirs = workshop.makeCertificate('theirs')
  afterAll(() => workshop.remove())

  test('holds what OpenSSL logs of the same handshake', async () => {
    const port = await freePort()
    const file = `${theirs.keyFile}.log`
    const server = new Program('openssl', [
      ...['s_server', '-dtls1_2', '-accept', `127.0.0.1:${port}`, '-keylogfile', file],
      ...['-cert', theirs.certificateFile, '-key', theirs.keyFile],
    ])
    const lines: string[] = []
    try {
      await server.says(/ACCEPT/)
      const socket = connect({
        host: '127.0.0.1',
        port,
        certificate: ours.certificate,
        verify: { fingerprints: [theirs.certificate.fingerprint()] },
        keyLog: (line) => lines.push(line),
      })
      await once(socket, 'secureConnect')
      socket.close()
    } finally {
      await server.stop()
    }
    const logged = readFileSync(file, 'utf8').split('\n')
    expect(lines).toHaveLength(1)
    expect(logged.map((line) => line.toLowerCase())).toContain(lines[0]?.toLowerCase())
  })
})
