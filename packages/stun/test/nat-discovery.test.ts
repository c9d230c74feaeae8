import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import {
  type LinkConditions,
  type NatKind,
  Network,
  Random,
  Simulation,
  type SimSocket,
} from '@purertc/netsim'

import {
  ChangeRequest,
  DiscoveryAddresses,
  type NatBehavior,
  NatDiscovery,
  type NatDiscoveryConfig,
  type StunError,
  StunMessage,
  StunServer,
  type StunServerConfig,
  type TransportAddress,
  transportAddress,
} from '../src/index.ts'

const first = transportAddress('198.51.100.1', 3478)
const longTerm = { realm: 'example.org', password: (name: string) => (name === 'user' ? 'secret' : null) }
const credentials = { kind: 'long-term', username: 'user', password: 'secret' } as const

describe('RFC 5780 §4.3 and §4.4', () => {
  const kinds: [NatKind, NatBehavior['mapping'], NatBehavior['filtering']][] = [
    ['full-cone', 'endpoint-independent', 'endpoint-independent'],
    ['address-restricted', 'endpoint-independent', 'address-dependent'],
    ['port-restricted', 'endpoint-independent', 'address-and-port-dependent'],
    ['symmetric', 'address-and-port-dependent', 'address-and-port-dependent'],
  ]

  test.each(kinds)('behind a %s NAT: mapping %s, filtering %s', (nat, mapping, filtering) => {
    const bench = new Bench({ nat })
    bench.run()
    expect(bench.behavior).toMatchObject({ isBehindNat: true, mapping, filtering })
    expect(bench.behavior?.mapped.address).toBe('198.51.100.77')
    expect(bench.error).toBeNull()
  })

  test.each(kinds)('the same with long-term credentials, behind a %s NAT', (nat, mapping, filtering) => {
    const bench = new Bench({ nat, server: { longTerm }, client: { credentials } })
    bench.run()
    expect(bench.behavior).toMatchObject({ mapping, filtering })
  })

  test.each(kinds)(
    'the same where every fifth datagram is lost, behind a %s NAT',
    (nat, mapping, filtering) => {
      const bench = new Bench({ nat, link: { latency: 20, loss: 0.2 } })
      bench.run()
      expect(bench.behavior).toMatchObject({ mapping, filtering })
    },
  )

  test('a mapping that depends on the address alone', () => {
    const bench = new Bench({})
    // A NAT of that kind, seen from the server: the mapped port goes with the server's address.
    bench.seenAs = (client, server) =>
      transportAddress('198.51.100.77', client.port + (server.address.endsWith('1') ? 0 : 1))
    bench.run()
    expect(bench.behavior).toMatchObject({ mapping: 'address-dependent' })
  })

  test('without a NAT', () => {
    const bench = new Bench({})
    bench.run()
    expect(bench.behavior).toEqual({
      mapped: bench.socket.local,
      isBehindNat: false,
      mapping: 'endpoint-independent',
      filtering: 'endpoint-independent',
    })
  })

  test('without a NAT, behind a firewall that lets in answers alone', () => {
    const bench = new Bench({})
    bench.network.intercept(({ from, to }) => {
      const isInbound = to.address === bench.socket.local.address
      return isInbound && (from.address !== first.address || from.port !== first.port) ? 'drop' : 'pass'
    })
    bench.run()
    expect(bench.behavior).toMatchObject({ isBehindNat: false, filtering: 'address-and-port-dependent' })
  })

  test('an unknown local address: everything but whether there is a NAT', () => {
    const bench = new Bench({ nat: 'symmetric', client: { local: null } })
    bench.run()
    expect(bench.behavior).toMatchObject({ isBehindNat: null, mapping: 'address-and-port-dependent' })
  })
})

describe('a server that cannot be used', () => {
  test('silent: timeout, where UDP is blocked for instance', () => {
    const bench = new Bench({ link: { loss: 1 } })
    bench.run()
    expect(bench.error?.code).toBe('timeout')
  })

  test('with one address: unsupported', () => {
    const bench = new Bench({ discovery: 'none' })
    bench.run()
    expect(bench.error?.code).toBe('unsupported')
  })

  test.each([
    ['its own', first],
    ['its own address with another port', transportAddress('198.51.100.1', 3479)],
    ['of the other family', transportAddress('2001:db8::1', 3479)],
  ])('whose other address is %s: unsupported', (_case, other) => {
    const bench = new Bench({ server: { advertise: () => other } })
    bench.run()
    expect(bench.error?.code).toBe('unsupported')
  })

  test('that refuses CHANGE-REQUEST: the mapping is told, the filtering is not', () => {
    const bench = new Bench({ nat: 'symmetric', discovery: 'addresses-only' })
    bench.run()
    expect(bench.behavior).toMatchObject({ mapping: 'address-and-port-dependent', filtering: null })
  })

  test('that ignores CHANGE-REQUEST and answers from where it was asked: no filtering is told', () => {
    const bench = new Bench({ nat: 'port-restricted', discovery: 'answers-from-the-same' })
    bench.run()
    expect(bench.behavior).toMatchObject({ mapping: 'endpoint-independent', filtering: null })
  })

  test('whose other address is down: timeout', () => {
    const bench = new Bench({ nat: 'port-restricted' })
    bench.network.intercept(({ to }) => (to.address === '198.51.100.2' ? 'drop' : 'pass'))
    bench.run()
    expect(bench.error?.code).toBe('timeout')
  })

  test('§5: that refers elsewhere is not followed', () => {
    const bench = new Bench({ server: { alternateServer: () => transportAddress('198.51.100.9', 3478) } })
    bench.run()
    expect(bench.error?.code).toBe(300)
  })

  test('that wants credentials we lack: 401', () => {
    const bench = new Bench({ server: { longTerm } })
    bench.run()
    expect(bench.error?.code).toBe(401)
  })
})

