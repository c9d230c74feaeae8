/**
 * What a record costs in either direction and either version, beside what the bare cipher costs (one `createCipheriv`
 * or `createDecipheriv` a record, with a key that is kept): AES-128-GCM, 100, 1,200 and 16,000 bytes.
 *
 *     node --conditions=@purertc/source --import tsx packages/dtls/bench/records.ts
 *
 * All take turns in short batches, so that a noisy machine disturbs all alike; the least batch is what the code costs.
 * Records are opened and counted before a figure is printed.
 */
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import { DtlsAssociation, type DtlsConfig, ProtocolVersion } from '../src/index.ts'
import { generateCertificate } from '../src/node/index.ts'

const certificate = await generateCertificate()
const verify = { fingerprints: [certificate.fingerprint()] }
const now = Millis(1_000)
const rounds = Number(process.env['ROUNDS'] ?? '60')

class End {
  readonly association: DtlsAssociation
  send: (datagram: Uint8Array) => void = () => undefined
  received = 0

  constructor(role: 'client' | 'server', version: ProtocolVersion) {
    const config: DtlsConfig = {
      role,
      crypto: nodeCrypto,
      certificate,
      verify,
      cookie: 'verified-path',
      versions: { min: version, max: version },
    }
    this.association = new DtlsAssociation(config, {
      transmit: (datagram) => this.send(datagram),
      connected: () => undefined,
      received: (_now, data) => (this.received += data.length),
      closed: () => undefined,
    })
  }
}

/** Two ends whose datagrams are carried by hand, so that nothing but the machines is measured. */
function handshake(version: ProtocolVersion): { client: End; server: End } {
  const client = new End('client', version)
  const server = new End('server', version)
  const queue: (() => void)[] = []
  const carry =
    (to: End) =>
    (datagram: Uint8Array): void => {
      const copy = datagram.slice()
      queue.push(() => to.association.handleDatagram(now, copy))
    }
  client.send = carry(server)
  server.send = carry(client)
  client.association.connect(now)
  for (let deliver = queue.shift(); deliver !== undefined; deliver = queue.shift()) deliver()
  if (client.association.state !== 'connected' || server.association.state !== 'connected')
    throw new Error('no handshake')
  return { client, server }
}

const key = createSecretKey(randomBytes(16))
const options = { authTagLength: 16 }
const nonce = randomBytes(12)
const aad = randomBytes(13)

function sealBare(data: Uint8Array): { sealed: Buffer; tag: Buffer } {
  const cipher = createCipheriv('aes-128-gcm', key, nonce, options)
  cipher.setAAD(aad)
  const sealed = cipher.update(data)
  cipher.final()
  return { sealed, tag: cipher.getAuthTag() }
}

function openBare({ sealed, tag }: { sealed: Buffer; tag: Buffer }): void {
  const decipher = createDecipheriv('aes-128-gcm', key, nonce, options)
  decipher.setAuthTag(tag)
  decipher.setAAD(aad)
  decipher.update(sealed)
  decipher.final()
}

/** The least nanoseconds a call of all batches, by name. */
class Stopwatch {
  readonly #least = new Map<string, number>()

  batch(name: string, calls: number, call: (index: number) => void): void {
    const start = performance.now()
    for (let i = 0; i < calls; i++) call(i)
    const cost = ((performance.now() - start) * 1e6) / calls
    this.#least.set(name, Math.min(this.#least.get(name) ?? Infinity, cost))
  }

  of(name: string): number {
    return this.#least.get(name) ?? Infinity
  }
}

/** As many as leave the replay window, and every other part, in its ordinary state. */
const calls = 100

for (const [name, version] of [
  ['1.2', ProtocolVersion.dtls12],
  ['1.3', ProtocolVersion.dtls13],
] as const) {
  for (const size of [100, 1_200, 16_000]) {
    const data = new Uint8Array(size).fill(7)
    const bare = sealBare(data)
    const { client, server } = handshake(version)
    const watch = new Stopwatch()
    for (let round = 0; round < rounds; round++) {
      client.send = () => undefined
      watch.batch('protect', calls, () => client.association.send(now, data))
      watch.batch('sealBare', calls, () => void sealBare(data))
      const records: Uint8Array[] = []
      client.send = (datagram) => records.push(datagram.slice())
      for (let i = 0; i < calls; i++) client.association.send(now, data)
      const before = server.received
      watch.batch('unprotect', calls, (i) => server.association.handleDatagram(now, records[i] ?? data))
      if (server.received - before !== calls * size) throw new Error('records were lost')
      watch.batch('openBare', calls, () => openBare(bare))
    }
    for (const [ours, floor] of [
      ['protect', 'sealBare'],
      ['unprotect', 'openBare'],
    ] as const)
      console.log(
        `${name} ${ours.padEnd(9)} ${String(size).padStart(6)} bytes ${watch.of(ours).toFixed(0).padStart(7)} ns  ` +
          `${((size * 1_000) / watch.of(ours)).toFixed(0).padStart(5)} MB/s   bare cipher ${watch.of(floor).toFixed(0).padStart(7)} ns   ` +
          `× ${(watch.of(ours) / watch.of(floor)).toFixed(2)}`,
      )
  }
}
