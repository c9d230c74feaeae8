import { describe, expect, test } from '@jest/globals'

import { ProtocolVersion } from '../../src/index.ts'
import { ExtendedMasterSecret } from '../../src/extensions/extended-master-secret.ts'
import { SessionTicket } from '../../src/extensions/session-ticket.ts'
import { HandshakeType } from '../../src/protocol/handshake-type.ts'
import { clientHello, corruptEnd, cutEnd, omit, serverHello, withExtension } from './lies.ts'
import { Trial } from './liar.ts'
import type { Lie } from './trial.ts'

import { begin, shake } from '../resuming.ts'

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
