import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type LaboratoryNat, NatLaboratory } from '@purertc/netsim/node'

import type { NodeIceOptions } from '../src/node/index.ts'
import {
  LabHost,
  type LabEnd,
  makeLabCertificate,
  startLabServer,
  whyNoLaboratory,
} from './support/lab-end.ts'

/*
 * Agents behind Linux's own address translation, in network namespaces. Which kind of pair two sites end up with follows
 * from RFC 4787's behaviours: filters that look at ports meet mappings that change them, and only a relay is left.
 */
const reason = whyNoLaboratory()
const suite = reason === null ? describe : describe.skip

const kinds = ['open', 'full-cone', 'address-restricted', 'port-restricted', 'symmetric', 'double'] as const
type Kind = (typeof kinds)[number]

/** Whether a direct pair can work: somebody's filter passes what comes from where the other's mapping puts it. */
function isDirect(a: Kind, b: Kind): boolean {
  const filtersPorts = (kind: Kind): boolean =>
    kind !== 'open' && kind !== 'full-cone' && kind !== 'address-restricted'
  return !((a === 'symmetric' && filtersPorts(b)) || (b === 'symmetric' && filtersPorts(a)))
}

suite(`NAT laboratory${reason === null ? '' : ` (${reason})`}`, () => {
  let lab: NatLaboratory
  let folder: string
  let hosts: LabHost[]
  let authorities: string[]
  let nextPort = 0

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'purertc-lab-'))
    lab = new NatLaboratory()
    const addresses = ['198.51.100.1', 'fd00:100::1']
    lab.addSite('a', { nat: 'open', clients: 2 })
    lab.addSite('b', { nat: 'open' })
    const certificate = makeLabCertificate(folder, addresses)
    authorities = [readFileSync(certificate.certFile, 'utf8')]
    const [, ...started] = await Promise.all([
      startLabServer(lab, addresses, certificate),
      ...['a', 'b', 'a2'].map((where) => LabHost.start(lab, where)),
    ])
    hosts = started
  })

  afterAll(() => {
    lab.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const stun = { urls: 'stun:198.51.100.1' }
  const account = { username: 'user', credential: 'secret' }
  const turn = { urls: 'turn:198.51.100.1', ...account }

  /** Connects, exchanges data, and tells how: the selected pair and the milliseconds it took. */
  async function connect(
    [first, second]: readonly [number, number],
    options: Partial<NodeIceOptions> | readonly [Partial<NodeIceOptions>, Partial<NodeIceOptions>],
    patience = 60_000,
  ): Promise<{ a: LabEnd; b: LabEnd; took: number | null; kind: string }> {
    const each = 'length' in options ? options : ([options, options] as const)
    const open = (host: number, role: 'controlling' | 'controlled', i: number): LabEnd => {
      // Ports are used once: routers remember what they did with earlier ones.
      const port = (lab.clientsOf(host === 1 ? 'b' : 'a')[host === 2 ? 1 : 0]?.minPort ?? 0) + nextPort++
      const end = hosts[host]?.open({ role, portRange: { min: port, max: port }, ...each[i] })
      if (end === undefined) throw new Error('there is no such host')
      return end
    }
    const start = performance.now()
    const a = open(first, 'controlling', 0)
    const b = open(second, 'controlled', 1)
    a.signalTo(b)
    b.signalTo(a)
    const connected = await Promise.all([a, b].map((end) => end.until(() => end.selected !== null, patience)))
    const took = connected.every(Boolean) ? performance.now() - start : null
    if (took !== null) {
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        // A datagram may be lost, where the link loses some.
        let tries = 0
        while (to.received.length === 0 && tries++ < 20) {
          from.tell({ do: 'send', text: 'data' })
          await to.until(() => to.received.length > 0, 500)
        }
        expect(to.received).toContain('data')
      }
    }
    const isRelayed = [a, b].some(
      ({ selected }) => selected?.local === 'relay' || selected?.remote === 'relay',
    )
    return { a, b, took, kind: took === null ? 'none' : isRelayed ? 'relay' : 'direct' }
  }

  const setNats = (a: LaboratoryNat, b: LaboratoryNat): void => {
    lab.setNat('a', a)
    lab.setNat('b', b)
  }

  describe.each(kinds)('%s', (natA) => {
    test.each(kinds)('to %s', async (natB) => {
      setNats(natA, natB)
      const { a, b, took, kind } = await connect([0, 1], { iceServers: [stun, turn] })
      console.info(
        `${natA} to ${natB}: ${kind}, ${a.selected?.local}-${a.selected?.remote}, ${took?.toFixed(0)} ms`,
      )
      // How soon is what nat-traversal.test.ts asserts, by a clock that this machine's other work does not slow down.
      expect(kind).toBe(isDirect(natA, natB) ? 'direct' : 'relay')
      await Promise.all([a.close(), b.close()])
    })
  })

  test('symmetric to symmetric fails without a relay', async () => {
    setNats('symmetric', 'symmetric')
    const { a, b, kind } = await connect([0, 1], { iceServers: [stun] }, 4_000)
    expect(kind).toBe('none')
    await Promise.all([a.close(), b.close()])
  })

  test('clients of one NAT that are kept apart inside meet outside where it hairpins', async () => {
    lab.setNat('a', 'hairpin')
    const { a, b, kind } = await connect([0, 2], { iceServers: [stun, turn] })
    expect(kind).toBe('direct')
    for (const { selected } of [a, b]) expect([selected?.local, selected?.remote]).not.toContain('host')
    await Promise.all([a.close(), b.close()])
  })

  test('and at a relay where it does not', async () => {
    lab.setNat('a', 'port-restricted')
    const { a, b, kind } = await connect([0, 2], { iceServers: [stun, turn] })
    expect(kind).toBe('relay')
    await Promise.all([a.close(), b.close()])
  })

  test.each([
    ['tcp', 'turn:198.51.100.1:3478?transport=tcp'],
    ['tls', 'turns:198.51.100.1:443'],
  ])('UDP is blocked: TURN over %s carries it', async (relayProtocol, urls) => {
    setNats('udp-blocked', 'port-restricted')
    const behindWall = { iceServers: [stun, turn, { urls, ...account }], authorities }
    const { a, b, kind } = await connect([0, 1], [behindWall, { iceServers: [stun] }])
    expect(kind).toBe('relay')
    expect(a.selected).toMatchObject({ local: 'relay', relayProtocol })
    await Promise.all([a.close(), b.close()])
  })

  test('UDP is blocked on both sides', async () => {
    setNats('udp-blocked', 'udp-blocked')
    const options = { iceServers: [{ urls: 'turns:198.51.100.1:443', ...account }], authorities }
    const { a, b, kind } = await connect([0, 1], options)
    expect(kind).toBe('relay')
    expect([a.selected?.relayProtocol, b.selected?.relayProtocol]).toEqual(['tls', 'tls'])
    await Promise.all([a.close(), b.close()])
  })

  test('IPv6 alone, behind stateful firewalls', async () => {
    setNats('ipv6-only', 'ipv6-only')
    const { a, b, kind } = await connect([0, 1], { iceServers: [{ urls: 'stun:[fd00:100::1]' }] })
    expect(kind).toBe('direct')
    expect(a.selected).toMatchObject({ family: 'IPv6', local: 'host', remote: 'host' })
    await Promise.all([a.close(), b.close()])
  })

  test('TCP that both ends open at once (so), each behind a firewall that lets nobody in', async () => {
    setNats('ipv6-only', 'ipv6-only')
    const { a, b, kind } = await connect([0, 1], { udp: false, tcp: ['so'] })
    expect(kind).toBe('direct')
    for (const { selected } of [a, b])
      expect(selected).toMatchObject({ transport: 'tcp', family: 'IPv6', local: 'host', remote: 'host' })
    await Promise.all([a.close(), b.close()])
  })

  test('IPv6 alone on one side, IPv4 alone on the other: a relay of the other family', async () => {
    setNats('ipv6-only', 'port-restricted')
    const { a, b, kind } = await connect(
      [0, 1],
      [{ iceServers: [{ urls: 'turn:[fd00:100::1]', ...account }] }, { iceServers: [stun] }],
    )
    expect(kind).toBe('relay')
    await Promise.all([a.close(), b.close()])
  })

  test('a lossy and slow link', async () => {
    setNats('port-restricted', 'symmetric')
    lab.impair('a', { lossPercent: 20, rate: '256kbit' })
    const { a, b, kind, took } = await connect([0, 1], { iceServers: [stun, turn] }).finally(() =>
      lab.impair('a', {}),
    )
    expect(kind).toBe('relay')
    console.info(`20 % loss, 256 kbit/s: ${took?.toFixed(0)} ms`)
    await Promise.all([a.close(), b.close()])
  })
})
