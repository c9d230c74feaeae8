import { describe, expect, test } from '@jest/globals'
import { fromHex } from '@purertc/bytes'

import { ContentType } from '../../src/protocol/content-type.ts'
import { HandshakeType } from '../../src/protocol/handshake-type.ts'
import { Trial } from './liar.ts'

const roles = ['client', 'server'] as const
const finishedType = HandshakeType.finished

/** A whole handshake message in one fragment. */
const message = (type: number, sequence: number, ...body: number[]): Uint8Array =>
  Uint8Array.of(type, 0, 0, body.length, 0, sequence, 0, 0, 0, 0, 0, body.length, ...body)

/** What the honest end makes of one record after the handshake, in the clear or protected. */
function after(
  role: 'client' | 'server',
  kind: 'plain' | 'protected',
  contentType: number,
  content: Uint8Array,
): Trial {
  const trial = new Trial(role)
  expect(trial.verdict).toBe('connected')
  if (kind === 'plain') trial.liar.sendPlaintext(contentType, content)
  else trial.liar.sendRecord(contentType, content)
  trial.settle()
  return trial
}

describe.each(roles)('an honest %s, once connected, ignores in the clear', (role) => {
  test.each([
    ['application data', ContentType.applicationData, Uint8Array.of(1, 2, 3)],
    ['a fatal alert', ContentType.alert, Uint8Array.of(2, 40)],
    ['close_notify', ContentType.alert, Uint8Array.of(1, 0)],
    ['a ClientHello', ContentType.handshake, message(1, 0)],
    ['a ServerHello', ContentType.handshake, message(2, 0)],
    ['HelloRequest', ContentType.handshake, message(0, 0)],
    ['Finished', ContentType.handshake, message(20, 5, ...new Array<number>(12).fill(0))],
    ['ChangeCipherSpec', ContentType.changeCipherSpec, Uint8Array.of(1)],
    ['an unknown type', 99, Uint8Array.of(1)],
  ])('%s', (_name, contentType, content) => {
    const trial = after(role, 'plain', contentType, content)
    expect(trial.verdict).toBe('connected')
    expect(trial.honest.messages).toEqual([])
    expect(trial.honest.association.discarded.snapshot()).toEqual({ plaintext: 1 })
    expect(trial.liar.alerts).toEqual([])
  })
})

describe.each(roles)('an honest %s, once connected, ends for an authentic', (role) => {
  test.each([
    ['record of an unknown type', 99, Uint8Array.of(1), 'unexpected-message: unexpected_message'],
    [
      'ChangeCipherSpec',
      ContentType.changeCipherSpec,
      Uint8Array.of(1),
      'unexpected-message: unexpected_message',
    ],
    [
      'second Finished',
      ContentType.handshake,
      message(20, 9, ...new Array<number>(12).fill(0)),
      'unexpected-message: unexpected_message',
    ],
    ['Certificate', ContentType.handshake, message(11, 9), 'unexpected-message: unexpected_message'],
    ['fragment that is cut off', ContentType.handshake, Uint8Array.of(11, 0, 0), 'decode: decode_error'],
    ['alert that is cut off', ContentType.alert, Uint8Array.of(2), 'decode: decode_error'],
    ['alert of no level', ContentType.alert, Uint8Array.of(3, 40), 'illegal-parameter: illegal_parameter'],
    ['alert that goes on', ContentType.alert, Uint8Array.of(2, 40, 0), 'decode: decode_error'],
    [
      'record with too much in it',
      ContentType.applicationData,
      new Uint8Array(16_385),
      'record-overflow: record_overflow',
    ],
    ['fatal alert', ContentType.alert, Uint8Array.of(2, 80), 'alert: '],
    ['fatal alert that nobody knows', ContentType.alert, Uint8Array.of(2, 222), 'alert: '],
    ['close_notify', ContentType.alert, Uint8Array.of(1, 0), 'close-notify: close_notify'],
  ])('%s', (_name, contentType, content, verdict) => {
    const trial = after(role, 'protected', contentType, content)
    expect(trial.verdict).toBe(`connected, then ${verdict}`)
    expect(trial.honest.association.nextTimeout).toBe(Infinity)
  })

  test('alert, by its name and as authentic', () => {
    const trial = after(role, 'protected', ContentType.alert, Uint8Array.of(2, 80))
    expect(trial.honest.reason).toEqual({
      kind: 'alert',
      description: 80,
      name: 'internal_error',
      authenticated: true,
    })
    expect(after(role, 'protected', ContentType.alert, Uint8Array.of(2, 222)).honest.reason).toMatchObject({
      name: 'alert 222',
    })
  })
})

