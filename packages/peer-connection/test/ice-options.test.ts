import { afterEach, describe, expect, test } from '@jest/globals'
import { MessageClass, Nomination, StunMessage } from '@purertc/stun'
import { createTurnServer, type NodeTurnServer } from '@purertc/turn/node'

import { eventually } from '../../bytes/test/support/still-clock.ts'
import {
  type RTCConfiguration,
  RTCPeerConnection,
  type RTCPeerConnectionIceErrorEvent,
  type RTCPeerConnectionIceEvent,
} from '../src/index.ts'
import type { RTCPeerConnection as CoreConnection } from '../src/w3c/peer-connection.ts'
import { greet, negotiate, SimWorld } from './support/sim-environment.ts'

const optionsOf = (connection: CoreConnection): string | undefined =>
  /^a=ice-options:(.*)\r$/m.exec(connection.localDescription?.sdp ?? '')?.[1]

/** Connects two ends that are told different things, and passes a message. */
async function connect(offerer: RTCConfiguration, answerer: RTCConfiguration) {
  const world = new SimWorld({ latency: 20 })
  const sent: { readonly from: string; readonly message: StunMessage }[] = []
  world.network.intercept(({ from }, bytes) => {
    const message = StunMessage.decode(bytes)?.copy()
    if (message !== undefined) sent.push({ from: from.address, message })
    return 'pass'
  })
  const [alice, bob] = world.pair([offerer, answerer])
  await greet(world, alice, bob)
  const [aliceAt = '', bobAt = ''] = [1, 2].map((number) => `192.168.0.${number}`)
  const requestsOf = (address: string): StunMessage[] =>
    sent.flatMap(({ from, message }) =>
      from === address && message.class === MessageClass.request ? [message] : [],
    )
  return { world, alice, bob, fromAlice: requestsOf(aliceAt), fromBob: requestsOf(bobAt) }
}

describe('a lite agent', () => {
  test.each([
    ['offers', { ice: { lite: true } }, {}],
    ['answers', {}, { ice: { lite: true } }],
  ])('that %s says so, checks nothing, and is controlled', async (_what, offerer, answerer) => {
    const { alice, bob, fromAlice, fromBob } = await connect(offerer, answerer)
    const isOfferer = 'ice' in offerer
    expect(
      [alice, bob].map(({ localDescription }) => /^a=ice-lite\r$/m.test(localDescription?.sdp ?? '')),
    ).toEqual([isOfferer, !isOfferer])
    expect([fromAlice.length > 0, fromBob.length > 0]).toEqual([!isOfferer, isOfferer])
    const lite = isOfferer ? alice : bob
    expect(lite.transportStatistics?.ice.role).toBe('controlled')
  })
})

describe('renomination', () => {
  const on: RTCConfiguration = { ice: { renomination: true } }

  test('is told and used where both ends know it', async () => {
    const { alice, bob, fromAlice } = await connect(on, on)
    expect([alice, bob].map(optionsOf)).toEqual(['trickle renomination', 'trickle renomination'])
    expect(fromAlice.some((message) => message.has(Nomination))).toBe(true)
  })

  test.each([
    [on, {}, ['trickle renomination', 'trickle']],
    [{}, on, ['trickle', 'trickle']],
  ] as const)('is not used otherwise: %j, %j', async (offerer, answerer, expected) => {
    const { alice, bob, fromAlice } = await connect(offerer, answerer)
    expect([alice, bob].map(optionsOf)).toEqual(expected)
    expect(fromAlice.some((message) => message.has(Nomination))).toBe(false)
  })
})

describe('the end of candidates', () => {
  const record = (connection: CoreConnection): string[] => {
    const told: string[] = []
    connection.addEventListener('icecandidate', (event) => {
      const { candidate } = event
      told.push(candidate === null ? 'null' : candidate.candidate === '' ? 'end' : (candidate.type ?? ''))
    })
    return told
  }

  test('is told once for each ICE session, and then null', async () => {
    const world = new SimWorld()
    const [alice, bob] = world.pair()
    const told = record(alice)
    alice.createDataChannel('x')
    await negotiate(alice, bob)
    await world.until(() => alice.connectionState === 'connected')
    expect(told).toEqual(['host', 'end', 'null'])
    alice.restartIce()
    await negotiate(alice, bob)
    await world.until(() => told.length >= 6)
    await world.turn()
    expect(told).toEqual(['host', 'end', 'null', 'host', 'end', 'null'])
    expect(alice.localDescription?.sdp.match(/^a=end-of-candidates\r$/gm)).toHaveLength(1)
  })

  test('is never told where gathering goes on', async () => {
    const world = new SimWorld()
    const [alice, bob] = world.pair([{ ice: { continualGathering: true } }, {}])
    const told = record(alice)
    alice.createDataChannel('x')
    await negotiate(alice, bob)
    await world.until(() => alice.connectionState === 'connected')
    for (let i = 0; i < 20; i++) await world.turn()
    expect(told).toEqual(['host'])
    expect(alice.localDescription?.sdp).not.toContain('end-of-candidates')
  })
})

