import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import fc from 'fast-check'

import { AeadProtection } from '../../src/dtls12/record/aead-protection.ts'
import { InboundEpoch, Unopened } from '../../src/record/inbound-epoch.ts'
import { plaintext } from '../../src/record/plaintext.ts'
import { maxSequence, RecordHeader, writeRecordHeader } from '../../src/record/record-header.ts'
import { RecordWriter } from '../../src/record/record-writer.ts'
import { watched } from './watched-aead.ts'

const sequence = fc.maxSafeNat().map((n) => n % (maxSequence + 1))

function protections(): [AeadProtection, AeadProtection] {
  const make = (): AeadProtection =>
    new AeadProtection(
      nodeCrypto.createAead('aes-128-gcm', new Uint8Array(16).fill(7)),
      new Uint8Array(4).fill(9),
    )
  return [make(), make()]
}

describe('the record header', () => {
  test('reads what it writes', () => {
    const u8 = fc.nat(255)
    const u16 = fc.nat(65_535)
    fc.assert(
      fc.property(
        u8,
        u16,
        u16,
        sequence,
        fc.nat(200),
        fc.nat(20),
        (type, version, epoch, number, length, at) => {
          const bytes = new Uint8Array(at + 13 + length)
          writeRecordHeader(bytes, at, type, version, epoch, number, length)
          const header = new RecordHeader()
          expect(header.read(bytes, at)).toBe(true)
          expect(header).toMatchObject({
            contentType: type,
            version,
            epoch,
            sequence: number,
            at,
            start: at + 13,
            end: at + 13 + length,
          })
          expect(header.length).toBe(length)
          if (bytes.length > 0) expect(header.read(bytes.subarray(0, -1), at)).toBe(false)
        },
      ),
    )
  })
})

describe('AEAD protection', () => {
  test('opens what it has sealed, at any place', () => {
    const [sealer, opener] = protections()
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.nat(65_535),
        sequence,
        fc.nat(9),
        (content, epoch, number, at) => {
          const datagram = new Uint8Array(at + content.length + sealer.overhead)
          expect(sealer.protect(23, 0xfefd, epoch, number, content, datagram, at)).toBe(
            content.length + sealer.overhead,
          )
          const header = new RecordHeader()
          expect(header.read(datagram, at)).toBe(true)
          const opened = new Uint8Array(header.length)
          expect(opener.unprotect(datagram, header, opened)).toBe(content.length)
          expect(opened.subarray(0, content.length)).toEqual(content)
        },
      ),
    )
  })

  test('opens nothing in which a single bit was changed', () => {
    const [sealer, opener] = protections()
    const record = new Uint8Array(5 + sealer.overhead)
    sealer.protect(23, 0xfefd, 1, 3, new Uint8Array(5), record, 0)
    for (let bit = 0; bit < 8 * record.length; bit++) {
      const changed = record.slice()
      changed[bit >> 3]! ^= 1 << (bit & 7)
      const header = new RecordHeader()
      // A changed length names other bytes, or more than there are.
      if (header.read(changed, 0))
        expect(opener.unprotect(changed, header, new Uint8Array(header.length))).toBe(-1)
    }
  })

  test('says which nonce comes next, where an authentic record has come', () => {
    const [sealer] = protections()
    const aead = watched(nodeCrypto.createAead('aes-128-gcm', new Uint8Array(16).fill(7)))
    const opener = new AeadProtection(aead, new Uint8Array(4).fill(9))
    const header = new RecordHeader()
    for (const number of [0xfffe, 0xffff, 0x1_0000]) {
      const record = new Uint8Array(1 + sealer.overhead)
      sealer.protect(23, 0xfefd, 1, number, Uint8Array.of(1), record, 0)
      header.read(record, 0)
      const forged = record.slice()
      forged[25]! ^= 1
      expect(opener.unprotect(forged, header, new Uint8Array(100))).toBe(-1)
      expect(opener.unprotect(record, header, new Uint8Array(100))).toBe(1)
    }
    expect(aead.expected).toHaveLength(3)
    expect(aead.expected.slice(0, 2)).toEqual([aead.opened[2], aead.opened[4]])
  })

  test('refuses fragments too short for nonce and tag', () => {
    const [, opener] = protections()
    for (let length = 0; length < 24; length++) {
      const record = new Uint8Array(13 + length)
      writeRecordHeader(record, 0, 23, 0xfefd, 1, 0, length)
      const header = new RecordHeader()
      header.read(record, 0)
      expect(opener.unprotect(record, header, new Uint8Array(30))).toBe(-1)
    }
  })
})

describe('an inbound epoch', () => {
  test('takes a record once, and lets a forgery take no number', () => {
    const [sealer, opener] = protections()
    const epoch = new InboundEpoch(1, opener)
    const record = new Uint8Array(1 + sealer.overhead)
    sealer.protect(23, 0xfefd, 1, 8, Uint8Array.of(1), record, 0)
    const forged = record.slice()
    forged[20]! ^= 1
    const header = new RecordHeader()
    const into = new Uint8Array(100)
    header.read(forged, 0)
    expect(epoch.open(forged, header, into)).toBe(Unopened.forged)
    header.read(record, 0)
    expect(epoch.open(record, header, into)).toBe(1)
    expect(epoch.open(record, header, into)).toBe(Unopened.replayed)
    expect(epoch.forged).toBe(1)
  })
})

describe('the record writer', () => {
  test('numbers each epoch by itself, and goes on in an earlier one', () => {
    const writer = new RecordWriter()
    const into = new Uint8Array(100)
    const header = new RecordHeader()
    const written = (): [number, number] => {
      header.read(into, 0)
      return [header.epoch, header.sequence]
    }
    writer.startAt(5)
    writer.write(22, Uint8Array.of(1), into, 0)
    expect(written()).toEqual([0, 5])
    writer.addEpoch(plaintext)
    writer.write(22, Uint8Array.of(1), into, 0)
    expect(written()).toEqual([1, 0])
    writer.writeIn(0, 22, Uint8Array.of(1), into, 0)
    expect(written()).toEqual([0, 6])
    writer.write(22, Uint8Array.of(1), into, 0)
    expect(written()).toEqual([1, 1])
    expect(() => writer.overhead(2)).toThrow(RangeError)
  })

  test('keeps the last sequence number for goodbye', () => {
    const writer = new RecordWriter()
    writer.startAt(maxSequence - 1)
    expect(writer.hasRoom).toBe(true)
    writer.write(23, new Uint8Array(0), new Uint8Array(20), 0)
    expect(writer.hasRoom).toBe(false)
  })
})
