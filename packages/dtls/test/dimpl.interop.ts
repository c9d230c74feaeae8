import { createPrivateKey } from 'node:crypto'
import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { fromUtf8, toUtf8 } from '@purertc/bytes'
import { Alarm, monotonicNow } from '@purertc/bytes/node'
import type { KeyExchangeGroup } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'

import { DtlsAssociation, type DtlsConfig, type DtlsSession, ProtocolVersion } from '../src/index.ts'
import { Endpoints } from './endpoints.ts'
import { describeWith, freePort, type Program, Programs, Workshop } from './foreign.ts'
import { buildPeer, toolOf } from './peers/build.ts'

const { dtls12, dtls13 } = ProtocolVersion
const names = { [dtls12]: '1.2', [dtls13]: '1.3' } as const
const groups: Readonly<Record<string, KeyExchangeGroup>> = { x25519: 'x25519', p256: 'p-256', p384: 'p-384' }

/** A server for the first that comes, whose address is taken on trust. */
class OneClientServer {
  readonly association: DtlsAssociation
  readonly connected: Promise<DtlsSession>
  readonly #udp = createSocket('udp4')
  readonly #alarm = new Alarm((now) => {
    this.association.handleTimeout(now)
    this.#alarm.set(this.association.nextTimeout)
  })
  #client: RemoteInfo | null = null
  #received = ''
  #watch: () => void = () => undefined

  constructor(config: Omit<DtlsConfig, 'role' | 'crypto'>) {
    let connected: (session: DtlsSession) => void = () => undefined
    this.connected = new Promise((resolve) => (connected = resolve))
    this.association = new DtlsAssociation(
      { ...config, role: 'server', crypto: nodeCrypto, cookie: 'verified-path' },
      {
        transmit: (datagram) => {
          if (this.#client !== null)
            this.#udp.send(Buffer.from(datagram), this.#client.port, this.#client.address)
        },
        connected,
        received: (_now, data) => {
          this.#received += fromUtf8(data)
          this.#watch()
        },
        closed: () => this.#alarm.clear(),
      },
    )
    this.#udp.on('message', (datagram, client) => {
      this.#client = client
      this.association.handleDatagram(monotonicNow(), datagram)
      this.#alarm.set(this.association.nextTimeout)
    })
  }

  async listen(): Promise<number> {
    this.#udp.bind(0, '127.0.0.1')
    await once(this.#udp, 'listening')
    return this.#udp.address().port
  }

  async receives(text: string): Promise<void> {
    while (!this.#received.includes(text)) await new Promise<void>((resolve) => (this.#watch = resolve))
  }

  close(): void {
    this.association.close(monotonicNow())
    this.#udp.close()
  }
}

/** The Rust crate dimpl, a stack of its own: DTLS 1.2 and 1.3. */
describeWith(toolOf.dimpl, 'dimpl', () => {
  const workshop = new Workshop()
  const ours = workshop.makeCertificate('ours')
  const theirs = workshop.makeCertificate('theirs')
  const der = { certificate: `${theirs.certificateFile}.der`, key: `${theirs.keyFile}.der` }
  const endpoints = new Endpoints()
  const programs = new Programs()
  let peer = ''

  beforeAll(() => {
    peer = buildPeer('dimpl')
    writeFileSync(der.certificate, theirs.certificate.der)
    const key = createPrivateKey(readFileSync(theirs.keyFile, 'utf8'))
    writeFileSync(der.key, key.export({ type: 'pkcs8', format: 'der' }))
  }, 600_000)
  afterAll(() => workshop.remove())

  const run = (role: string, port: number, version: string, mtu = 1_200, group = 'any'): Program => {
    const how = [role, `127.0.0.1:${port}`, version, String(mtu), group, der.certificate, der.key]
    return programs.run(peer, ...how)
  }
  const common = {
    certificate: ours.certificate,
    verify: { fingerprints: [theirs.certificate.fingerprint()] },
    versions: { min: dtls12, max: dtls13 },
  }

  async function asServer(options: {
    version: '1.2' | '1.3' | 'auto'
    mtu?: number
    group?: string
    ours?: object
  }): Promise<DtlsSession> {
    const port = await freePort()
    const server = run('server', port, options.version, options.mtu, options.group)
    await server.says(/listening/)
    const socket = endpoints.dial(port, { ...common, ...options.ours })
    const [session] = (await once(socket, 'secureConnect')) as [DtlsSession]
    socket.send('quiet please')
    const [answer] = (await once(socket, 'message')) as [Buffer]
    expect(answer.toString()).toBe('QUIET PLEASE')
    socket.send('bye')
    await once(socket, 'close')
    return session
  }

  async function asClient(options: {
    version: '1.2' | '1.3' | 'auto'
    mtu?: number
    group?: string
    ours?: object
  }): Promise<DtlsSession> {
    const server = endpoints.keep(new OneClientServer({ ...common, ...options.ours }))
    const client = run('client', await server.listen(), options.version, options.mtu, options.group)
    const session = await server.connected
    await server.receives('hello')
    server.association.send(monotonicNow(), toUtf8('bye'))
    await client.says(/closed/)
    return session
  }

  describe.each([
    ['server', asServer],
    ['client', asClient],
  ] as const)('as a %s', (_role, meet) => {
    test.each([dtls12, dtls13] as const)('of version %i', async (version) => {
      const session = await meet({ version: names[version] })
      expect(session.version).toBe(version)
    })

    test('of either version, takes 1.3', async () => {
      const session = await meet({ version: 'auto' })
      expect(session.version).toBe(dtls13)
    })

    test.each(Object.entries(groups))('with %s alone', async (name, group) => {
      const session = await meet({ version: '1.3', group: name })
      expect(session.group?.name).toBe(group)
    })

    test('over a narrow path', async () => {
      const session = await meet({ version: '1.3', mtu: 300, ours: { mtu: 300 } })
      expect(session.version).toBe(dtls13)
    })

    test('with the hybrid group offered, which it does not know', async () => {
      const session = await meet({ version: '1.3', ours: { groups: ['x25519mlkem768', 'x25519'] } })
      expect(session.group?.name).toBe('x25519')
    })
  })
})
