import { describe, expect, test } from '@jest/globals'

import {
  type NatKind,
  Network,
  simAddress,
  type SimAddress,
  type SimHost,
  type SimSocket,
  Simulation,
} from '../src/index.ts'

interface Endpoint {
  readonly socket: SimSocket
  /** What it received: sender and first byte. */
  readonly log: { readonly from: SimAddress; readonly byte: number | undefined }[]
}

const open = (host: SimHost, port?: number): Endpoint => {
  const log: Endpoint['log'] = []
  const received = (_now: number, from: SimAddress, bytes: Uint8Array): void => {
    log.push({ from, byte: bytes[0] })
  }
  return { socket: host.bind(port === undefined ? { received } : { port, received }), log }
}

const setUp = (): { sim: Simulation; network: Network } => {
  const sim = new Simulation({ seed: 5 })
  return { sim, network: new Network(sim, { latency: 10 }) }
}

const send = (sim: Simulation, from: Endpoint, to: SimAddress, byte = 1): void => {
  from.socket.send(to, Uint8Array.of(byte))
  sim.run()
}

describe('public hosts', () => {
  test('reach each other after the latency of the sender', () => {
    const { sim, network } = setUp()
    const alice = open(network.host('198.51.100.1'))
    const bob = open(network.host('198.51.100.2', { conditions: { latency: 70 } }), 5_000)
    const start = sim.now
    send(sim, alice, bob.socket.local, 7)
    expect(bob.log).toEqual([{ from: simAddress('198.51.100.1', 49_152), byte: 7 }])
    expect(sim.now).toBe(start + 10)
    send(sim, bob, alice.socket.local)
    expect(sim.now).toBe(start + 80)
  })

  test('may have IPv6 addresses', () => {
    const { sim, network } = setUp()
    const alice = open(network.host('2001:db8::1'))
    const bob = open(network.host('2001:db8::2'))
    send(sim, alice, bob.socket.local)
    expect(bob.log[0]?.from).toEqual({ family: 'IPv6', address: '2001:db8::1', port: 49_152 })
  })

  test('cannot share an address, nor sockets a port', () => {
    const { network } = setUp()
    const host = network.host('198.51.100.1')
    expect(() => network.host('198.51.100.1')).toThrow('taken')
    expect(() => network.nat({ kind: 'symmetric', address: '198.51.100.1' })).toThrow('taken')
    const first = open(host, 49_152)
    expect(() => open(host, 49_152)).toThrow('bound port 49152')
    expect(open(host).socket.local.port).toBe(49_153)
    first.socket.close()
    expect(open(host, 49_152).socket.local.port).toBe(49_152)
  })

  test('neither send nor receive while down or closed; each loss has its counter', () => {
    const { sim, network } = setUp()
    const aliceHost = network.host('198.51.100.1')
    const bobHost = network.host('198.51.100.2')
    const [alice, bob] = [open(aliceHost), open(bobHost)]
    bobHost.up = false
    send(sim, alice, bob.socket.local)
    send(sim, bob, alice.socket.local)
    bobHost.up = true
    send(sim, alice, simAddress('198.51.100.2', 1))
    send(sim, alice, simAddress('198.51.100.99', 1))
    alice.socket.close()
    alice.socket.close()
    send(sim, alice, bob.socket.local)
    expect([alice.log, bob.log]).toEqual([[], []])
    expect(network.discarded.snapshot()).toEqual({ 'host-down': 2, unbound: 1, unrouted: 1 })
    send(sim, bob, alice.socket.local)
    expect(network.discarded.get('unbound')).toBe(2)
  })
})

const kinds: NatKind[] = ['full-cone', 'address-restricted', 'port-restricted', 'symmetric']

/** Two public hosts, the second with two sockets, and a host behind a NAT. */
const behind = (kind: NatKind, options: { hairpin?: boolean; mappingLifetime?: number } = {}) => {
  const { sim, network } = setUp()
  const nat = network.nat({ kind, address: '203.0.113.1', ...options })
  const inside = open(network.host('10.0.0.2', { nat }))
  const friendHost = network.host('198.51.100.1')
  const friend = open(friendHost)
  const friendsOtherPort = open(friendHost)
  const stranger = open(network.host('198.51.100.2'))
  return { sim, network, nat, inside, friend, friendsOtherPort, stranger }
}

