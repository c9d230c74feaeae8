import { describe, expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import { Random } from '@purertc/netsim'

import {
  type DtlsConfig,
  ProtocolVersion,
  type ResumableSession,
  SessionVault,
  SrtpProfile,
} from '../src/index.ts'
import { ExtendedMasterSecret } from '../src/extensions/extended-master-secret.ts'
import { SessionTicket } from '../src/extensions/session-ticket.ts'
import type { ResumableSession12 } from '../src/resumption/resumable-session.ts'
import { HandshakeType } from '../src/protocol/handshake-type.ts'
import { clientHello, corruptEnd, cutEnd, omit, serverHello, withExtension } from './negative/lies.ts'
import { type Lie, Trial } from './negative/liar.ts'
import { clientCertificate, Pair, type PairOptions, serverCertificate } from './pair.ts'

const vault = (lifetime = 7_200_000, tickets = true): SessionVault =>
  new SessionVault({ crypto: nodeCrypto, lifetime, tickets })

function as12(session: ResumableSession): ResumableSession12 {
  if (session.version !== ProtocolVersion.dtls12) throw new Error('a ticket of DTLS 1.3')
  return session
}

/** A pair whose client asks for sessions and keeps them. */
function shake(options: PairOptions): { pair: Pair; sessions: ResumableSession12[] } {
  const sessions: ResumableSession12[] = []
  const pair = new Pair({ ...options, onResumable: (session) => sessions.push(as12(session)) })
  return { pair: pair.handshake(), sessions }
}

/** Seeds, so that no two servers draw the same session id. */
let beginnings = 1_000

/** A session, and the vault of its server; `kind` says how the server knows it again. */
function begin(
  kind: 'ticket' | 'id' = 'ticket',
  options: PairOptions = {},
): { session: ResumableSession12; sessions: SessionVault } {
  const sessions = vault(undefined, kind === 'ticket')
  const {
    pair,
    sessions: [session],
  } = shake({ seed: beginnings++, ...options, server: { ...options.server, sessions } })
  expect(pair.client.session?.isResumed).toBe(false)
  expect(pair.server.session?.isResumed).toBe(false)
  if (session === undefined) throw new Error('no session')
  expect(session.ticket === null).toBe(kind === 'id')
  return { session, sessions }
}

describe.each(['ticket', 'id'] as const)('a session by %s', (kind) => {
  test('is resumed in two round trips less than it took, with the same peers', () => {
    const { session, sessions } = begin(kind)
    const {
      pair,
      sessions: [next],
    } = shake({
      client: { session },
      server: { sessions, cookie: 'verified-path' },
    })
    expect(pair.sim.now).toBe(1_000 + 3 * 20)
    for (const end of [pair.client, pair.server]) {
      expect(end.session?.isResumed).toBe(true)
      expect(end.session?.group).toBeNull()
      expect(end.association.discarded.snapshot()).toEqual({})
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
    // It can be done again, but not for longer than it could before.
    expect(next?.remembered.expires).toBeLessThanOrEqual(session.remembered.expires)
    const again = shake({ client: { session: next ?? session }, server: { sessions } }).pair
    expect(again.server.session?.isResumed).toBe(true)
  })

  test('is resumed also where the server wants a cookie', () => {
    const { session, sessions } = begin(kind)
    expect(shake({ client: { session }, server: { sessions } }).pair.server.session?.isResumed).toBe(true)
  })

  test('agrees anew on application protocol and SRTP', () => {
    const own = { alpn: ['coap'], srtpProfiles: [SrtpProfile.aeadAes128Gcm] }
    const { session, sessions } = begin(kind, { client: own, server: own })
    const other = { alpn: ['webrtc'], srtpProfiles: [SrtpProfile.aeadAes256Gcm] }
    const { pair } = shake({ client: { ...other, session }, server: { ...other, sessions } })
    expect(pair.client.session).toMatchObject({
      isResumed: true,
      alpnProtocol: 'webrtc',
      srtpProfile: SrtpProfile.aeadAes256Gcm,
    })
    const refused = shake({ client: { alpn: ['webrtc'], session }, server: { alpn: ['coap'], sessions } })
    expect(refused.pair.server.reason).toMatchObject({ error: { code: 'no-application-protocol' } })
  })

  const serverName = 'one.example.org'
  test.each([
    [
      'of another client, whom the server would refuse',
      {},
      { verify: { fingerprints: [serverCertificate.fingerprint()] } },
      false,
    ],
    ['where the server recognises clients otherwise', {}, { verify: { certificate: () => true } }, true],
    ['where the server would not let the client in', {}, { verify: { certificate: () => false } }, false],
    [
      'where the client expects another server',
      { verify: { fingerprints: [clientCertificate.fingerprint()] } },
      {},
      false,
    ],
    ['by a client of another certificate', { certificate: serverCertificate }, {}, false],
    ['with a server of another certificate', {}, { certificate: clientCertificate }, false],
    ['with a server of another name', { serverName }, {}, false],
    [
      'where its suite is no longer offered',
      { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'] },
      {},
      false,
    ],
    [
      'where its suite is no longer taken',
      {},
      { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'] },
      false,
    ],
    ['with a server that has forgotten', {}, { sessions: vault() }, false],
    ['with a server that resumes nothing', {}, { sessions: undefined as never }, false],
  ] as [string, Partial<DtlsConfig>, Partial<DtlsConfig>, boolean][])(
    '%s',
    (_name, client, server, isResumed) => {
      const { session, sessions } = begin(kind)
      const { pair } = shake({ client: { ...client, session }, server: { sessions, ...server } })
      expect(pair.client.session?.isResumed ?? false).toBe(isResumed)
      expect(pair.server.session?.isResumed ?? false).toBe(isResumed)
      // Where nothing else is wrong, the handshake is a full one.
      const isRefused =
        'verify' in client ||
        ('verify' in server && !isResumed) ||
        'certificate' in client ||
        'certificate' in server
      if (!isRefused) expect(pair.isConnected).toBe(true)
    },
  )

  test('that is out of date is not resumed, by either end', () => {
    const sessions = vault(60_000, kind === 'ticket')
    const {
      sessions: [session],
    } = shake({ seed: beginnings++, server: { sessions } })
    if (session === undefined) throw new Error('no session')
    const late = (now: number): Pair => {
      const pair = new Pair({ client: { session }, server: { sessions } })
      pair.sim.advance(now)
      return pair.handshake()
    }
    expect(late(50_000).server.session?.isResumed).toBe(true)
    expect(late(70_000).server.session?.isResumed).toBe(false)
    const fresh = { ...session, remembered: { ...session.remembered, expires: Millis(Infinity) } as never }
    const pair = new Pair({ client: { session: fresh }, server: { sessions } })
    pair.sim.advance(70_000)
    expect(pair.handshake().server.session?.isResumed).toBe(false)
  })

  test('survives a bad network', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { session, sessions } = begin(kind)
      const random = new Random(seed)
      const conditions = { loss: random.next() * 0.3, reorder: 0.3, duplicate: 0.3, latency: 20, jitter: 20 }
      const common = { handshakeTimeout: 200_000 }
      const { pair } = shake({
        seed,
        conditions,
        client: { ...common, session, mtu: 300 },
        server: { ...common, sessions, mtu: 300 },
      })
      expect(pair.isConnected).toBe(true)
      expect(pair.server.session?.isResumed).toBe(true)
    }
  })
})

test('a session by a shared key is not kept', () => {
  const key = Uint8Array.of(1, 2, 3)
  const { sessions } = shake({
    client: { verify: { psk: true }, psk: { identity: 'x', key } },
    server: { verify: { psk: true }, psk: { key: () => key }, sessions: vault() },
  })
  expect(sessions).toEqual([])
})

test('an anonymous client stays anonymous, and is not let in where it must not be', () => {
  const client = { certificate: [] }
  const { session, sessions } = begin('ticket', { client, server: { clientCertificate: 'optional' } })
  const optional = shake({
    client: { ...client, session },
    server: { clientCertificate: 'optional', sessions },
  }).pair
  expect(optional.server.session).toMatchObject({ isResumed: true, peer: { kind: 'anonymous' } })
  const required = shake({ client: { ...client, session }, server: { sessions } }).pair
  expect(required.server.reason).toMatchObject({ error: { code: 'no-certificate', alert: 40 } })
})

test('nobody is given a session who does not ask for it', () => {
  const pair = new Pair({ server: { sessions: vault() } }).handshake()
  expect(pair.client.session?.resumable).toBeNull()
})

describe('a vault', () => {
  const { session } = begin()
  const now = Millis(1_000)
  const { remembered } = session

  test('opens what it has sealed, and nothing else', () => {
    const sessions = vault()
    const ticket = sessions.seal(now, remembered) ?? new Uint8Array(0)
    expect(sessions.open(now, ticket)).toMatchObject({
      masterSecret: remembered.masterSecret,
      identity: remembered.identity,
    })
    for (let at = 0; at < ticket.length; at += 7) {
      const forged = ticket.slice()
      forged[at]! ^= 1
      expect(sessions.open(now, forged)).toBeNull()
      expect(sessions.open(now, ticket.subarray(0, at))).toBeNull()
    }
    expect(vault().open(now, ticket)).toBeNull()
    expect(sessions.seal(now, remembered)).not.toEqual(ticket)
  })

  test('changes its key, and takes tickets of the former one for as long again', () => {
    const sessions = vault(10_000)
    const endless = { ...remembered, expires: Millis(Infinity) } as never
    const finite = { ...remembered, expires: Millis(1e12) } as never
    const ticket = sessions.seal(now, finite) ?? new Uint8Array(0)
    expect(sessions.open(Millis(15_000), ticket)).not.toBeNull()
    expect(sessions.open(Millis(25_000), ticket)).toBeNull()
    sessions.keep(Uint8Array.of(1), endless)
    expect(sessions.find(Millis(1e9), Uint8Array.of(1))).toBe(endless)
  })

  test('seals nothing that a ClientHello could not carry, and keeps no more than it should', () => {
    const chain = [new Uint8Array(5_000)]
    const large = { ...remembered, identity: { ...remembered.identity, chain } } as never
    expect(vault().seal(now, large)).toBeNull()
    const small = new SessionVault({ crypto: nodeCrypto, maxSessions: 2 })
    for (const id of [1, 2, 3]) small.keep(Uint8Array.of(id), remembered)
    expect([1, 2, 3].map((id) => small.find(now, Uint8Array.of(id)) !== null)).toEqual([false, true, true])
    small.forget(Uint8Array.of(3))
    expect(small.find(now, Uint8Array.of(3))).toBeNull()
  })
})

describe('lies about sessions', () => {
  const judge = (honest: 'client' | 'server', lie: Lie): string => {
    const { session, sessions } = begin()
    const client = { session }
    const server = { sessions }
    return new Trial(
      honest,
      lie,
      honest === 'client' ? { honest: client, liar: server } : { honest: server, liar: client },
    ).verdict
  }

  test('there are none', () => {
    expect(judge('client', (_type, body) => body)).toBe('connected')
    expect(judge('server', (_type, body) => body)).toBe('connected')
  })

  test('a server that resumes without the extended master secret (RFC 7627 §5.3)', () => {
    expect(
      judge(
        'client',
        serverHello(({ extensions }) => withExtension(extensions, ExtendedMasterSecret)),
      ),
    ).toBe('no-extended-master-secret: handshake_failure')
  })

  test('a client that resumes without it', () => {
    expect(
      judge(
        'server',
        clientHello(({ extensions }) => withExtension(extensions, ExtendedMasterSecret)),
      ),
    ).toBe('no-extended-master-secret: handshake_failure')
  })

  test('a server that resumes with another suite', () => {
    expect(
      judge(
        'client',
        serverHello(() => ({ cipherSuite: 0xc02c })),
      ),
    ).toBe('illegal-parameter: illegal_parameter')
  })

  test('a server that resumes what it cannot have: its Finished gives it away', () => {
    const { session } = begin()
    const other = begin()
    const trial = new Trial('client', (_type, body) => body, {
      honest: { session: { ...session, ticket: other.session.ticket } },
      liar: { sessions: other.sessions },
    })
    expect(trial.verdict).toBe('waiting')
    expect(trial.honest.association.discarded.get('forged')).toBeGreaterThan(0)
  })

  test.each([
    ['client', 'finished', corruptEnd(HandshakeType.finished), 'bad-finished: decrypt_error'],
    ['server', 'finished', corruptEnd(HandshakeType.finished), 'bad-finished: decrypt_error'],
    ['client', 'no ticket', omit(HandshakeType.newSessionTicket), 'unexpected-message: unexpected_message'],
    // A ticket means nothing to its client.
    ['client', 'another ticket', corruptEnd(HandshakeType.newSessionTicket), 'connected'],
    ['client', 'half a ticket', cutEnd(HandshakeType.newSessionTicket), 'decode: decode_error'],
  ] as const)('a liar to a %s: %s', (honest, _name, lie, expected) => {
    expect(judge(honest, lie)).toBe(expected)
  })

  test('a server that sends a ticket it has not promised', () => {
    const unpromised: Lie = serverHello(({ extensions }) => withExtension(extensions, SessionTicket))
    expect(judge('client', unpromised)).toBe('unexpected-message: unexpected_message')
    expect(judge('client', omit(HandshakeType.newSessionTicket))).toBe(
      'unexpected-message: unexpected_message',
    )
  })

  test('a server that speaks of tickets to a client that did not', () => {
    const lie = serverHello(({ extensions }) => withExtension(extensions, SessionTicket, new Uint8Array(0)))
    expect(new Trial('client', lie).verdict).toBe('unsolicited-extension: unsupported_extension')
  })

  test('a ticket that is forged makes a full handshake', () => {
    const { session, sessions } = begin()
    const ticket = session.ticket?.map((byte) => byte ^ 1) ?? null
    const { pair } = shake({ client: { session: { ...session, ticket } }, server: { sessions } })
    expect(pair.isConnected).toBe(true)
    expect(pair.server.session?.isResumed).toBe(false)
    expect(pair.client.session?.version).toBe(ProtocolVersion.dtls12)
  })
})
