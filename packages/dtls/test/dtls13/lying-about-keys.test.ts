import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'

import { encodeCertificateRequest } from '../../src/dtls13/messages/certificate-request.ts'
import { Extensions } from '../../src/extensions/extensions.ts'
import { ClientKeyShares, ServerKeyShare } from '../../src/extensions/key-share.ts'
import { type OfferedPsks, PreSharedKeys, SelectedPsk } from '../../src/extensions/pre-shared-key.ts'
import { PskKeyExchangeModes } from '../../src/extensions/psk-key-exchange-modes.ts'
import { SignatureAlgorithms } from '../../src/extensions/signature-algorithms.ts'
import { type DtlsConfig, type ResumableSession, SessionVault } from '../../src/index.ts'
import type { ClientHello } from '../../src/messages/client-hello.ts'
import { HandshakeType } from '../../src/protocol/handshake-type.ts'
import type { Lie } from '../negative/trial.ts'
import {
  clientHello,
  corruptEnd,
  instead,
  rawExtension,
  serverHello,
  withExtension,
} from '../negative/lies.ts'
import { Pair, upTo13 } from '../pair.ts'
import { Trial } from './liar.ts'

let beginnings = 3_000

/** A ticket, and the vault of its server. */
function begin(): { session: ResumableSession; sessions: SessionVault } {
  const sessions = new SessionVault({ crypto: nodeCrypto })
  const tickets: ResumableSession[] = []
  const pair = new Pair({
    seed: beginnings++,
    client: { versions: upTo13 },
    server: { versions: upTo13, sessions },
    onResumable: (session) => tickets.push(session),
  }).handshake()
  pair.sim.advance(500)
  const [session] = tickets
  if (session === undefined) throw new Error('no ticket')
  return { session, sessions }
}

/** How an honest server judges a client that lies about a ticket it has. */
function byClient(lie: Lie, server: Partial<DtlsConfig> = {}): string {
  const { session, sessions } = begin()
  const trial = new Trial('server', lie, { honest: { sessions, ...server }, liar: { session } })
  return `${trial.honest.session?.isResumed === true ? 'resumed, ' : ''}${trial.verdict}`
}

/** How an honest client with a ticket judges a server that lies. */
function byServer(lie: Lie, knowsTicket = true): string {
  const { session, sessions } = begin()
  const liar = knowsTicket ? { sessions } : {}
  const trial = new Trial('client', lie, { honest: { session }, liar })
  return `${trial.honest.session?.isResumed === true ? 'resumed, ' : ''}${trial.verdict}`
}

const offered = ({ extensions }: ClientHello): OfferedPsks =>
  extensions.get(PreSharedKeys) ?? { identities: [], binders: [] }

/** Another offer of keys, the rest as it was. */
const offering = (change: (psks: OfferedPsks) => OfferedPsks): Lie =>
  clientHello((hello) => withExtension(hello.extensions, PreSharedKeys, change(offered(hello))))

/** Lies in the ClientHello of this number alone. */
function inHello(number: number, lie: Lie): Lie {
  let hellos = 0
  return (type, body, before) =>
    type === HandshakeType.clientHello && ++hellos === number ? lie(type, body, before) : body
}

test('an honest liar resumes', () => {
  expect(byClient((_type, body) => body)).toBe('resumed, connected')
  expect(byServer((_type, body) => body)).toBe('resumed, connected')
})

