import { describe, expect, test } from '@jest/globals'
import { toUtf8 } from '@purertc/bytes'
import { createNobleCrypto } from '@purertc/crypto/noble'
import { Random } from '@purertc/netsim'

import { type Certificate, createCertificate, type DtlsConfig, ProtocolVersion } from '../src/index.ts'
import { issue } from './authority.ts'
import { Pair } from './pair.ts'

const issued = await issue('P-256')
const identities = [
  issued.identity(),
  (await issue('P-384', { kind: 'ec-p384' })).identity(),
  (await issue('Ed25519', { kind: 'ed25519' })).identity(),
  (await issue('RSA', { kind: 'rsa' })).identity(),
]

const { dtls12, dtls13 } = ProtocolVersion
const ranges = {
  'both 1.2': [
    { min: dtls12, max: dtls12 },
    { min: dtls12, max: dtls12 },
  ],
  'both 1.3': [
    { min: dtls13, max: dtls13 },
    { min: dtls13, max: dtls13 },
  ],
  'both either': [
    { min: dtls12, max: dtls13 },
    { min: dtls12, max: dtls13 },
  ],
  'an old server': [
    { min: dtls12, max: dtls13 },
    { min: dtls12, max: dtls12 },
  ],
  'an old client': [
    { min: dtls12, max: dtls12 },
    { min: dtls12, max: dtls13 },
  ],
} as const
const modes = ['mutual', 'server alone', 'optional', 'psk'] as const
const groups = ['x25519mlkem768', 'x25519', 'p-256', 'p-384'] as const

/** Milliseconds; doubling waits leave room for eight attempts or so of each flight. */
const handshakeTimeout = 240_000
/** Until twelve attempts, the first of them a second, are given up. */
const patience = 500_000

/** Everything about one handshake: versions, identities, groups and the network, all by the seed. */
function scenario(seed: number, crypto?: DtlsConfig['crypto']): { pair: Pair; loss: number; name: string } {
  const random = new Random(seed)
  const choose = <T>(list: readonly T[]): T => {
    const chosen = list[random.int(list.length)]
    if (chosen === undefined) throw new Error('nothing to choose from')
    return chosen
  }
  const mode = choose(modes)
  const range = choose(Object.keys(ranges) as (keyof typeof ranges)[])
  const [clientVersions, serverVersions] = ranges[range]
  // In 1.3 they agree on a first guess or after a HelloRetryRequest; a hybrid group is for 1.3 alone.
  const shared = choose(groups.slice(1))
  // In 1.2 a client lists the curves of certificates as well.
  const liked = [...new Set([shared, 'p-256', 'p-384'] as const)]
  const [clientGroups, serverGroups] = random.chance(0.5) ? [groups, [shared]] : [liked, groups]
  const loss = random.next() * 0.5
  const mtu = 256 + random.int(1_245)
  const conditions = {
    loss,
    mtu,
    latency: 1 + random.int(200),
    jitter: random.int(50),
    reorder: random.next() * 0.5,
    duplicate: random.next() * 0.5,
  }
  const cookie = choose(['required', 'verified-path'] as const)
  // Node signs with randomness of its own; what is to repeat must sign by the seed.
  const identity =
    crypto === undefined
      ? choose(identities)
      : createCertificate({ crypto, der: issued.der, pkcs8: issued.pkcs8 })
  const common = { mtu, handshakeTimeout, ...(crypto && { crypto }) }
  const [client, server] = authentication(mode, identity)
  const pair = new Pair({
    seed,
    conditions,
    ...(crypto && { crypto }),
    client: { ...common, ...client, versions: clientVersions, groups: clientGroups },
    server: { ...common, ...server, versions: serverVersions, groups: serverGroups, cookie },
  })
  return { pair, loss, name: `seed ${seed}: ${mode}, ${range}` }
}

function authentication(
  mode: (typeof modes)[number],
  identity: Certificate,
): readonly [Partial<DtlsConfig>, Partial<DtlsConfig>] {
  if (mode === 'psk') {
    const key = toUtf8('a key that both know')
    const bare = { certificate: [], verify: { psk: true } } as const
    return [
      { ...bare, psk: { identity: 'thermostat 17', key } },
      { ...bare, psk: { key: () => key } },
    ]
  }
  const own = { certificate: identity, verify: { fingerprints: [identity.fingerprint()] } }
  if (mode === 'server alone')
    return [
      { ...own, certificate: [] },
      { ...own, verify: { anonymous: true } },
    ]
  if (mode === 'optional')
    return [
      { ...own, certificate: [] },
      { ...own, clientCertificate: 'optional' },
    ]
  return [own, own]
}

/** A few hundred as a rule; thousands where somebody has asked for them. */
const seeds = Number(process.env['PURERTC_SEEDS'] ?? '150')
const batch = 50

describe('handshakes by seed', () => {
  const firsts = Array.from({ length: Math.ceil(seeds / batch) }, (_unused, index) => index * batch)

  test.each(firsts)('complete, or fail by name within the timeout: seeds from %i', (first) => {
    let connected = 0
    for (let seed = first; seed < first + batch; seed++) {
      const { pair, loss, name } = scenario(seed)
      const { client, server, sim } = pair
      const start = sim.now
      client.association.connect(start)
      sim.run({ until: () => client.session !== null || client.reason !== null })
      expect({ name, inTime: sim.now - start <= handshakeTimeout }).toEqual({ name, inTime: true })
      // The server's time begins with what it hears first. A client of 1.3 is done before its server, and may have to
      // find out that it has gone.
      sim.run({ until: () => pair.isConnected || pair.isOver, deadline: 2 * handshakeTimeout + patience })
      const ended = pair.isConnected || pair.isOver || server.association.state === 'new'
      expect({ name, ended }).toEqual({ name, ended: true })
      if (pair.isConnected) connected++
      else {
        // The same one of three datagrams can be lost each of the eight times. A cookie that spent minutes on its way is
        // out of date, and the client is told to start anew.
        const reason = client.reason?.kind ?? 'none'
        const isTyped = reason === 'handshake-timeout' || reason === 'alert'
        expect({ name, reason, isTyped, loss: loss > 0.2 }).toEqual({
          name,
          reason,
          isTyped: true,
          loss: true,
        })
      }
      client.association.close(sim.now)
      server.association.close(sim.now)
      expect([client.association.nextTimeout, server.association.nextTimeout]).toEqual([Infinity, Infinity])
    }
    // A few lose more than they can send again in the time.
    expect(connected).toBeGreaterThanOrEqual(batch * 0.9)
  })

  test.each([1, 2, 3, 4, 5, 6])('leave the same trace for the same seed: %i', (seed) => {
    const trace = (): string => {
      const random = new Random(seed)
      const { pair } = scenario(
        seed,
        createNobleCrypto((into) => random.fill(into)),
      )
      pair.handshake()
      return pair.sim.trace
    }
    expect(trace()).toBe(trace())
  })
})
