import { expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import { createNobleCrypto } from '@purertc/crypto/noble'
import { Random } from '@purertc/netsim'

import { SimPair } from './support/sim-pair.ts'
import { Transfer } from './support/transfer.ts'

/**
 * A peer whose announcements of channels (DCEP, RFC 8832) are anything but that, in packets that are otherwise right:
 * checksum, tag and sequence numbers are true, so nothing below stops them.
 */
test('10,000 announcements of channels that are none do no harm to the file beside them', () => {
  const random = new Random(11)
  const randomFill = (into: Uint8Array): void => random.fill(into)
  let isHostile = false
  let forged = 0
  const { createKeyExchange, answerKeyExchange, importPrivateKey } = createNobleCrypto(randomFill)
  const createAead: typeof nodeCrypto.createAead = (algorithm, key) => {
    const aead = nodeCrypto.createAead(algorithm, key)
    return {
      algorithm,
      tagLength: aead.tagLength,
      open: (...args) => aead.open(...args),
      seal: (nonce, aad, plaintext, into, at) => {
        const packet = new Uint8Array(plaintext)
        // The last byte is the content type of DTLS 1.3.
        if (isHostile) forged += corruptAnnouncements(random, packet.subarray(0, -1))
        return aead.seal(nonce, aad, packet, into, at)
      },
    }
  }
  const crypto = {
    ...nodeCrypto,
    randomFill,
    createKeyExchange,
    answerKeyExchange,
    importPrivateKey,
    createAead,
  }
  const pair = new SimPair({ seed: 11, latency: 5, config: { crypto } })
  expect(pair.connect()).toBe(true)
  const { alice, bob, sim } = pair
  const transfer = new Transfer(pair, alice, bob, 1_048_576)
  // The announcement of the file's own channel is left alone.
  sim.advance(50)
  isHostile = true
  let opened = 0
  const volley = (): void => {
    for (let i = 0; i < 20; i++) alice.transport.openChannel(sim.now, { label: `${opened++}` })
    if (opened < 10_000) sim.after(5, volley)
  }
  sim.after(1, volley)
  expect(sim.run({ until: () => opened >= 10_000 && transfer.isComplete, deadline: 600_000 })).toBe(true)
  sim.advance(2_000)
  isHostile = false

  expect(transfer.digest).toBe(transfer.expectedDigest)
  expect(forged).toBeGreaterThanOrEqual(10_000)
  const { discarded, sctp } = bob.transport.statistics
  const refused = (discarded.sctp['bad-dcep'] ?? 0) + (discarded.sctp['refused-channel'] ?? 0)
  expect(refused).toBeGreaterThan(1_000)
  // Each was refused, or opened a channel of whatever attributes it happened to have.
  expect(refused + bob.channels.length).toBeGreaterThanOrEqual(10_000)
  expect(sctp?.receiveBuffered).toBe(0)
  expect(pair.peers.map(({ closeReason }) => closeReason)).toEqual([undefined, undefined])
  // The association is as good as new.
  const after = bob.transport.openChannel(sim.now, { label: 'after' })
  bob.transport.send(sim.now, after, Uint8Array.of(1), false)
  expect(sim.run({ until: () => alice.received.length === 1, deadline: 5_000 })).toBe(true)
  expect(alice.received[0]?.data).toEqual(Uint8Array.of(1))
})

/** Changes the payload of DATA and I-DATA chunks that carry DCEP, and makes the checksum right again; returns how many. */
function corruptAnnouncements(random: Random, packet: Uint8Array): number {
  const view = new DataView(packet.buffer)
  let changed = 0
  for (let at = 12; at + 4 <= packet.length;) {
    const length = view.getUint16(at + 2)
    const ppidAt = packet[at] === I_DATA ? 16 : 12
    const isData = packet[at] === DATA || packet[at] === I_DATA
    const isDcep = isData && length > ppidAt + 5 && view.getUint32(at + ppidAt) === DCEP
    if (isDcep) {
      const payload = packet.subarray(at + ppidAt + 4, at + length)
      if (random.chance(0.3)) random.fill(payload)
      else for (let n = 0; n < 3; n++) payload[random.int(payload.length)] = random.int(256)
      changed++
    }
    at += Math.max(4, (length + 3) & ~3)
  }
  if (changed > 0) {
    view.setUint32(8, 0)
    view.setUint32(8, crc32c(packet), true)
  }
  return changed
}

/** RFC 9260 §6.8, bit by bit. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0)
  }
  return ~crc >>> 0
}

const DATA = 0
/** RFC 8260 §2.1: the identifier of the payload's protocol follows the message's own. */
const I_DATA = 64
/** Payload protocol identifier of "WebRTC DCEP", RFC 8832 §8.1. */
const DCEP = 50
