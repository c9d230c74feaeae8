import { describe, expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import { type DtlsConfig, type ResumableSession, SessionVault } from '../../src/index.ts'
import { ResumableTicket } from '../../src/resumption/resumable-session.ts'
import { clientCertificate, Pair, type PairOptions, serverCertificate, upTo13 } from '../pair.ts'

const vault = (lifetime = 7_200_000): SessionVault => new SessionVault({ crypto: nodeCrypto, lifetime })

const ticketOf = (session: ResumableSession | undefined): ResumableTicket => {
  if (!(session instanceof ResumableTicket)) throw new Error('no ticket')
  return session
}

/** A pair of DTLS 1.3 whose client asks for tickets and keeps them. */
function shake(options: PairOptions): { pair: Pair; tickets: ResumableTicket[] } {
  const tickets: ResumableTicket[] = []
  const pair = new Pair({
    ...options,
    client: { versions: upTo13, ...options.client },
    server: { versions: upTo13, ...options.server },
    onResumable: (session) => tickets.push(ticketOf(session)),
  })
  pair.handshake()
  pair.sim.advance(500)
  return { pair, tickets }
}

/** Seeds, so that no two tickets are the same. */
let beginnings = 2_000

function begin(options: PairOptions = {}): { session: ResumableTicket; sessions: SessionVault } {
  const sessions = vault()
  const { pair, tickets } = shake({
    seed: beginnings++,
    ...options,
    server: { ...options.server, sessions },
  })
  expect([pair.client.session?.isResumed, pair.server.session?.isResumed]).toEqual([false, false])
  expect(tickets).toHaveLength(2)
  return { session: ticketOf(tickets[0]), sessions }
}

test('two tickets are sent once, acknowledged, and resume the session of the same peers', () => {
  const { session, sessions } = begin()
  const { pair, tickets } = shake({ client: { session }, server: { sessions } })
  for (const end of [pair.client, pair.server]) {
    expect(end.session?.isResumed).toBe(true)
    expect(end.session?.group?.name).toBe('x25519mlkem768')
    expect(end.association.discarded.snapshot()).toEqual(end === pair.server ? { 'no-cookie': 1 } : {})
    expect(end.association.nextTimeout).toBe(Infinity)
  }
  expect(pair.client.session?.peerCertificate).toEqual(serverCertificate.der)
  expect(pair.server.session?.peerCertificate).toEqual(clientCertificate.der)
  const label = 'EXPERIMENTAL test'
  expect(pair.client.session?.exportKeyingMaterial(label, null, 20)).toEqual(
    pair.server.session?.exportKeyingMaterial(label, null, 20),
  )
  pair.client.association.send(pair.sim.now, Uint8Array.of(1))
  pair.server.association.send(pair.sim.now, Uint8Array.of(2))
  pair.sim.advance(100)
  expect([pair.server.messages, pair.client.messages]).toEqual([[Uint8Array.of(1)], [Uint8Array.of(2)]])
  // The next ticket is good for no longer than the first was.
  const [next] = tickets
  expect(next?.remembered.expires).toBeLessThanOrEqual(session.remembered.expires)
  expect(next?.remembered.psk).not.toEqual(session.remembered.psk)
  if (next === undefined) throw new Error('no ticket')
  const again = shake({ client: { session: next }, server: { sessions } }).pair
  expect(again.server.session?.isResumed).toBe(true)
})

describe('a ticket resumes', () => {
  const serverName = 'one.example.org'
  test.each([
    ['with a server that is the same', {}, {}, true],
    ['where no cookie is asked for', {}, { cookie: 'verified-path' }, true],
    ['where the server asks for a share of another group', {}, { groups: ['p-256'] }, true],
    [
      'where it does so from memory',
      { groups: ['x25519', 'p-256'] },
      { groups: ['p-256'], cookie: 'verified-path' },
      true,
    ],
    ['where the server recognises clients otherwise', {}, { verify: { certificate: () => true } }, true],
    [
      'not where the server would refuse the client',
      {},
      { verify: { fingerprints: [serverCertificate.fingerprint()] } },
      false,
    ],
    ['not where the server’s judge refuses it', {}, { verify: { certificate: () => false } }, false],
    [
      'not where the client expects another server',
      { verify: { fingerprints: [clientCertificate.fingerprint()] } },
      {},
      false,
    ],
    ['not by a client of another certificate', { certificate: serverCertificate }, {}, false],
    ['not with a server of another certificate', {}, { certificate: clientCertificate }, false],
    ['not with a server of another name', { serverName }, {}, false],
    ['not with a server of another key', {}, { sessions: vault() }, false],
    ['not with a server that resumes nothing', {}, { sessions: undefined as never }, false],
  ] as [string, Partial<DtlsConfig>, Partial<DtlsConfig>, boolean][])(
    '%s',
    (_name, client, server, isResumed) => {
      const { session, sessions } = begin()
      const { pair } = shake({ client: { ...client, session }, server: { sessions, ...server } })
      expect(pair.client.session?.isResumed ?? false).toBe(isResumed)
      expect(pair.server.session?.isResumed ?? false).toBe(isResumed)
    },
  )

  test('once, unless the client is told otherwise', () => {
    const { session, sessions } = begin()
    const resumed = (reuseSession: boolean): boolean | undefined =>
      shake({ client: { session, reuseSession }, server: { sessions } }).pair.client.session?.isResumed
    expect(session.isSpent).toBe(false)
    expect(resumed(false)).toBe(true)
    expect(session.isSpent).toBe(true)
    expect(resumed(false)).toBe(false)
    expect(resumed(true)).toBe(true)
  })

  test('until it is out of date, for either end', () => {
    const sessions = vault(60_000)
    const { tickets } = shake({ seed: beginnings++, server: { sessions } })
    const session = ticketOf(tickets[0])
    const late = (now: number, session: ResumableTicket): boolean | undefined => {
      const pair = new Pair({
        client: { session, reuseSession: true, versions: upTo13 },
        server: { sessions, versions: upTo13 },
      })
      pair.sim.advance(now)
      return pair.handshake().server.session?.isResumed
    }
    expect(late(50_000, session)).toBe(true)
    expect(late(70_000, session)).toBe(false)
    const remembered = { ...session.remembered, expires: Millis(Infinity) } as never
    expect(late(70_000, new ResumableTicket(remembered, session.ticket))).toBe(false)
  })

  test('on another agreement about protocol and SRTP', () => {
    const { session, sessions } = begin({ client: { alpn: ['coap'] }, server: { alpn: ['coap'] } })
    const other = { alpn: ['webrtc'], srtpProfiles: [7] }
    const { pair } = shake({ client: { ...other, session }, server: { ...other, sessions } })
    expect(pair.client.session).toMatchObject({ isResumed: true, alpnProtocol: 'webrtc', srtpProfile: 7 })
  })

  test('nothing in DTLS 1.2, and one of 1.2 nothing here', () => {
    const { session, sessions } = begin()
    const old = { versions: { min: upTo13.min, max: upTo13.min } }
    const pair = new Pair({
      client: { session, versions: upTo13 },
      server: { sessions, ...old },
      onResumable: () => undefined,
    }).handshake()
    expect(pair.client.session).toMatchObject({ version: upTo13.min, isResumed: false })
    expect(sessions.open(pair.sim.now, session.ticket)).toBeNull()
  })
})

describe('tickets are sent', () => {
  test('neither to who asks for none, nor by who gives none', () => {
    const silent = new Pair({
      client: { versions: upTo13 },
      server: { versions: upTo13, sessions: vault() },
    }).handshake()
    expect(silent.isConnected).toBe(true)
    // The last thing that is sent is the acknowledgement of Finished.
    expect(silent.server.association.nextTimeout).toBe(Infinity)
    expect(shake({}).tickets).toEqual([])
    const sessions = new SessionVault({ crypto: nodeCrypto, tickets: false })
    expect(shake({ server: { sessions } }).tickets).toEqual([])
  })

  test('for a day at most', () => {
    const { tickets } = shake({ server: { sessions: vault(1e12) } })
    expect(tickets[0]?.remembered.expires).toBeLessThan(86_400_000 + 2_000)
  })

  test('again until they are acknowledged', () => {
    const sessions = vault()
    const tickets: ResumableTicket[] = []
    const pair = new Pair({
      client: { versions: upTo13 },
      server: { versions: upTo13, sessions },
      onResumable: (session) => tickets.push(ticketOf(session)),
    })
    let isCut = false
    const send = pair.server.send
    pair.server.send = (datagram) => {
      // From the server's last ACK on, which goes before the ticket.
      if (!isCut) send(datagram)
      if (pair.server.session !== null) isCut = true
    }
    pair.handshake()
    pair.sim.advance(500)
    expect(tickets).toEqual([])
    isCut = false
    pair.server.send = send
    pair.sim.advance(5_000)
    expect(tickets).toHaveLength(2)
    expect(pair.server.association.nextTimeout).toBe(Infinity)
  })

  test('not for ever: a client that acknowledges nothing is not there', () => {
    const pair = new Pair({
      client: { versions: upTo13 },
      server: { versions: upTo13, sessions: vault(), retransmitTimeout: 100 },
      onResumable: () => undefined,
    })
    pair.handshake()
    pair.client.send = () => undefined
    pair.sim.advance(900_000)
    expect(pair.server.reason).toEqual({ kind: 'handshake-timeout' })
  })
})

test('early data, which was never agreed on, is dropped and takes no room', () => {
  const pair = new Pair({ client: { versions: upTo13 }, server: { versions: upTo13 } })
  pair.client.association.connect(pair.sim.now)
  pair.sim.run({ until: () => pair.server.association.state === 'connecting' })
  const record = new Uint8Array(5 + 32)
  record.set([0x2d, 0, 0, 0, 32])
  for (let i = 0; i < 50; i++) pair.server.association.handleDatagram(pair.sim.now, record)
  expect(pair.server.association.discarded.snapshot()).toMatchObject({ 'wrong-epoch': 50 })
  pair.sim.run({ until: () => pair.isConnected })
  expect(pair.sim.now).toBeLessThan(1_200)
})

describe('over a network that loses, doubles and reorders', () => {
  test.each(Array.from({ length: 40 }, (_, seed) => seed))('seed %i', (seed) => {
    const conditions = { latency: 20, loss: (seed % 4) * 0.1, jitter: 40, duplicate: 0.1 }
    const sessions = vault()
    const resumed: boolean[] = []
    let session: ResumableTicket | undefined
    for (let round = 0; round < 3; round++) {
      const tickets: ResumableTicket[] = []
      const pair = new Pair({
        seed: seed * 10 + round,
        conditions,
        client: {
          versions: upTo13,
          retransmitTimeout: 100,
          mtu: 300 + 20 * seed,
          ...(session !== undefined && { session }),
        },
        server: { versions: upTo13, sessions },
        onResumable: (next) => tickets.push(ticketOf(next)),
      }).handshake()
      pair.sim.advance(60_000)
      expect([pair.client.reason, pair.server.reason]).toEqual([null, null])
      resumed.push(pair.client.session?.isResumed ?? false)
      expect(tickets).toHaveLength(2)
      session = tickets[0]
    }
    expect(resumed).toEqual([false, true, true])
  })
})