describe.each(roles)('an honest %s, once connected', (role) => {
  test('ignores an authentic warning', () => {
    const trial = after(role, 'protected', ContentType.alert, Uint8Array.of(1, 90))
    expect(trial.verdict).toBe('connected')
    expect(trial.honest.association.discarded.snapshot()).toEqual({ warning: 1 })
  })

  test.each([HandshakeType.helloRequest, HandshakeType.clientHello])('does not renegotiate (%i)', (type) => {
    const trial = after(role, 'protected', ContentType.handshake, message(type, 0))
    expect(trial.verdict).toBe('connected, then unexpected-message: unexpected_message')
  })

  test('takes no record twice', () => {
    const trial = new Trial(role)
    let record = new Uint8Array(0)
    trial.toHonest.intercept((_index, bytes) => {
      record = bytes.slice()
      return 'pass'
    })
    trial.liar.sendRecord(ContentType.applicationData, Uint8Array.of(7))
    trial.settle()
    trial.honest.association.handleDatagram(trial.sim.now, record)
    expect(trial.honest.messages).toEqual([Uint8Array.of(7)])
    expect(trial.honest.association.discarded.snapshot()).toEqual({ replayed: 1 })
  })

  test('opens no record that was moved to another epoch, number, version or type', () => {
    const trial = new Trial(role)
    let record = new Uint8Array(0)
    trial.toHonest.intercept((_index, bytes) => {
      record = bytes.slice()
      return 'drop'
    })
    trial.liar.sendRecord(ContentType.applicationData, Uint8Array.of(7))
    const changed = (at: number): void => {
      const copy = record.slice()
      copy[at]! ^= 2
      trial.honest.association.handleDatagram(trial.sim.now, copy)
    }
    ;[0, 1, 2, 3, 4, 5, 10].forEach(changed)
    expect(trial.honest.messages).toEqual([])
    expect(trial.honest.association.discarded.snapshot()).toEqual({
      forged: 3,
      'wrong-version': 2,
      'wrong-epoch': 2,
    })
    trial.honest.association.handleDatagram(trial.sim.now, record)
    expect(trial.honest.messages).toEqual([Uint8Array.of(7)])
  })

  test('drops records that are cut off, too long for their datagram, or too long at all', () => {
    const trial = new Trial(role)
    const { association } = trial.honest
    const feed = (hex: string, padding = 0): void => {
      const start = fromHex(hex)
      const datagram = new Uint8Array(start.length + padding)
      datagram.set(start)
      association.handleDatagram(trial.sim.now, datagram)
    }
    feed('17fefd0001')
    feed('17fefd 0001 000000000001 0010', 15)
    expect(association.discarded.snapshot()).toEqual({ 'malformed-record': 2 })
    feed('17fefd 0001 000000000001 4801', 0x4801)
    expect(association.discarded.get('oversized-record')).toBe(1)
    feed('17fefd 0001 000000000001 0000')
    feed('17fefd 0001 000000000001 0017', 23)
    expect(association.discarded.get('forged')).toBe(2)
    expect(trial.verdict).toBe('connected')
  })

  test('goes on with the records behind one that it drops', () => {
    const trial = new Trial(role)
    trial.toHonest.intercept((_index, bytes) => {
      const noise = fromHex('17fefd 0009 000000000001 0003 aabbcc')
      const both = new Uint8Array(noise.length + bytes.length)
      both.set(noise)
      both.set(bytes, noise.length)
      return both
    })
    trial.liar.sendRecord(ContentType.applicationData, Uint8Array.of(7))
    trial.settle()
    expect(trial.honest.messages).toEqual([Uint8Array.of(7)])
    expect(trial.honest.association.discarded.snapshot()).toEqual({ 'wrong-epoch': 1 })
  })
})

describe.each(roles)('an honest %s, before it is connected', (role) => {
  /** The handshake stops before the liar's Finished. */
  const halfway = (): Trial => new Trial(role, (type, body) => (type === finishedType ? null : body))

  test('drops application data, in the clear and protected', () => {
    const trial = halfway()
    trial.liar.sendPlaintext(ContentType.applicationData, Uint8Array.of(1))
    trial.liar.sendRecord(ContentType.applicationData, Uint8Array.of(2))
    trial.settle()
    expect(trial.honest.messages).toEqual([])
    expect(trial.verdict).toBe('waiting')
    expect(trial.honest.association.discarded.get('early-data')).toBe(2)
  })

  test('is ended by an alert in the clear, when nothing else comes', () => {
    const trial = halfway()
    trial.liar.sendPlaintext(ContentType.alert, Uint8Array.of(2, 40))
    trial.sim.advance(2_500)
    expect(trial.honest.reason).toEqual({
      kind: 'alert',
      description: 40,
      name: 'handshake_failure',
      authenticated: false,
    })
  })

  test('ignores warnings, garbage and unknown types in the clear', () => {
    const trial = halfway()
    const counts = (): object => trial.honest.association.discarded.snapshot()
    trial.liar.sendPlaintext(ContentType.alert, Uint8Array.of(1, 90))
    trial.liar.sendPlaintext(ContentType.alert, Uint8Array.of(2))
    trial.liar.sendPlaintext(ContentType.handshake, Uint8Array.of(1, 2, 3))
    trial.liar.sendPlaintext(ContentType.changeCipherSpec, Uint8Array.of(2))
    trial.liar.sendPlaintext(99, Uint8Array.of(2))
    trial.settle()
    expect(counts()).toEqual({ warning: 1, 'malformed-content': 3, 'unknown-content': 1 })
    expect(trial.verdict).toBe('waiting')
  })

  test('gives up in time', () => {
    const trial = halfway()
    trial.sim.advance(61_000)
    expect(trial.honest.reason).toEqual({ kind: 'handshake-timeout' })
    expect(trial.honest.association.state).toBe('failed')
    expect(trial.honest.association.nextTimeout).toBe(Infinity)
  })
})
