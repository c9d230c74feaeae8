import { describe, expect, test } from '@jest/globals'

import { collect, openChannel } from './support/sim-channel.ts'
import { negotiate, SimWorld } from './support/sim-environment.ts'

const invalidState = expect.objectContaining({ name: 'InvalidStateError' })

describe('the end of a channel', () => {
  test('comes to both ends, after all that was sent', async () => {
    const { world, channel, remote } = await openChannel()
    const events: string[] = []
    for (const [name, each] of [
      ['local', channel],
      ['remote', remote],
    ] as const) {
      each.onclosing = () => events.push(`${name} closing`)
      each.onclose = () => events.push(`${name} close`)
      each.onerror = () => events.push(`${name} error`)
    }
    const messages = collect(remote)
    channel.send('last words')
    channel.close()
    channel.close()
    expect(channel.readyState).toBe('closing')
    await world.until(() => channel.readyState === 'closed' && remote.readyState === 'closed')
    expect(messages).toEqual(['last words'])
    expect(events.filter((event) => event.startsWith('remote'))).toEqual(['remote closing', 'remote close'])
    expect(events.filter((event) => event.startsWith('local'))).toEqual(['local close'])
  })

  test('before it was opened leaves nothing behind', async () => {
    const world = new SimWorld()
    const [alice, bob] = world.pair()
    const doomed = alice.createDataChannel('doomed')
    const kept = alice.createDataChannel('kept')
    doomed.close()
    expect(doomed.readyState).toBe('closing')
    await negotiate(alice, bob)
    await world.until(() => doomed.readyState === 'closed' && kept.readyState === 'open')
  })

  test('with the connection is silent here, and an error with its cause there', async () => {
    const { world, alice, channel, remote } = await openChannel()
    const events: string[] = []
    channel.onclose = () => events.push('local')
    remote.onerror = ({ error }) => events.push(`${error.errorDetail} ${error.sctpCauseCode}`)
    remote.onclose = () => events.push('remote')
    alice.close()
    expect(channel.readyState).toBe('closed')
    expect(alice.connectionState).toBe('closed')
    await world.until(() => remote.readyState === 'closed')
    // RFC 9260 §3.3.10.12: user-initiated abort.
    expect(events).toEqual(['sctp-failure 12', 'remote'])
    expect(() => remote.send('x')).toThrow(invalidState)
  })

  test('comes at once where the peer rejects the data section', async () => {
    const world = new SimWorld()
    const [alice, bob] = world.pair()
    const channel = alice.createDataChannel('unwanted')
    const errors: string[] = []
    channel.onerror = ({ error }) => errors.push(error.errorDetail)
    await alice.setLocalDescription()
    await bob.setRemoteDescription({ type: 'offer', sdp: alice.localDescription?.sdp ?? '' })
    const { sdp = '' } = await bob.createAnswer()
    await alice.setRemoteDescription({
      type: 'answer',
      sdp: sdp.replace('m=application 9', 'm=application 0').replace(/a=group:BUNDLE.*\r\n/, ''),
    })
    await world.until(() => channel.readyState === 'closed')
    expect(errors).toEqual(['data-channel-failure'])
  })
})
