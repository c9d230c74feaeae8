import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'

import { TrustStore } from '../../src/index.ts'
import { issue, x509 } from '../authority.ts'
import { Pair } from '../pair.ts'

const root = await issue('root', { authority: true, keyUsage: x509.KeyUsageFlags.keyCertSign })
const middle = await issue('middle', { authority: 0 }, root)
const leaf = await issue('leaf', { hosts: ['dtls.example.org'] }, middle)

describe('a handshake by authorities', () => {
  const time = (): number => Date.now()
  const store = new TrustStore(nodeCrypto, [root.der])
  const certificate = leaf.identity(middle)
  const connect = (host: string | null): Pair =>
    new Pair({
      client: { verify: { authorities: store, host, time }, certificate },
      server: { verify: { authorities: store, host: null, time }, certificate },
    }).handshake()

  test('sends the chain, and shows it', () => {
    const pair = connect('dtls.example.org')
    expect(pair.client.session?.peer).toEqual({
      kind: 'certificate',
      certificate: leaf.der,
      chain: [middle.der],
    })
    expect(pair.server.session?.peer).toEqual(pair.client.session?.peer)
  })

  test('with another host ends in certificate_unknown', () => {
    expect(connect('other.example.org').client.reason).toMatchObject({
      error: { code: 'wrong-host', alert: 46 },
    })
  })

  test('tells a client whose authority is unknown so', () => {
    const pair = new Pair({ server: { verify: { authorities: store, host: null, time } } }).handshake()
    expect(pair.server.reason).toMatchObject({ error: { code: 'unknown-authority', alert: 48 } })
  })

  test('needs one', () => {
    const verify = { authorities: new TrustStore(nodeCrypto, []), host: null, time }
    const error: unknown = expect.objectContaining({ code: 'invalid-config' })
    expect(() => new Pair({ client: { verify } })).toThrow(error)
  })
})
