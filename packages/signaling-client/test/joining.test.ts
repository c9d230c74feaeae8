import { describe, expect, test } from '@jest/globals'
import { ErrorCode } from '@purertc/signaling-protocol'

import { codeOf, joined, Lab, transient } from './support/lab.ts'

describe('joining', () => {
  test('sends what was asked for and resolves with the answer', async () => {
    const { client, socket, scheduler } = await Lab.connected(transient)
    const answer = client.join('room', { peer: 'alice', metadata: [1], token: 't' })
    expect(socket.last).toEqual({
      type: 'join',
      channel: 'room',
      peer: 'alice',
      metadata: [1],
      token: 't',
      id: 1,
    })
    socket.say({ ...joined, id: 1 })
    expect(await answer).toMatchObject(joined)
    expect([client.channel, client.peer, scheduler.size]).toEqual(['room', 'alice', 0])
  })

  test('rejects with the server’s code', async () => {
    const { client, socket, events } = await Lab.connected(transient)
    const answer = client.join('room')
    socket.say({ type: 'error', code: ErrorCode.joinRefused, message: 'no', id: 1 })
    expect(await codeOf(answer)).toBe(ErrorCode.joinRefused)
    expect(socket.last).toMatchObject({ type: 'join' })
    expect(events).toEqual([])
    expect(client.channel).toBeUndefined()
  })

  test('rejects when no answer comes, when it is a wrong one, and when the connection closes', async () => {
    const { client, socket, scheduler } = await Lab.connected(transient)
    const late = client.join('room')
    scheduler.ring()
    expect(await codeOf(late)).toBe('timeout')
    const wrong = client.join('room')
    socket.say({ type: 'pong', id: 2 })
    expect(await codeOf(wrong)).toBe('bad-frame')
    const cut = client.join('room')
    socket.end(1006)
    expect(await codeOf(cut)).toBe('closed')
    expect(scheduler.size).toBe(0)
    expect(await codeOf(client.join('room'))).toBe('not-connected')
  })

  test('ends with leave, and with somebody’s hang-up', async () => {
    const { client, socket, events } = await Lab.inRoom(transient)
    const answer = client.leave()
    socket.say({ type: 'left', channel: 'room', reason: 'leave', id: socket.last['id'] as number })
    await answer
    expect(client.channel).toBeUndefined()
    const again = client.join('room')
    socket.say({ ...joined, id: socket.last['id'] as number })
    await again
    socket.say({ type: 'remote-close', peer: 'bob', seq: 2 })
    socket.say({ type: 'left', channel: 'room', reason: 'hangup' })
    expect(client.peer).toBeUndefined()
    expect(events.map(([name]) => name)).toEqual(['left', 'joined', 'remoteClose', 'left'])
  })

  test('is given up by a signal, and the channel left', async () => {
    const lab = await Lab.connected()
    const controller = new AbortController()
    const joined = lab.client.join('room', { signal: controller.signal })
    controller.abort()
    await expect(joined).rejects.toMatchObject({ name: 'AbortError' })
    expect(lab.socket.last).toEqual({ type: 'leave' })
    await expect(lab.client.join('room', { signal: controller.signal })).rejects.toMatchObject({
      name: 'AbortError',
    })
  })

  test('whose answer does not come in time is called off', async () => {
    const { client, socket, scheduler } = await Lab.connected(transient)
    const late = client.join('room')
    scheduler.ring()
    expect(await codeOf(late)).toBe('timeout')
    expect(socket.last).toEqual({ type: 'leave' })
  })

  test('is not asked for without the token that a function was to make', async () => {
    const { client, socket } = await Lab.connected(transient)
    const token = (): string => {
      throw new Error('signed out')
    }
    await expect(client.join('room', { token })).rejects.toThrow('signed out')
    expect(socket.sent).toEqual([])
    const answer = client.join('room')
    socket.say({ ...joined, id: socket.last['id'] as number })
    await answer
  })
})
