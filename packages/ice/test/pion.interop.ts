import { rmSync } from 'node:fs'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import type { NodeIceOptions } from '../src/node/index.ts'
import {
  buildPion,
  exchange,
  ForeignAgent,
  type ForeignOptions,
  type ForeignProgram,
  introduceForeign,
  whyNo,
} from './support/foreign-agent.ts'
import { NodeEnd } from './support/node-end.ts'

const reason = whyNo('Go', 'go', ['version'])
const suite = reason === null ? describe : describe.skip

suite(`pion/ice${reason === null ? '' : ` (${reason})`}`, () => {
  let program: ForeignProgram
  beforeAll(() => {
    program = buildPion()
  }, 300_000)
  afterAll(() => rmSync(program.command, { force: true }))

  /** Connects, sends data both ways, and hands back our end, which is to be closed. */
  async function connect(ours: Partial<NodeIceOptions>, theirs: ForeignOptions): Promise<NodeEnd> {
    const role = theirs.controlling ? 'controlled' : 'controlling'
    const end = new NodeEnd({ role, addresses: ['127.0.0.1'], ...ours })
    const [, pion] = await Promise.all([end.gathered(), ForeignAgent.start(program, theirs)])
    introduceForeign(end, pion, theirs.lite)
    expect(await pion.connect()).toMatchObject({ connected: true })
    await exchange(end, pion)
    await pion.close()
    return end
  }

  test.each([true, false])('pion controlling: %s', async (controlling) => {
    const end = await connect({}, { controlling })
    expect(end.selected).toMatchObject({ nominated: true, local: { type: 'host', transport: 'udp' } })
    await end.ice.close()
  })

  test('we are lite', async () => {
    const end = await connect({ lite: true }, { controlling: true })
    expect(end.ice.agent.stats.requestsSent).toBe(0)
    await end.ice.close()
  })

  test('pion is lite', async () => {
    const end = await connect({}, { controlling: false, lite: true })
    expect(end.ice.agent.role).toBe('controlling')
    await end.ice.close()
  })

  test.each([true, false])('over TCP, which we take, pion controlling: %s', async (controlling) => {
    const end = await connect({ udp: false, tcp: ['passive'] }, { controlling, tcp: true })
    expect(end.selected).toMatchObject({ local: { transport: 'tcp', tcpType: 'passive' } })
    await end.ice.close()
  })
})