describe.each(kinds)('a %s NAT', (kind) => {
  test('shows its public address and lets the answer in', () => {
    const { sim, inside, friend } = behind(kind)
    send(sim, inside, friend.socket.local)
    const mapped = friend.log[0]?.from
    expect(mapped?.address).toBe('203.0.113.1')
    send(sim, friend, mapped ?? inside.socket.local, 9)
    expect(inside.log).toEqual([{ from: friend.socket.local, byte: 9 }])
  })

  test('maps by its kind', () => {
    const { sim, inside, friend, friendsOtherPort, stranger } = behind(kind)
    for (const peer of [friend, friendsOtherPort, stranger, friend]) send(sim, inside, peer.socket.local)
    const ports = [...friend.log, ...friendsOtherPort.log, ...stranger.log].map(({ from }) => from.port)
    expect(ports).toHaveLength(4)
    expect(ports[0]).toBe(ports[1])
    expect(new Set(ports).size).toBe(kind === 'symmetric' ? 3 : 1)
  })

  test('filters by its kind', () => {
    const { sim, network, inside, friend, friendsOtherPort, stranger } = behind(kind)
    send(sim, inside, friend.socket.local)
    const mapped = friend.log[0]?.from ?? inside.socket.local
    send(sim, friend, mapped, 1)
    send(sim, friendsOtherPort, mapped, 2)
    send(sim, stranger, mapped, 3)
    const entered = {
      'full-cone': [1, 2, 3],
      'address-restricted': [1, 2],
      'port-restricted': [1],
      symmetric: [1],
    }
    expect(inside.log.map(({ byte }) => byte)).toEqual(entered[kind])
    expect(network.discarded.get('filtered')).toBe(3 - entered[kind].length)
  })

  test('lets nobody in before a mapping exists, nor to a private address', () => {
    const { sim, network, inside, friend } = behind(kind)
    send(sim, friend, simAddress('203.0.113.1', 5_000))
    send(sim, friend, inside.socket.local)
    expect(inside.log).toEqual([])
    expect(network.discarded.snapshot()).toEqual({ filtered: 1, unrouted: 1 })
  })

  test('forgets a mapping that is not used outward', () => {
    const { sim, inside, friend } = behind(kind, { mappingLifetime: 1_000 })
    send(sim, inside, friend.socket.local)
    const first = friend.log[0]?.from ?? inside.socket.local
    sim.advance(800)
    send(sim, inside, friend.socket.local)
    sim.advance(800)
    send(sim, friend, first)
    expect(inside.log).toHaveLength(1)
    sim.advance(1_000)
    send(sim, friend, first)
    expect(inside.log).toHaveLength(1)
    send(sim, inside, friend.socket.local)
    expect(friend.log[2]?.from).not.toEqual(first)
  })

  test('forgets everything when restarted', () => {
    const { sim, nat, inside, friend } = behind(kind)
    send(sim, inside, friend.socket.local)
    nat.restart()
    send(sim, friend, friend.log[0]?.from ?? inside.socket.local)
    expect(inside.log).toEqual([])
  })

  test.each([true, false])('hairpin %s', (hairpin) => {
    const { sim, network, nat, inside, friend } = behind(kind, { hairpin })
    const neighbour = open(network.host('10.0.0.3', { nat }))
    for (const peer of [inside, neighbour]) send(sim, peer, friend.socket.local)
    const [insideMapped, neighbourMapped] = friend.log.map(({ from }) => from)
    if (insideMapped === undefined || neighbourMapped === undefined) throw new Error('no mappings')
    send(sim, inside, neighbourMapped, 1)
    send(sim, neighbour, insideMapped, 2)
    send(sim, inside, neighbourMapped, 3)
    const seen = {
      inside: inside.log.map(({ byte }) => byte),
      neighbour: neighbour.log.map(({ byte }) => byte),
    }
    // A symmetric NAT gives each direction a new port, which the other side has never spoken to.
    if (!hairpin || kind === 'symmetric') expect(seen).toEqual({ inside: [], neighbour: [] })
    else if (kind === 'full-cone') expect(seen).toEqual({ inside: [2], neighbour: [1, 3] })
    else expect(seen).toEqual({ inside: [2], neighbour: [3] })
  })
})

test('neighbours behind one NAT reach each other directly', () => {
  const { sim, network } = setUp()
  const nat = network.nat({ kind: 'symmetric', address: '203.0.113.1' })
  const [alice, bob] = ['10.0.0.2', '10.0.0.3'].map((address) => open(network.host(address, { nat })))
  if (alice === undefined || bob === undefined) throw new Error('no hosts')
  send(sim, alice, bob.socket.local)
  expect(bob.log).toEqual([{ from: alice.socket.local, byte: 1 }])
})