describe('hooks', () => {
  test('a refused check is not answered, and what is asked about is told', async () => {
    const world = new SimWorld()
    const asked: unknown[] = []
    const hooks = { acceptCheck: (check: unknown) => asked.push(check) < 0 }
    const [alice, bob] = world.pair([{}, { hooks }])
    alice.createDataChannel('x')
    await negotiate(alice, bob)
    for (let i = 0; i < 200; i++) await world.turn()
    expect(asked[0]).toMatchObject({ from: { address: '192.168.0.1' }, to: { address: '192.168.0.2' } })
    expect(bob.transportStatistics?.discarded.ice).toMatchObject({ 'refused-check': expect.any(Number) })
    expect(bob.transportStatistics?.ice.responsesSent).toBe(0)
  })

  test('a refused pair fails at the controlling end, with the reason', async () => {
    const world = new SimWorld()
    const failed: string[] = []
    const [alice, bob] = world.pair([
      { hooks: { pairFailed: (_pair, reason) => failed.push(reason) } },
      { hooks: { acceptPair: () => false } },
    ])
    alice.createDataChannel('x')
    await negotiate(alice, bob)
    await world.until(() => failed.length > 0)
    expect(failed).toContain('403')
  })

  test('refused remote candidates are not checked', async () => {
    const world = new SimWorld()
    const [alice, bob] = world.pair([{ hooks: { acceptRemoteCandidate: () => false } }, {}])
    alice.createDataChannel('x')
    await negotiate(alice, bob)
    await world.until(() => (alice.transportStatistics?.discarded.ice['refused-candidate'] ?? 0) > 0)
    expect(alice.transportStatistics?.ice.pairs.every(({ remote }) => remote.type === 'prflx')).toBe(true)
  })
})

describe('candidates of servers', () => {
  let server: NodeTurnServer | undefined
  let connection: RTCPeerConnection | undefined

  afterEach(async () => {
    connection?.close()
    await eventually(() => (server?.allocations.length ?? 0) === 0)
    await server?.close()
  })

  /** All candidates and errors of a connection with these servers. */
  async function gather(port: number, transport: 'udp' | 'tcp', credential: string, mdns?: 'hide') {
    const url = `turn:127.0.0.1:${port}?transport=${transport}`
    connection = new RTCPeerConnection({
      network: { addresses: ['127.0.0.1'], ...(mdns && { mdns }) },
      iceServers: [{ urls: url, username: 'ann', credential }],
    })
    const errors: RTCPeerConnectionIceErrorEvent[] = []
    const events: RTCPeerConnectionIceEvent[] = []
    connection.onicecandidateerror = (event) => errors.push(event)
    const complete = new Promise<void>((resolve) => {
      if (connection)
        connection.onicecandidate = (event) => (event.candidate === null ? resolve() : events.push(event))
    })
    connection.createDataChannel('x')
    await connection.setLocalDescription()
    await complete
    return { url, errors, events }
  }

  async function start(): Promise<void> {
    server = await createTurnServer({
      realm: 'example.org',
      listen: [
        { address: '127.0.0.1', port: 0 },
        { address: '127.0.0.1', port: 0, transport: 'tcp' },
      ],
      relayAddress: '127.0.0.1',
      authenticate: { ann: 'secret' },
    })
  }

  test.each(['udp', 'tcp'] as const)(
    'tell how a relay was reached, and by which URL: %s',
    async (transport) => {
      await start()
      const port = server?.addresses.find((one) => one.transport === transport)?.port ?? 0
      const { url, events } = await gather(port, transport, 'secret')
      const relay = events.find(({ candidate }) => candidate?.type === 'relay')
      expect(relay?.candidate).toMatchObject({ relayProtocol: transport, url })
      expect(relay?.url).toBe(url)
      expect(events.find(({ candidate }) => candidate?.type === 'host')).toMatchObject({
        url: null,
        candidate: { relayProtocol: null, url: null, tcpType: null },
      })
    },
  )

  test('errors tell who asked whom, and what the answer was', async () => {
    await start()
    const port = server?.addresses.find((one) => one.transport === 'udp')?.port ?? 0
    const { url, errors } = await gather(port, 'udp', 'wrong')
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatchObject({ type: 'icecandidateerror', address: '127.0.0.1', url, errorCode: 401 })
    expect(errors[0]?.port).toBeGreaterThan(0)
    expect(errors[0]?.errorText).not.toBe('')
  })

  test('errors do not tell the address that candidates hide', async () => {
    await start()
    const port = server?.addresses.find((one) => one.transport === 'udp')?.port ?? 0
    const { errors, events } = await gather(port, 'udp', 'wrong', 'hide')
    expect(errors[0]).toMatchObject({ address: null, port: null, errorCode: 401 })
    expect(events.map(({ candidate }) => candidate?.candidate).join()).not.toContain('127.0.0.1')
  })
})
