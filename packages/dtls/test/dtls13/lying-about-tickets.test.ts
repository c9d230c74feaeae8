import { describe, expect, test } from '@jest/globals'
import { Writer } from '@purertc/bytes'

import { encodeNewSessionTicket } from '../../src/dtls13/messages/new-session-ticket.ts'
import { Extensions } from '../../src/extensions/extensions.ts'
import { writeHandshakeHeader } from '../../src/handshake/handshake-message.ts'
import { ContentType } from '../../src/protocol/content-type.ts'
import { HandshakeType } from '../../src/protocol/handshake-type.ts'
import { Trial } from './liar.ts'

describe('NewSessionTicket', () => {
  const ticket = (ofTicket: Uint8Array): Uint8Array =>
    encodeNewSessionTicket({
      lifetime: 60,
      ageAdd: 0,
      nonce: new Uint8Array(0),
      ticket: ofTicket,
      extensions: new Extensions(),
    })

  /** The next message of the liar's, after a handshake that it had told the truth in. */
  function send(honestRole: 'client' | 'server', sequence: number, body: Uint8Array): Trial {
    const trial = new Trial(honestRole)
    const writer = new Writer(64)
    writeHandshakeHeader(writer, HandshakeType.newSessionTicket, body.length, sequence, 0, body.length)
    writer.bytes(body)
    trial.liar.sendRecord(ContentType.handshake, writer.finish())
    trial.settle()
    return trial
  }

  test('is left alone by a client that did not ask for it, and acknowledged', () => {
    expect(send('client', 6, ticket(Uint8Array.of(1))).verdict).toBe('connected')
  })

  test.each([
    ['without a ticket', ticket(new Uint8Array(0))],
    ['that is cut off', ticket(Uint8Array.of(1)).subarray(0, -1)],
    ['with something behind it', Uint8Array.of(...ticket(Uint8Array.of(1)), 0)],
  ])('%s ends the session', (_name, body) => {
    expect(send('client', 6, body).verdict).toBe('connected, then decode: decode_error in epoch 3')
  })

  test('of a client ends the session', () => {
    expect(send('server', 4, ticket(Uint8Array.of(1))).verdict).toBe(
      'connected, then unexpected-message: unexpected_message in epoch 3',
    )
  })
})
