/**
 * What a record of 1,200 bytes costs in either direction, beside what the cipher alone costs, and how many handshakes
 * a core makes.
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

import { type Certificate, DtlsAssociation, type DtlsConfig } from '../src/index.ts'
import { generateCertificate } from '../src/node/index.ts'

const clientCertificate = await generateCertificate()
const serverCertificate = await generateCertificate()
const now = Millis(1_000)

interface End {
  readonly association: DtlsAssociation
  send: (datagram: Uint8Array) => void
  received: number
}

function makeEnd(config: DtlsConfig): End {
  const end: End = {
    association: new DtlsAssociation(config, {
      transmit: (datagram) => end.send(datagram),
      connected: () => undefined,
      received: (_now, data) => (end.received += data.length),
      closed: () => undefined,
    }),
    send: () => undefined,
    received: 0,
  }
  return end
}

/** Two ends whose datagrams are carried by hand, so that nothing but the machines is measured. */
function handshake(): { client: End; server: End } {
  const ends = (own: Certificate, peer: Certificate, role: 'client' | 'server'): End =>
    makeEnd({
      role,
      crypto: nodeCrypto,
      certificate: own,
      verify: { fingerprints: [peer.fingerprint()] },
      cookie: 'verified-path',
    })
  const client = ends(clientCertificate, serverCertificate, 'client')
  const server = ends(serverCertificate, clientCertificate, 'server')
  const queue: (() => void)[] = []
  client.send = (datagram) => {
    const copy = datagram.slice()
    queue.push(() => server.association.handleDatagram(now, copy))
  }
  server.send = (datagram) => {
    const copy = datagram.slice()
    queue.push(() => client.association.handleDatagram(now, copy))
  }
  client.association.connect(now)
  for (let deliver = queue.shift(); deliver !== undefined; deliver = queue.shift()) deliver()
  if (client.association.state !== 'connected' || server.association.state !== 'connected')
    throw new Error('no handshake')
  return { client, server }
}

const data = new Uint8Array(1_200).fill(7)
const { client, server } = handshake()

const key = createSecretKey(randomBytes(16))
const options = { authTagLength: 16 }
const nonce = randomBytes(12)
const aad = randomBytes(13)
let sealed = Buffer.alloc(0)
let tag = Buffer.alloc(0)

function sealBare(): void {
  const cipher = createCipheriv('aes-128-gcm', key, nonce, options)
  cipher.setAAD(aad)
  sealed = cipher.update(data)
  cipher.final()
  tag = cipher.getAuthTag()
}

function openBare(): void {
  const decipher = createDecipheriv('aes-128-gcm', key, nonce, options)
  decipher.setAuthTag(tag)
  decipher.setAAD(aad)
  decipher.update(sealed)
  decipher.final()
}

/** Nanoseconds a call, the least of all batches. */
const least = {
  protect: Infinity,
  unprotect: Infinity,
  sealBare: Infinity,
  openBare: Infinity,
  handshake: Infinity,
}

function batch(name: keyof typeof least, calls: number, call: (index: number) => void): void {
  const start = performance.now()
  for (let i = 0; i < calls; i++) call(i)
  least[name] = Math.min(least[name], ((performance.now() - start) * 1e6) / calls)
}

const calls = 200
let records: Uint8Array[] = []
for (let round = 0; round < 300; round++) {
  client.send = () => undefined
  batch('protect', calls, () => client.association.send(now, data))
  batch('sealBare', calls, sealBare)
  records = []
  client.send = (datagram) => records.push(datagram.slice())
  for (let i = 0; i < calls; i++) client.association.send(now, data)
  const before = server.received
  batch('unprotect', calls, (i) => server.association.handleDatagram(now, records[i] ?? data))
  if (server.received - before !== calls * data.length) throw new Error('records were lost')
  batch('openBare', calls, openBare)
  if (round % 3 === 0) batch('handshake', 5, handshake)
}

const row = (name: string, ours: number, bare: number): string =>
  `${name.padEnd(24)} ${ours.toFixed(0).padStart(7)} ns   cipher alone ${bare.toFixed(0).padStart(7)} ns   × ${(ours / bare).toFixed(2)}`
process.stdout.write(
  [
    row('protect 1,200 bytes', least.protect, least.sealBare),
    row('unprotect 1,200 bytes', least.unprotect, least.openBare),
    `handshakes, both ends    ${(1e9 / least.handshake).toFixed(0).padStart(7)} /s`,
    '',
  ].join('\n'),
)