test('private addresses may repeat behind different NATs, and punched holes connect them', () => {
  const { sim, network } = setUp()
  const peers = ['203.0.113.1', '203.0.113.2'].map((address) =>
    open(network.host('10.0.0.2', { nat: network.nat({ kind: 'port-restricted', address }) })),
  )
  const server = open(network.host('198.51.100.1'))
  const [alice, bob] = peers
  if (alice === undefined || bob === undefined) throw new Error('no hosts')
  for (const peer of peers) send(sim, peer, server.socket.local)
  const [aliceMapped, bobMapped] = server.log.map(({ from }) => from)
  if (aliceMapped === undefined || bobMapped === undefined) throw new Error('no mappings')
  send(sim, alice, bobMapped, 1)
  send(sim, bob, aliceMapped, 2)
  send(sim, alice, bobMapped, 3)
  expect(alice.log).toEqual([{ from: bobMapped, byte: 2 }])
  expect(bob.log).toEqual([{ from: aliceMapped, byte: 3 }])
  expect(() =>
    network.host('10.0.0.2', { nat: setUp().network.nat({ kind: 'symmetric', address: '1.2.3.4' }) }),
  ).toThrow('another network')
})

describe('attackers', () => {
  test('inject under a false name, but not past a filter', () => {
    const { sim, network, inside, friend, stranger } = behind('port-restricted')
    send(sim, inside, friend.socket.local)
    const mapped = friend.log[0]?.from ?? inside.socket.local
    const before = sim.trace
    network.inject(friend.socket.local, mapped, Uint8Array.of(66))
    expect(inside.log).toEqual([])
    sim.run()
    expect(inside.log).toEqual([{ from: friend.socket.local, byte: 66 }])
    expect(sim.trace).not.toBe(before)
    network.inject(stranger.socket.local, mapped, Uint8Array.of(67))
    sim.run()
    expect(inside.log).toHaveLength(1)
  })

  test('read, alter and drop what passes', () => {
    const { sim, network } = setUp()
    const alice = open(network.host('198.51.100.1'))
    const bob = open(network.host('198.51.100.2'))
    const seen: string[] = []
    network.intercept(({ from, to }, bytes) => {
      seen.push(`${from.address} ${to.address} ${bytes[0] ?? -1}`)
      if (bytes[0] === 1) return 'drop'
      return bytes[0] === 2 ? Uint8Array.of(22) : 'pass'
    })
    for (const byte of [1, 2, 3]) send(sim, alice, bob.socket.local, byte)
    network.intercept(null)
    send(sim, alice, bob.socket.local, 1)
    expect(seen).toEqual([1, 2, 3].map((byte) => `198.51.100.1 198.51.100.2 ${byte}`))
    expect(bob.log.map(({ byte }) => byte)).toEqual([22, 3, 1])
    expect(network.discarded.get('intercepted')).toBe(1)
  })
})

test('a host’s link can be made worse and be listened to', () => {
  const { sim, network } = setUp()
  const host = network.host('198.51.100.1')
  const alice = open(host)
  const bob = open(network.host('198.51.100.2'))
  host.link.intercept((index, _bytes, { to }) =>
    index === 0 && to.address === '198.51.100.2' ? 'drop' : 'pass',
  )
  send(sim, alice, bob.socket.local, 1)
  send(sim, alice, bob.socket.local, 2)
  host.link.conditions = { loss: 1 }
  send(sim, alice, bob.socket.local, 3)
  expect(bob.log.map(({ byte }) => byte)).toEqual([2])
})

describe('a NAT behind another', () => {
  test('both map what goes out, and filter what comes in', () => {
    const { sim, network } = setUp()
    const carrier = network.nat({ kind: 'full-cone', address: '198.51.100.7' })
    const home = network.nat({ kind: 'full-cone', address: '100.64.0.2', behind: carrier })
    const neighbour = open(network.host('100.64.0.3', { nat: carrier }))
    const inside = open(network.host('10.0.0.2', { nat: home }))
    const server = open(network.host('198.51.100.1'))
    send(sim, inside, server.socket.local)
    send(sim, inside, neighbour.socket.local)
    expect(server.log[0]?.from.address).toBe('198.51.100.7')
    expect(neighbour.log[0]?.from.address).toBe('100.64.0.2')
    const mapped = server.log[0]?.from
    const home64 = neighbour.log[0]?.from
    if (mapped === undefined || home64 === undefined) throw new Error('nothing came')
    send(sim, server, mapped, 5)
    send(sim, neighbour, home64, 6)
    expect(inside.log.map(({ byte }) => byte)).toEqual([5, 6])
    home.restart()
    send(sim, server, mapped, 7)
    expect(inside.log).toHaveLength(2)
    expect(network.discarded.get('filtered')).toBe(1)
  })

  test('addresses are taken within one realm alone', () => {
    const { network } = setUp()
    const carrier = network.nat({ kind: 'symmetric', address: '198.51.100.7' })
    network.nat({ kind: 'symmetric', address: '198.51.100.8', behind: carrier })
    network.host('198.51.100.8')
    expect(() => network.host('198.51.100.8', { nat: carrier })).toThrow('taken behind this NAT')
  })
})
