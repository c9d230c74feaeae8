import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { NatLaboratory } from '@purertc/netsim/node'

import {
  type LabCertificate,
  makeLabCertificate,
  startLabServer,
  whyNoLaboratory,
} from '../../ice/test/support/lab-end.ts'
import { LabConnection } from './support/lab-link.ts'

/*
 * What breaks on the way costs a reliable channel no byte: real interfaces, address translation and TURN server, in network
 * namespaces. `recovery.sim.test.ts` has the same under virtual time.
 */
const reason = whyNoLaboratory()
const suite = reason === null ? describe : describe.skip

suite(`the path breaks${reason === null ? '' : ` (${reason})`}`, () => {
  const address = '198.51.100.1'
  const stun = { urls: `stun:${address}` }
  const turn = { urls: `turn:${address}`, username: 'user', credential: 'secret' }
  let lab: NatLaboratory
  let folder: string
  let certificate: LabCertificate
  let server: ChildProcessWithoutNullStreams
  let ends: readonly LabConnection[] = []

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'purertc-recovery-'))
    certificate = makeLabCertificate(folder, [address])
    lab = new NatLaboratory()
    lab.addSite('a', { nat: 'port-restricted' })
    lab.addSite('b', { nat: 'port-restricted' })
    server = await startLabServer(lab, [address], certificate)
  })
  afterEach(() => {
    for (const end of ends) end.close()
  })
  afterAll(() => {
    lab?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** All that either has sent is with the other, once and in order. */
  async function expectWhole(a: LabConnection, b: LabConnection): Promise<void> {
    const [ofA, ofB] = await Promise.all([a.totals(), b.totals()])
    await Promise.all([
      a.until(() => a.received >= ofB.sentCount),
      b.until(() => b.received >= ofA.sentCount),
    ])
    const [endA, endB] = await Promise.all([a.totals(), b.totals()])
    expect([endA.received, endB.received]).toEqual([ofB.sent, ofA.sent])
    expect([endA.receivedCount, endB.receivedCount]).toEqual([ofB.sentCount, ofA.sentCount])
  }

  test('a router forgets its mappings: the peer learns the new one', async () => {
    const [a, b] = await LabConnection.pair(lab, ['a', 'b'], { iceServers: [stun] })
    ends = [a, b]
    lab.rebind('a')
    await Promise.all([a.hear(200), b.hear(200)])
    expect([...a.states, ...b.states]).not.toContain('failed')
    await expectWhole(a, b)
  })

  test('an interface goes down, and comes again', async () => {
    const [a, b] = await LabConnection.pair(lab, ['a', 'b'], { iceServers: [stun] })
    ends = [a, b]
    lab.setInterface('a', false)
    await Promise.all(ends.map((end) => end.until(() => end.states.at(-1) === 'disconnected')))
    lab.setInterface('a', true)
    await Promise.all([a.hear(200), b.hear(200)])
    for (const { states } of [a, b]) expect(['connected', 'completed']).toContain(states.at(-1))
    await expectWhole(a, b)
  })

  test('the TURN server is killed: a restart finds the next one', async () => {
    const [a, b] = await LabConnection.pair(lab, ['a', 'b'], {
      iceServers: [turn],
      iceTransportPolicy: 'relay',
    })
    ends = [a, b]
    expect(a.selected).toMatchObject([{ local: 'relay', remote: 'relay' }])
    const exit = once(server, 'exit')
    server.kill('SIGKILL')
    await exit
    await Promise.all(ends.map((end) => end.until(() => end.states.at(-1) === 'disconnected')))
    server = await startLabServer(lab, [address], certificate)
    a.tell({ do: 'offer', restart: true })
    await Promise.all([a.hear(200), b.hear(200)])
    expect([...a.states, ...b.states]).not.toContain('failed')
    await expectWhole(a, b)
  })
})