describe('the machine', () => {
  test('close ends it without a word', () => {
    const bench = new Bench({ nat: 'symmetric' })
    bench.simulation.run({ until: () => bench.sent > 1 })
    bench.discovery.close()
    bench.run()
    expect([bench.behavior, bench.error]).toEqual([null, null])
    expect(bench.discovery.nextTimeout).toBe(Infinity)
  })

  test('10,000 hostile datagrams change nothing', () => {
    const bench = new Bench({ nat: 'port-restricted' })
    const captured: Uint8Array[] = []
    bench.network.intercept((_path, bytes) => {
      // What an attacker saw of the first test; the transaction that is pending later he must guess.
      if (bench.sent === 1) captured.push(bytes.slice())
      return 'pass'
    })
    bench.simulation.run({ until: () => bench.sent > 2 })
    const random = new Random(1)
    for (let i = 0; i < 10_000; i++) {
      const bytes = captured[random.int(captured.length)]!.slice()
      for (let flips = 1 + random.int(3); flips > 0; flips--)
        bytes[random.int(bytes.length)]! ^= 1 << random.int(8)
      bench.discovery.handleDatagram(bench.simulation.now, first, bytes)
    }
    bench.run()
    expect(bench.behavior).toMatchObject({
      mapping: 'endpoint-independent',
      filtering: 'address-and-port-dependent',
    })
  })
})

/** A client behind a NAT, and a server on two addresses with two ports each. */
class Bench {
  readonly simulation = new Simulation({ seed: 5780 })
  readonly network: Network
  readonly discovery: NatDiscovery
  readonly socket: SimSocket
  behavior: NatBehavior | null = null
  error: StunError | null = null
  sent = 0
  /** What a server is made to believe about where a request came from. */
  seenAs: (client: TransportAddress, server: TransportAddress) => TransportAddress = (client) => client

  constructor(options: {
    nat?: NatKind
    link?: LinkConditions
    server?: Partial<StunServerConfig<SimSocketEnd>>
    client?: Partial<NatDiscoveryConfig>
    discovery?: 'none' | 'addresses-only' | 'answers-from-the-same'
  }) {
    this.network = new Network(this.simulation, options.link ?? { latency: 20 })
    this.#serve(options.server ?? {}, options.discovery)
    const nat =
      options.nat === undefined
        ? undefined
        : this.network.nat({ kind: options.nat, address: '198.51.100.77' })
    const host = this.network.host(
      nat === undefined ? '198.51.100.50' : '10.0.0.2',
      nat === undefined ? {} : { nat },
    )
    this.socket = host.bind({
      received: (now, from, bytes) => void this.discovery.handleDatagram(now, from, bytes),
    })
    this.discovery = new NatDiscovery(
      {
        crypto: this.simulation.seeded(nodeCrypto),
        server: first,
        local: this.socket.local,
        ...options.client,
      },
      {
        transmit: (to, bytes) => {
          this.sent++
          this.socket.send(to, bytes)
        },
        finished: (_now, behavior) => (this.behavior = behavior),
        failed: (_now, error) => (this.error = error),
      },
    )
    this.simulation.attach(this.discovery)
    this.discovery.start(this.simulation.now)
  }

  run(): void {
    this.simulation.run()
  }

  #serve(config: Partial<StunServerConfig<SimSocketEnd>>, discovery?: string): void {
    const hosts = [this.network.host('198.51.100.1'), this.network.host('198.51.100.2')] as const
    const end = (host: 0 | 1, port: number): SimSocketEnd => {
      const socket = hosts[host].bind({
        port,
        received: (now, from, bytes) => {
          if (discovery === 'addresses-only' && StunMessage.decode(bytes)?.has(ChangeRequest) === true)
            refusing.handleDatagram(now, from, local, bytes)
          else {
            asked = local
            server.handleDatagram(now, this.seenAs(from, local), local, bytes)
          }
        },
      })
      const local: SimSocketEnd = { ...socket.local, socket }
      return local
    }
    const locals = [
      [end(0, 3478), end(0, 3479)],
      [end(1, 3478), end(1, 3479)],
    ] as const
    let asked = locals[0][0]
    const addresses = new DiscoveryAddresses<SimSocketEnd>(locals)
    const crypto = this.simulation.seeded(nodeCrypto)
    // Through the NAT that a test invents, answers go to where the request really came from.
    const transmit = (to: TransportAddress, bytes: Uint8Array, { socket }: SimSocketEnd): void =>
      socket.send(
        to.address === '198.51.100.77' && this.socket.local.address === '198.51.100.50'
          ? this.socket.local
          : to,
        bytes,
      )
    const server: StunServer<SimSocketEnd> = new StunServer<SimSocketEnd>(
      {
        crypto,
        ...(discovery === 'none' ? {} : { discovery: (local, change) => addresses.other(local, change) }),
        ...config,
      },
      {
        transmit: (to, bytes, origin) =>
          transmit(to, bytes, discovery === 'answers-from-the-same' ? asked : origin),
      },
    )
    const refusing = new StunServer<SimSocketEnd>({ crypto }, { transmit })
  }
}

interface SimSocketEnd extends TransportAddress {
  readonly socket: SimSocket
}
