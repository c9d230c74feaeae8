import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Alarm, monotonicNow } from '@purertc/bytes/node'
import { nodeCrypto } from '@purertc/crypto/node'

import {
  ErrorCode,
  StunClient,
  type StunCredentials,
  type StunError,
  StunMessage,
  type TransportAddress,
  transportAddress,
} from '../src/index.ts'
import {
  createStunServer,
  discoverMappedAddress,
  discoverNatBehavior,
  NodeStunClient,
  type NodeStunServer,
} from '../src/node/index.ts'
import { UdpSocket } from '../src/node/udp-socket.ts'
import { outputOf, runUntil, Turnserver, whyNot } from './coturn.ts'

const account = { kind: 'long-term', username: 'user', password: 'secret' } as const

suite('our client and coturn’s server', ['turnserver'], () => {
  test('an open server tells the address, with FINGERPRINT and without', async () => {
    const server = await Turnserver.start('--no-auth')
    for (const fingerprint of [true, false]) {
      const mapped = await discoverMappedAddress(`127.0.0.1:${server.port}`, {
        fingerprint,
        software: 'PureRTC',
      })
      expect(mapped).toEqual({ family: 'IPv4', address: '127.0.0.1', port: expect.any(Number) })
    }
    await server.stop()
  })

  describe('with long-term credentials', () => {
    let server: Turnserver
    let asking: Asking

    beforeAll(async () => {
      server = await Turnserver.start(
        '--secure-stun',
        '--lt-cred-mech',
        '--realm=example.org',
        '--user=user:secret',
        '--stale-nonce=1',
      )
    })
    afterAll(() => server.stop())

    test('is challenged once, and again when the nonce is stale', async () => {
      asking = await Asking.open(server.port, account)
      expect(await asking.ask()).toEqual({ ...asking.local })
      expect(asking.errors).toEqual([401])
      expect(await asking.ask()).toEqual({ ...asking.local })
      // By now or in a second.
      while (asking.errors.length === 1) {
        await new Promise((resolve) => setTimeout(resolve, 500))
        expect(await asking.ask()).toEqual({ ...asking.local })
      }
      expect(asking.errors).toEqual([401, 438])
      await asking.close()
    })

    test.each([
      ['a wrong password', { ...account, password: 'wrong' }],
      ['an unknown name', { ...account, username: 'nobody' }],
      ['no credentials', undefined],
    ])('%s: 401', async (_case, credentials) => {
      const options = credentials === undefined ? {} : { credentials }
      await expect(discoverMappedAddress(`127.0.0.1:${server.port}`, options)).rejects.toMatchObject({
        code: 401,
      })
    })
  })
})

suite('coturn’s client and our server', ['turnutils_stunclient'], () => {
  let server: NodeStunServer

  beforeAll(async () => {
    server = await createStunServer({
      listen: [
        { address: '127.0.0.1', port: 0 },
        { address: '::1', port: 0 },
      ],
      software: 'PureRTC',
    })
  })
  afterAll(() => server.close())

  test.each([
    ['IPv4', '127.0.0.1'],
    ['IPv6', '::1'],
  ])('%s', async (family, address) => {
    const { port } = server.addresses.find((local) => local.family === family) ?? { port: 0 }
    const output = await outputOf('turnutils_stunclient', '-p', String(port), address)
    expect(output).toMatch(new RegExp(`${family}. UDP reflexive addr: ${address}:\\d+`))
  })

  test('RFC 5780’s CHANGE-REQUEST is refused with 420', async () => {
    const { port } = server.addresses[0] ?? { port: 0 }
    const isRefused = (): boolean => server.answered.get('420') > 0
    await runUntil(isRefused, 'turnutils_stunclient', '-f', '-p', String(port), '127.0.0.1')
    expect(server.answered.get('420')).toBeGreaterThan(0)
  })
})

suite('our client and coturn’s server on every transport', ['turnserver'], () => {
  let server: Turnserver
  const folder = fileURLToPath(new URL('./vectors/tls/', import.meta.url))
  const tls = { ca: readFileSync(`${folder}authority.pem`) }

  beforeAll(async () => {
    server = await Turnserver.startOn(
      {
        addresses: ['127.0.0.1', '::1'],
        identity: { cert: `${folder}certificate.pem`, key: `${folder}key.pem` },
      },
      '--secure-stun',
      '--lt-cred-mech',
      '--realm=example.org',
      '--user=user:secret',
    )
  })
  afterAll(() => server.stop())

  test.each(
    (['udp', 'tcp', 'tls'] as const).flatMap((transport) =>
      ['127.0.0.1', '::1'].map((address) => [transport, address] as const),
    ),
  )('%s to %s, with long-term credentials', async (transport, address) => {
    const host = address.includes(':') ? `[${address}]` : address
    const uri = transport === 'tls' ? `stuns:${host}:${server.tlsPort}` : `stun:${host}:${server.port}`
    const client = await NodeStunClient.open(uri, { transport, tls, credentials: account })
    const [first, second] = [await client.bind(), await client.bind()]
    expect(first.mapped.address).toBe(address)
    expect(second.mapped).toEqual(first.mapped)
    expect(second.software).toContain('Coturn')
    await client.close()
  })
})

