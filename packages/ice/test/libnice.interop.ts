import { rmSync } from 'node:fs'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import type { NodeIceOptions } from '../src/node/index.ts'
import {
  buildNice,
  exchange,
  ForeignAgent,
  type ForeignOptions,
  type ForeignProgram,
  introduceForeign,
  whyNo,
} from './support/foreign-agent.ts'
import { NodeEnd } from './support/node-end.ts'

const reason = whyNo('libnice-dev', 'pkg-config', ['--exists', 'nice'])
const suite = reason === null ? describe : describe.skip

suite(`libnice${reason === null ? '' : ` (${reason})`}`, () => {
  let program: ForeignProgram
  beforeAll(() => {
    program = buildNice()
  }, 60_000)
  afterAll(() => rmSync(program.command, { force: true }))

  async function start(
    theirs: ForeignOptions,
    ours: Partial<NodeIceOptions> = {},
  ): Promise<[NodeEnd, ForeignAgent]> {
    const role = theirs.controlling ? 'controlled' : 'controlling'
    const end = new NodeEnd({ role, addresses: [theirs.address ?? '127.0.0.1'], ...ours })
    return Promise.all([end.gathered(), ForeignAgent.start(program, theirs)])
  }

  test.each([
    ['controlling, aggressively', { controlling: true }],
    ['controlling, as RFC 8445 nominates', { controlling: true, regular: true }],
    ['controlled', { controlling: false }],
    ['controlling over IPv6', { controlling: true, address: '::1' }],
    ['controlled over IPv6', { controlling: false, address: '::1' }],
    ['controlling, with consent', { controlling: true, consent: true }],
    ['controlled, with consent', { controlling: false, consent: true }],
  ])('libnice is %s', async (_name, options) => {
    const [end, nice] = await start(options)
    introduceForeign(end, nice)
    expect(await nice.connect()).toEqual({ connected: true, controlling: options.controlling })
    await exchange(end, nice)
    expect(end.selected).toMatchObject({ nominated: true, local: { type: 'host' }, remote: { type: 'host' } })
    await Promise.all([end.ice.close(), nice.close()])
  })

  test.each([true, false])('both claim one role, libnice controlling: %s', async (controlling) => {
    const [end, nice] = await start({ controlling }, { role: controlling ? 'controlling' : 'controlled' })
    introduceForeign(end, nice)
    expect(await nice.connect()).toMatchObject({ connected: true })
    await exchange(end, nice)
    await Promise.all([end.ice.close(), nice.close()])
  })

  test('we are lite', async () => {
    const [end, nice] = await start({ controlling: true }, { lite: true })
    introduceForeign(end, nice)
    expect(await nice.connect()).toMatchObject({ connected: true })
    await exchange(end, nice)
    expect(end.ice.agent.stats.requestsSent).toBe(0)
    await Promise.all([end.ice.close(), nice.close()])
  })

  test.each([
    ['passive', true],
    ['passive', false],
    ['active', true],
    ['active', false],
  ] as const)('over TCP, where we are %s, libnice controlling: %s', async (tcpType, controlling) => {
    const [end, nice] = await start({ controlling, tcp: true }, { udp: false, tcp: [tcpType] })
    introduceForeign(end, nice)
    expect(await nice.connect()).toMatchObject({ connected: true })
    await exchange(end, nice)
    expect(end.selected).toMatchObject({ local: { transport: 'tcp', tcpType } })
    await Promise.all([end.ice.close(), nice.close()])
  })

  test('a wrong password: neither connects', async () => {
    const [end, nice] = await start({ controlling: true })
    nice.setRemoteCredentials({ ...end.ice.agent.localCredentials, password: 'x'.repeat(24) })
    for (const candidate of end.candidates) nice.addRemoteCandidate(candidate)
    expect(await nice.connect()).toMatchObject({ connected: false })
    expect(end.ice.agent.discarded.get('unauthenticated')).toBeGreaterThan(0)
    expect(end.ice.agent.pairs).toEqual([])
    await Promise.all([end.ice.close(), nice.close()])
  })
})
