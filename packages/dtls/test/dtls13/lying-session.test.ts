import { describe, expect, test } from '@jest/globals'

import { encodeKeyUpdate } from '../../src/dtls13/messages/key-update.ts'
import { ContentType } from '../../src/protocol/content-type.ts'
import { HandshakeType } from '../../src/protocol/handshake-type.ts'
import { handshakeMessage } from '../negative/lies.ts'
import { Trial } from './liar.ts'

describe('a client of DTLS 1.3 that sends after the handshake', () => {
  const after = (act: (trial: Trial) => void): string => {
    const trial = new Trial('server')
    expect(trial.verdict).toBe('connected')
    act(trial)
    trial.settle()
    return trial.verdict
  }

  test.each([
    ['a KeyUpdate that is none', handshakeMessage(HandshakeType.keyUpdate, 5, Uint8Array.of(2)), 'illegal'],
    ['a long KeyUpdate', handshakeMessage(HandshakeType.keyUpdate, 5, Uint8Array.of(0, 0)), 'decode'],
  ])('%s', (_name, content, fault) => {
    const verdict = after(({ liar }) => {
      // The client's message_seq goes on from its last flight: hello, certificate, its proof, Finished.
      content[5] = 4
      liar.sendRecord(ContentType.handshake, content)
    })
    expect(verdict).toMatch(new RegExp(`^connected, then ${fault}`))
  })

  test('a ClientHello', () => {
    const verdict = after(({ liar }) =>
      liar.sendRecord(
        ContentType.handshake,
        handshakeMessage(HandshakeType.clientHello, 4, new Uint8Array(40)),
      ),
    )
    expect(verdict).toBe('connected, then unexpected-message: unexpected_message in epoch 3')
  })

  test('an empty handshake record, or one of no type', () => {
    const empty = after(({ liar }) => liar.sendRecord(ContentType.handshake, new Uint8Array(0)))
    expect(empty).toMatch(/^connected, then unexpected-message/)
    const typeless = after(({ liar }) => liar.sendRecord(0, new Uint8Array(20)))
    expect(typeless).toMatch(/^connected, then unexpected-message/)
  })

  test('application data under the keys of the handshake', () => {
    const verdict = after(({ liar }) => liar.sendRecord(ContentType.applicationData, Uint8Array.of(1), 2))
    expect(verdict).toMatch(/^connected, then unexpected-message/)
  })

  test('a malformed ACK, and one of records that were never sent', () => {
    expect(after(({ liar }) => liar.sendRecord(ContentType.ack, Uint8Array.of(0, 3, 1, 2, 3)))).toMatch(
      /^connected, then decode/,
    )
    const unsent = new Uint8Array(18)
    unsent[1] = 16
    unsent[17] = 200
    unsent[9] = 3
    expect(after(({ liar }) => liar.sendRecord(ContentType.ack, unsent))).toBe('connected')
  })

  test('key updates without end', () => {
    const verdict = after((trial) => {
      for (let sequence = 4; sequence < 60; sequence++)
        trial.liar.sendRecord(
          ContentType.handshake,
          handshakeMessage(HandshakeType.keyUpdate, sequence, encodeKeyUpdate(false)),
        )
    })
    // The first is taken; those after it come under keys that it has replaced.
    expect(verdict).toMatch(/^connected, then unexpected-message/)
  })

  test('plaintext of any kind is dropped', () => {
    const verdict = after(({ liar }) => {
      for (const type of [20, 21, 22, 23, 26]) liar.sendRecord(type, Uint8Array.of(2, 40), 0)
    })
    expect(verdict).toBe('connected')
  })
})
