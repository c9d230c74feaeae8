import { describe, expect, test } from '@jest/globals'
import { isStunDatagram, Method } from '@purertc/stun'

import { NOTHING } from './server-bench.ts'
import { World } from './turn-world.ts'

const HOUR = 3_600_000

describe('client, server and peer on one clock', () => {
  test('data goes both ways, first in indications, then over a channel', () => {
    const world = new World()
    const peer = world.peer()
    peer.echo = true
    const client = world.client().allocate()
    expect(client.events).toEqual(['allocated'])
    expect(world.events).toEqual([`created ann 198.51.100.1:${client.relayed.port}`])
    client.send(peer.address, 'one')
    world.run(() => client.received.length === 1)
    client.send(peer.address, 'two')
    world.run(() => client.received.length === 2)
    expect(peer.received.map(({ text }) => text)).toEqual(['one', 'two'])
    expect(peer.received[0]?.from).toBe(`198.51.100.1:${client.relayed.port}`)
    expect(client.received).toEqual(
      [
        { peer: '198.51.100.11:7000', text: 'one' },
        { peer: '198.51.100.11:7000', text: 'two' },
      ].map((entry) => ({ ...entry, peer: `${peer.address.address}:7000` })),
    )
    const [allocation] = world.server.allocations
    expect(allocation?.toPeers).toEqual({ datagrams: 2, bytes: 6 })
    expect(allocation?.toClient).toEqual({ datagrams: 2, bytes: 6 })
  })

  test('all is refreshed for six hours, over nonces that go stale', () => {
    const world = new World({ server: { nonceLifetime: 100 } })
    const peer = world.peer()
    peer.echo = true
    const client = world.client().allocate()
    for (let hour = 1; hour <= 6; hour++) {
      client.send(peer.address, `hour ${hour}`)
      world.sim.advance(HOUR)
      expect(client.received.at(-1)?.text).toBe(`hour ${hour}`)
    }
    expect(client.events).toEqual(['allocated'])
    expect(world.events).toHaveLength(1)
    expect(world.server.answered.get('438')).toBeGreaterThan(50)
    expect(world.server.discarded.total).toBe(0)
    expect(client.machine.discarded.total).toBe(0)
  })

  test('the same with every fifth datagram lost, and all state is gone after closing', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const world = new World({
        seed,
        conditions: { latency: 30, jitter: 10, loss: 0.2, duplicate: 0.05, reorder: 0.05 },
      })
      const peer = world.peer()
      const client = world.client().allocate()
      client.send(peer.address, 'hello')
      for (let minute = 0; minute < 120; minute++) {
        client.send(peer.address, 'to')
        peer.send(client.relayed, 'fro')
        world.sim.advance(60_000)
      }
      expect(client.events).toEqual(['allocated'])
      expect(peer.received.length).toBeGreaterThan(50)
      expect(client.received.length).toBeGreaterThan(50)
      client.close()
      world.sim.advance(10_000)
      expect(client.events).toEqual(['allocated', 'closed'])
      world.sim.advance(HOUR)
      expect(world.server.load).toEqual(NOTHING)
      expect(world.openRelays).toBe(0)
    }
  })

  test('the same seed gives the same run', () => {
    const traces = [7, 7, 8].map((seed) => {
      const world = new World({ seed, conditions: { latency: 30, jitter: 20, loss: 0.2 } })
      const peer = world.peer()
      peer.echo = true
      const client = world.client().allocate()
      for (let i = 0; i < 20; i++) {
        client.send(peer.address, `${i}`)
        world.sim.advance(10_000)
      }
      return world.sim.trace
    })
    expect(traces[0]).toBe(traces[1])
    expect(traces[0]).not.toBe(traces[2])
  })

  test('two clients talk to each other over their relayed addresses', () => {
    const world = new World()
    const ann = world.client().allocate()
    const bob = world.client({ username: 'bob', password: 'hidden' }).allocate()
    ann.send(bob.relayed, 'lost: bob has not let ann in')
    world.sim.advance(1_000)
    expect(world.server.discarded.snapshot()).toEqual({ 'no-permission': 1 })
    bob.send(ann.relayed, 'hello ann')
    world.sim.advance(1_000)
    ann.send(bob.relayed, 'hello bob')
    world.sim.advance(1_000)
    expect(ann.received.map(({ text }) => text)).toEqual(['hello ann'])
    expect(bob.received.map(({ text }) => text)).toEqual(['hello bob'])
  })

  test('wrong password, unknown user, wrong user for the allocation', () => {
    const world = new World()
    expect(world.client({ password: 'guess' }).allocate().events).toEqual(['failed 401'])
    expect(world.client({ username: 'eve' }).allocate().events).toEqual(['failed 401'])
    expect(world.server.load.allocations).toBe(0)
  })

  test('a peer that the policy closes is refused, the allocation lives on', () => {
    const world = new World()
    const client = world.client().allocate()
    for (const address of ['127.0.0.1', '10.0.0.1', '169.254.169.254', '224.0.0.1', '0.0.0.0'])
      client.send({ family: 'IPv4', address, port: 80 }, 'x')
    world.sim.advance(1_000)
    expect(client.refused).toEqual([403, 403, 403, 403, 403])
    client.send({ family: 'IPv6', address: '2001:db8::1', port: 80 }, 'x')
    world.sim.advance(1_000)
    expect(client.refused.at(-1)).toBe(443)
    expect(client.events).toEqual(['allocated'])
  })

  test('a server that restarts has lost the allocation, and the client learns so with its next refresh', () => {
    const world = new World()
    const client = world.client().allocate()
    client.send(world.peer().address, 'x')
    world.sim.advance(1_000)
    const [allocation] = world.server.allocations
    expect(world.server.release(allocation?.relay ?? 0)).toBe(true)
    expect(world.server.release(99)).toBe(false)
    world.sim.advance(300_000)
    expect(client.events).toEqual(['allocated', 'failed 437'])
    expect(world.events.at(-1)).toBe('deleted ann closed')
  })

  test('a client that falls silent loses its allocation after ten minutes', () => {
    const world = new World()
    const client = world.client().allocate()
    const { port } = client.relayed
    world.sim.detach(client.machine)
    client.socket.close()
    world.sim.advance(599_000)
    expect(world.server.load.allocations).toBe(1)
    world.sim.advance(1_001)
    expect(world.server.load).toEqual(NOTHING)
    expect(world.events).toEqual([`created ann 198.51.100.1:${port}`, 'deleted ann expired'])
    expect(world.openRelays).toBe(0)
  })

  test('60 clients come and go', () => {
    const world = new World({ server: { allocationsPerUser: 30 }, conditions: { latency: 5 } })
    const peers = Array.from({ length: 5 }, () => world.peer())
    for (const peer of peers) peer.echo = true
    const clients = Array.from({ length: 60 }, (_, i) =>
      world.client(i % 2 ? {} : { username: 'bob', password: 'hidden' }),
    )
    for (const client of clients) client.machine.allocate(world.sim.now)
    world.sim.advance(1_000)
    expect(world.server.load).toEqual({
      allocations: 60,
      opening: 0,
      users: 2,
      ports: 60,
      waiting: 0,
      connections: 0,
    })
    expect(new Set(world.openedPorts).size).toBe(60)
    clients.forEach((client, i) => client.send(peers[i % 5]?.address ?? world.serverAddress, `${i}`))
    world.sim.advance(1_000)
    expect(clients.every((client, i) => client.received[0]?.text === `${i}`)).toBe(true)
    clients.forEach((client, i) => {
      if (i % 3 === 0) return
      if (i % 3 === 1) client.close()
      else client.socket.close()
      if (i % 3 === 2) world.sim.detach(client.machine)
    })
    world.sim.advance(700_000)
    expect(world.server.load.allocations).toBe(20)
    for (const client of clients) client.close()
    world.sim.advance(10_000)
    expect(world.server.load).toEqual(NOTHING)
    expect(world.server.nextTimeout).toBe(Infinity)
    expect(world.openRelays).toBe(0)
  })

  test('once the channel is bound, no datagram of data is STUN', () => {
    const world = new World()
    const peer = world.peer()
    peer.echo = true
    const client = world.client().allocate()
    client.send(peer.address, 'first')
    world.sim.advance(1_000)
    let stun = 0
    world.network.intercept(({ from, to }, bytes) => {
      const isOnLeg = from.port === 3478 || to.port === 3478
      if (isOnLeg && isStunDatagram(bytes) && bytes[1] !== Method.refresh) stun++
      return 'pass'
    })
    for (let i = 0; i < 10; i++) client.send(peer.address, `${i}`)
    world.sim.advance(1_000)
    expect(client.received).toHaveLength(11)
    expect(stun).toBe(0)
  })
})
