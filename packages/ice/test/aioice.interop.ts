import { describe, expect, test } from '@jest/globals'

import { Coturn, whyNoCoturn } from './support/coturn.ts'
import {
  aioice as program,
  exchange,
  ForeignAgent,
  type ForeignOptions,
  introduceForeign as introduce,
  whyNo,
} from './support/foreign-agent.ts'
import { NodeEnd } from './support/node-end.ts'

const reason = whyNo('python3-aioice', program.command, ['-c', 'import aioice']) ?? whyNoCoturn()
const suite = reason === null ? describe : describe.skip

async function start(
  role: 'controlling' | 'controlled',
  options: ForeignOptions,
): Promise<[NodeEnd, ForeignAgent]> {
  const end = new NodeEnd({ role, addresses: [options.address ?? '127.0.0.1'] })
  return Promise.all([end.gathered(), ForeignAgent.start(program, options)])
}

suite(`aioice${reason === null ? '' : ` (${reason})`}`, () => {
  test.each([
    ['controlling', false, '127.0.0.1'],
    ['controlled', true, '127.0.0.1'],
    ['controlling', false, '::1'],
    ['controlled', true, '::1'],
  ] as const)('we are %s, aioice controlling: %s, over %s', async (role, controlling, address) => {
    const [end, aioice] = await start(role, { controlling, address })
    introduce(end, aioice)
    expect(await aioice.connect()).toEqual({ connected: true, controlling })
    await end.until(() => end.selected !== null)
    expect(end.selected).toMatchObject({
      nominated: true,
      role,
      local: { type: 'host' },
      remote: { type: 'host' },
    })
    await exchange(end, aioice)
    await Promise.all([end.ice.close(), aioice.close()])
  })

  test.each(['controlling', 'controlled'] as const)(
    'both are %s: the conflict repairs itself',
    async (role) => {
      const [end, aioice] = await start(role, { controlling: role === 'controlling' })
      introduce(end, aioice)
      const { connected, controlling } = await aioice.connect()
      expect(connected).toBe(true)
      await end.until(() => end.selected !== null)
      expect(end.ice.agent.role).toBe(controlling === true ? 'controlled' : 'controlling')
      await exchange(end, aioice)
      await Promise.all([end.ice.close(), aioice.close()])
    },
  )

  test('candidates that come late', async () => {
    const [end, aioice] = await start('controlling', { controlling: false })
    aioice.setRemoteCredentials(end.ice.agent.localCredentials)
    end.ice.setRemoteCredentials(aioice.credentials)
    for (const candidate of end.candidates) aioice.addRemoteCandidate(candidate)
    // We know none of aioice's candidates, and learn them from its checks.
    const { connected } = await aioice.connect()
    expect(connected).toBe(true)
    await end.until(() => end.selected !== null)
    expect(end.selected?.remote.type).toBe('prflx')
    await exchange(end, aioice)
    await Promise.all([end.ice.close(), aioice.close()])
  })

  test('a wrong password: neither connects', async () => {
    const [end, aioice] = await start('controlled', { controlling: true })
    aioice.setRemoteCredentials({ ...end.ice.agent.localCredentials, password: 'x'.repeat(24) })
    for (const candidate of end.candidates) aioice.addRemoteCandidate(candidate)
    const { connected } = await aioice.connect()
    expect(connected).toBe(false)
    expect(end.ice.agent.discarded.get('unauthenticated')).toBeGreaterThan(0)
    expect(end.ice.agent.pairs).toEqual([])
    await Promise.all([end.ice.close(), aioice.close()])
  })

  test('relayed by coturn', async () => {
    const coturn = await Coturn.start()
    const iceServers = [{ urls: `turn:127.0.0.1:${coturn.port}`, username: 'user', credential: 'secret' }]
    const end = new NodeEnd({ role: 'controlling', addresses: ['127.0.0.1'], policy: 'relay', iceServers })
    const [, aioice] = await Promise.all([
      end.gathered(),
      ForeignAgent.start(program, { controlling: false, turn: coturn.port }),
    ])
    introduce(end, aioice)
    expect(await aioice.connect()).toMatchObject({ connected: true })
    await end.until(() => end.selected !== null)
    // aioice has one candidate, and sends from its socket, too.
    expect(end.selected).toMatchObject({ local: { type: 'relay' } })
    await exchange(end, aioice)
    await Promise.all([end.ice.close(), aioice.close()])
    await coturn.stop()
  })
})
