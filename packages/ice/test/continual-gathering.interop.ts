import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { NatLaboratory } from '@purertc/netsim/node'

import { LabHost, whyNoLaboratory } from './support/lab-end.ts'

/* Addresses that come and go in a network namespace, noticed by nobody but the agent's own watch. */
const reason = whyNoLaboratory()
const suite = reason === null ? describe : describe.skip

suite(`continual gathering${reason === null ? '' : ` (${reason})`}`, () => {
  let lab: NatLaboratory
  let hosts: LabHost[]

  beforeAll(async () => {
    lab = new NatLaboratory()
    lab.addSite('a', { nat: 'port-restricted' })
    hosts = await Promise.all(['a', 'public'].map((where) => LabHost.start(lab, where)))
  })

  afterAll(() => lab.close())

  test('a new address is gathered on, and the pair moves there when the old one is gone', async () => {
    const [first, second] = hosts
    if (first === undefined || second === undefined) throw new Error('there are two hosts')
    const options = { continualGathering: true, interfaceInterval: 100, families: ['IPv4'] as const }
    const a = first.open({ role: 'controlling', ...options, disconnectedTimeout: 2_000 })
    const b = second.open({ role: 'controlled', ...options, disconnectedTimeout: 2_000 })
    a.signalTo(b)
    b.signalTo(a)
    expect(await a.until(() => a.selected !== null)).toBe(true)
    expect(await b.until(() => b.selected !== null)).toBe(true)
    const [old] = lab.clientsOf('a')
    if (old === undefined) throw new Error('there is a client')
    const run = (command: string, ...args: string[]): Promise<unknown> =>
      new Promise((resolve) => lab.spawn('a', command, args).once('exit', resolve))
    const next = old.address.replace(/\d+$/, '77')

    // Without it the second address of a network goes with the first.
    await run('sysctl', '-qw', 'net.ipv4.conf.eth0.promote_secondaries=1')
    await run('ip', 'addr', 'add', `${next}/24`, 'dev', 'eth0')
    expect(await a.until(() => a.candidates.some((line) => line.includes(` ${next} `)))).toBe(true)
    a.selected = null
    await run('ip', 'addr', 'del', `${old.address}/24`, 'dev', 'eth0')
    await run('ip', 'route', 'replace', 'default', 'via', old.address.replace(/\d+$/, '1'))
    expect(await a.until(() => a.selected !== null)).toBe(true)
    a.tell({ do: 'send', text: 'from elsewhere' })
    expect(await b.until(() => b.received.includes('from elsewhere'))).toBe(true)
    expect(a.states).not.toContain('failed')
    await Promise.all([a.close(), b.close()])
  })
})