describe('a client that lies about a ticket', () => {
  const illegal = 'illegal-parameter: illegal_parameter in epoch 0'
  const unbound = 'bad-binder: decrypt_error in epoch 0'
  test.each([
    ['by a wrong binder', corruptEnd(HandshakeType.clientHello), unbound],
    [
      'by a binder of another hash',
      offering((psks) => ({ ...psks, binders: [new Uint8Array(48)] })),
      unbound,
    ],
    [
      'by a binder that is too short',
      offering((psks) => ({ ...psks, binders: [new Uint8Array(8)] })),
      unbound,
    ],
    [
      'by a hello that was changed since',
      clientHello(({ extensions, random }) => ({
        random: random.map((byte) => byte ^ 1),
        extensions,
      })),
      unbound,
    ],
    [
      'by a key that is not a ticket of this server’s, before one that is, and one binder',
      offering(({ identities, binders }) => ({
        identities: [{ identity: Uint8Array.of(1), obfuscatedTicketAge: 0 }, ...identities],
        binders,
      })),
      illegal,
    ],
    [
      'by more binders than keys',
      offering(({ identities, binders }) => ({ identities, binders: [...binders, ...binders] })),
      illegal,
    ],
    [
      'by no binder',
      offering(({ identities }) => ({ identities, binders: [] })),
      'decode: decode_error in epoch 0',
    ],
    [
      'by no key',
      offering(({ binders }) => ({ identities: [], binders })),
      'decode: decode_error in epoch 0',
    ],
    [
      'by a name without letters',
      offering(({ binders }) => ({
        identities: [{ identity: new Uint8Array(0), obfuscatedTicketAge: 0 }],
        binders,
      })),
      'decode: decode_error in epoch 0',
    ],
    [
      'by something behind it',
      clientHello(({ extensions }) => withExtension(extensions, rawExtension(0x1a1a), new Uint8Array(0))),
      illegal,
    ],
    [
      'without how it would use it',
      clientHello(({ extensions }) => {
        const psks = extensions.get(PreSharedKeys)
        const without = withExtension(extensions, PskKeyExchangeModes)
        return withExtension(without.extensions, PreSharedKeys, psks)
      }),
      'missing-extension: missing_extension in epoch 0',
    ],
    [
      'without ephemeral key',
      clientHello(({ extensions }) => withExtension(extensions, ClientKeyShares)),
      'missing-extension: missing_extension in epoch 0',
    ],
  ] as [string, Lie, string][])('%s', (_name, lie, verdict) => {
    expect(byClient(lie)).toBe(verdict)
  })

  test('to use it without ephemeral keys is refused its ticket', () => {
    const lie = clientHello(({ extensions }) => {
      const psks = extensions.get(PreSharedKeys)
      const changed = withExtension(extensions, PskKeyExchangeModes, [0])
      return withExtension(changed.extensions, PreSharedKeys, psks)
    })
    // The hello that the liar believes to have sent was another one, so that it gets no further.
    expect(byClient(lie)).not.toContain('resumed')
  })

  describe('after a HelloRetryRequest', () => {
    const retrying = { groups: ['p-256'] } as const
    test.each([
      ['says nothing new', (_type, body) => body, 'resumed, connected'],
      ['has a wrong binder', inHello(2, corruptEnd(HandshakeType.clientHello)), unbound],
      [
        'offers another key',
        inHello(
          2,
          offering(({ identities, binders }) => ({
            identities: identities.map(({ identity }) => ({
              identity: identity.map((byte) => byte ^ 1),
              obfuscatedTicketAge: 0,
            })),
            binders,
          })),
        ),
        illegal,
      ],
      [
        'offers a key that it did not before',
        inHello(
          1,
          clientHello(({ extensions }) => withExtension(extensions, PreSharedKeys)),
        ),
        illegal,
      ],
      [
        'offers none any more',
        inHello(
          2,
          clientHello(({ extensions }) => withExtension(extensions, PreSharedKeys)),
        ),
        'connected',
      ],
    ] as [string, Lie, string][])('%s', (_name, lie, verdict) => {
      expect(byClient(lie, retrying)).toBe(verdict)
    })
  })
})

describe('a server that lies to a client with a ticket', () => {
  test.each([
    [
      'takes a key that was not offered',
      serverHello(({ extensions }) => withExtension(extensions, SelectedPsk, 1)),
      true,
      'illegal-parameter: illegal_parameter in epoch 0',
    ],
    [
      'takes it for a suite of another hash',
      serverHello(() => ({ cipherSuite: 0x1302 })),
      true,
      'illegal-parameter: illegal_parameter in epoch 0',
    ],
    [
      'takes it without an ephemeral key',
      serverHello(({ extensions }) => withExtension(extensions, ServerKeyShare)),
      true,
      'missing-extension: missing_extension in epoch 0',
    ],
    [
      'claims to know it',
      serverHello(({ extensions }) => withExtension(extensions, SelectedPsk, 0)),
      false,
      'waiting',
    ],
    [
      'hides that it does',
      serverHello(({ extensions }) => withExtension(extensions, SelectedPsk)),
      true,
      'waiting',
    ],
    [
      'asks for a certificate besides',
      instead(HandshakeType.encryptedExtensions, (body) => [
        [HandshakeType.encryptedExtensions, body],
        [
          HandshakeType.certificateRequest,
          encodeCertificateRequest({
            context: new Uint8Array(0),
            extensions: new Extensions().set(SignatureAlgorithms, [0x0403]),
          }),
        ],
      ]),
      true,
      'unexpected-message: unexpected_message in epoch 2',
    ],
  ] as [string, Lie, boolean, string][])('%s', (_name, lie, knowsTicket, verdict) => {
    expect(byServer(lie, knowsTicket)).toBe(verdict)
  })

  test('takes a key of a client that offered none', () => {
    const lie = serverHello(({ extensions }) => withExtension(extensions, SelectedPsk, 0))
    expect(new Trial('client', lie).verdict).toBe('unsolicited-extension: unsupported_extension in epoch 0')
  })
})