suite('behaviour discovery, our client and coturn’s server', ['turnserver'], () => {
  test('agree that there is no NAT', async () => {
    const server = await Turnserver.startOn({ addresses: ['127.0.0.1', '127.0.0.2'] }, '--no-auth')
    expect(await discoverNatBehavior(`stun:127.0.0.1:${server.port}`)).toMatchObject({
      isBehindNat: false,
      mapping: 'endpoint-independent',
      filtering: 'endpoint-independent',
    })
    await server.stop()
  })
})

suite(
  'behaviour discovery, coturn’s clients and our server',
  ['turnutils_natdiscovery', 'turnutils_stunclient'],
  () => {
    let server: NodeStunServer
    let port: string

    beforeAll(async () => {
      server = await createStunServer({ discovery: { addresses: ['127.0.0.1', '127.0.0.2'], ports: [0, 0] } })
      port = String(server.addresses[0]?.port)
    })
    afterAll(() => server.close())

    test('mapping and filtering', async () => {
      const output = await outputOf(
        'turnutils_natdiscovery',
        '-m',
        '-f',
        '-p',
        port,
        '-L',
        '127.0.0.3',
        '127.0.0.1',
      )
      expect(output).toContain('No NAT! (Endpoint Independent Mapping)')
      expect(output).toContain('NAT with Endpoint Independent Filtering!')
      expect(output).not.toContain('error')
    })

    test('with PADDING of 1,500 bytes', async () => {
      const sizes: number[] = []
      server.on('message', (_direction, _peer, bytes) => sizes.push(bytes.length))
      const output = await outputOf('turnutils_natdiscovery', '-m', '-f', '-P', '-p', port, '127.0.0.1')
      server.removeAllListeners('message')
      expect(output).toContain('NAT with Endpoint Independent Filtering!')
      expect(Math.min(...sizes)).toBeGreaterThan(1_500)
      // Requests and answers take turns: no answer is larger than what it answers.
      for (let i = 0; i < sizes.length; i += 2) expect(sizes[i + 1]).toBeLessThanOrEqual(sizes[i]!)
    })

    test('the lifetime of a mapping, by RESPONSE-PORT, and hairpinning', async () => {
      const output = await outputOf('turnutils_natdiscovery', '-t', '-T', '1', '-H', '-p', port, '127.0.0.1')
      expect(output.match(/RFC 5780 response/g)).toHaveLength(3)
      expect(output).toContain('Received a request (maybe a successful hairpinning)')
    })

    test('turnutils_stunclient walks through all four addresses', async () => {
      const output = await outputOf('turnutils_stunclient', '-f', '-p', port, '127.0.0.1')
      expect(output.match(/RFC 5780 response/g)).toHaveLength(3)
      expect(output).toMatch(/Other addr: : 127\.0\.0\.2:\d+/)
    })
  },
)

/** One client that remembers which errors it was answered. */
class Asking {
  readonly errors: number[] = []
  readonly local: TransportAddress
  readonly #socket: UdpSocket
  readonly #client: StunClient
  readonly #alarm: Alarm
  #done: { resolve(mapped: TransportAddress): void; reject(error: StunError): void } | null = null

  private constructor(socket: UdpSocket, port: number, credentials: StunCredentials) {
    this.local = socket.local
    this.#socket = socket
    this.#alarm = new Alarm((now) => {
      this.#client.handleTimeout(now)
      this.#alarm.set(this.#client.nextTimeout)
    })
    this.#client = new StunClient(
      {
        crypto: nodeCrypto,
        server: transportAddress('127.0.0.1', port),
        credentials,
        // Whoever counts answers asks once.
        retransmit: { rto: 60_000, rc: 1, rm: 1 },
      },
      {
        transmit: (to, bytes) => socket.send(to, bytes),
        succeeded: (_now, _request, { mapped }) => this.#done?.resolve(mapped),
        failed: (_now, _request, error) => this.#done?.reject(error),
      },
    )
    socket.start({
      failed: (error) => {
        throw error
      },
      received: (_from, bytes) => {
        const error = StunMessage.decode(bytes)?.get(ErrorCode)
        if (error !== undefined) this.errors.push(error.code)
        this.#client.handleDatagram(monotonicNow(), bytes)
        this.#alarm.set(this.#client.nextTimeout)
      },
    })
  }

  static async open(port: number, credentials: StunCredentials): Promise<Asking> {
    return new Asking(await UdpSocket.bind(transportAddress('127.0.0.1', 0)), port, credentials)
  }

  ask(): Promise<TransportAddress> {
    return new Promise((resolve, reject) => {
      this.#done = { resolve, reject }
      this.#client.bind(monotonicNow())
      this.#alarm.set(this.#client.nextTimeout)
    })
  }

  close(): Promise<void> {
    this.#alarm.clear()
    return this.#socket.close()
  }
}

function suite(name: string, programs: string[], tests: () => void): void {
  const reason = whyNot(...programs)
  if (reason === null) describe(name, tests)
  else describe.skip(`${name} (${reason})`, tests)
}
