import { describe, expect, test } from '@jest/globals'

import { FakeWebSocket } from './support/fake-web-socket.ts'
import { codeOf, joined, Lab, transient, welcome } from './support/lab.ts'

describe('a client that was closed', () => {
  test.each([1006, 1012, 4001, 4408])(
    'does not come back, whatever the socket ends with: %i',
    async (code) => {
      const lab = await Lab.inRoom()
      lab.socket.end(1006)
      lab.scheduler.ring()
      const closed = lab.client.close(4001)
      // Under way already.
      lab.socket.say(welcome('second'))
      lab.socket.end(code)
      await closed
      expect([lab.client.state, lab.scheduler.size, lab.names]).toEqual([
        'closed',
        0,
        ['reconnecting', 'close'],
      ])
    },
  )

  test('does not come back from a resumption that fails meanwhile', async () => {
    const lab = await Lab.inRoom()
    await lab.comeBack()
    const off = lab.client.on('rawMessage', () => {
      off()
      void lab.client.close(4001)
    })
    await lab.refuse('resume-failed')
    lab.socket.end(1006)
    expect([lab.client.state, lab.scheduler.size]).toEqual(['closed', 0])
  })

  test('comes back again once it was connected anew', async () => {
    const lab = await Lab.inRoom()
    const closed = lab.client.close()
    lab.socket.end(1000)
    await closed
    await lab.enter()
    lab.socket.end(1006)
    expect([lab.client.state, lab.names]).toEqual(['reconnecting', ['reconnecting']])
  })

  test('hears nothing any more', async () => {
    const lab = await Lab.inRoom(transient)
    void lab.client.close()
    lab.hear(2)
    lab.socket.end(1000)
    expect(lab.names).toEqual(['close'])
  })

  test('does not wait for a server that does not answer', async () => {
    const lab = await Lab.inRoom()
    const closed = lab.client.close(4001, 'enough')
    expect(lab.scheduler.delays.at(-1)).toBe(5_000)
    lab.scheduler.ring()
    await closed
    expect(lab.events).toEqual([['close', { code: 4001, reason: 'enough' }]])
    expect(lab.scheduler.size).toBe(0)
    lab.socket.end(1006)
    lab.socket.onerror?.({ error: new Error('late') })
    expect(lab.names).toEqual(['close'])
  })

  test('goes on where the code was not allowed', async () => {
    class Strict extends FakeWebSocket {
      override close(code?: number): void {
        if (code !== undefined && code !== 1000 && code < 3000) throw new RangeError('InvalidAccessError')
        super.close(code)
      }
    }
    const lab = await Lab.inRoom({ WebSocket: Strict })
    await expect(lab.client.close(1001)).rejects.toThrow(RangeError)
    lab.hear(2)
    lab.socket.end(1006)
    expect([lab.client.state, lab.names]).toEqual(['reconnecting', ['message', 'reconnecting']])
    await lab.client.close()
    expect(lab.client.state).toBe('closed')
  })
})

describe('a connection that did not come about', () => {
  test('is not in the way of the next one', async () => {
    const { client, scheduler, events } = new Lab(transient)
    const greeted = client.connect()
    const silent = FakeWebSocket.made.at(-1)!
    scheduler.ring()
    expect(await codeOf(greeted)).toBe('timeout')
    expect([silent.closedWith, client.state, scheduler.size]).toEqual([1000, 'closed', 0])
    const again = client.connect()
    silent.say(welcome('ghost'))
    silent.end(1006)
    FakeWebSocket.made.at(-1)!.say(welcome())
    expect(await again).toMatchObject({ session: 'secret' })
    expect([client.state, events]).toEqual(['open', [['close', { code: 1000, reason: '' }]]])
  })

  test('nor is one that a signal gave up', async () => {
    const lab = new Lab()
    const controller = new AbortController()
    const greeted = lab.client.connect({ signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(greeted).rejects.toThrow('enough')
    await lab.connect()
    expect(lab.client.state).toBe('open')
  })
})

/** One that never aborts, and how many listen to it. */
function heardSignal(): { readonly signal: AbortSignal; readonly listeners: () => number } {
  const { signal: own } = new AbortController()
  let listeners = 0
  const signal = Object.create(own, {
    throwIfAborted: { value: () => undefined },
    addEventListener: { value: () => listeners++ },
    removeEventListener: { value: () => listeners-- },
  }) as AbortSignal
  return { signal, listeners: () => listeners }
}

test('a signal that many clients share keeps none that is closed', async () => {
  const { signal, listeners } = heardSignal()
  const lab = new Lab({ signal })
  for (let i = 0; i < 3; i++) {
    await lab.connect()
    expect(listeners()).toBe(1)
    lab.socket.end(1000)
    expect(listeners()).toBe(0)
  }
})

test('nor does that of a request, once it is answered', async () => {
  const { signal, listeners } = heardSignal()
  const lab = await Lab.connected()
  const answer = lab.client.join('room', { signal })
  expect(listeners()).toBe(1)
  lab.admit(1)
  await answer
  expect(listeners()).toBe(0)
})

test('a signal closes a client that was connected a second time', async () => {
  const controller = new AbortController()
  const lab = new Lab({ signal: controller.signal })
  await lab.connect()
  lab.socket.end(1000)
  await lab.connect()
  controller.abort()
  expect(lab.socket.closedWith).toBe(1000)
})

describe('a join that was given up', () => {
  test('does not get in the way of the next one, nor tell of its channel', async () => {
    const lab = await Lab.connected()
    const controller = new AbortController()
    const given = lab.client.join('other', { signal: controller.signal })
    controller.abort()
    await expect(given).rejects.toMatchObject({ name: 'AbortError' })
    const answer = lab.client.join('room')
    const id = lab.socket.last['id'] as number
    // The server takes one after the other.
    lab.socket.say({ ...joined, channel: 'other', seq: 7, id: 1 })
    lab.hear(8)
    lab.socket.say({ type: 'left', channel: 'other', reason: 'leave' })
    expect(lab.client.channel).toBeUndefined()
    lab.socket.say({ ...joined, id })
    expect(await answer).toMatchObject({ channel: 'room' })
    lab.hear(2)
    expect([lab.client.channel, lab.names]).toEqual(['room', ['joined', 'message']])
    expect(lab.client.bye()).toBe(true)
  })

  test('tells nothing either where no other follows', async () => {
    const lab = await Lab.connected(transient)
    const late = lab.client.join('room')
    lab.scheduler.ring()
    expect(await codeOf(late)).toBe('timeout')
    lab.socket.say({ ...joined, id: 1 })
    lab.socket.say({ type: 'left', channel: 'room', reason: 'leave' })
    expect([lab.client.channel, lab.names]).toEqual([undefined, []])
  })
})
