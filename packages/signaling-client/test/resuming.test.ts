import { afterEach, describe, expect, test } from '@jest/globals'

import { FakeWebSocket } from './support/fake-web-socket.ts'
import { Lab, welcome } from './support/lab.ts'

afterEach(() => {
  FakeWebSocket.made.length = 0
})

describe('a broken connection', () => {
  test('is taken up where it stopped; nothing is heard twice, nothing is unsaid', async () => {
    const lab = await Lab.inRoom()
    lab.hear(2)
    const answered = lab.client.sendMessage('a')
    lab.socket.say({ type: 'delivered', delivered: true, count: 1, id: lab.socket.last['id'] as number })
    await answered
    const open = lab.client.sendMessage('b')
    expect(lab.client.state).toBe('open')
    lab.socket.end(1006)
    expect([lab.client.state, lab.client.channel]).toEqual(['reconnecting', 'room'])
    expect(lab.client.sendCandidate(null, 'bob')).toBe(true)
    lab.scheduler.ring()
    lab.socket.say(welcome('second'))
    expect(lab.socket.last).toEqual({ type: 'resume', session: 'first', seq: 2, unanswered: 2, id: 4 })
    lab.resume(1)
    expect(lab.socket.sent.slice(1).map((text) => JSON.parse(text) as object)).toEqual([
      { type: 'message', data: 'b', n: 2, id: 3 },
      { type: 'candidate', candidate: null, to: 'bob', n: 3 },
    ])
    lab.hear(2)
    lab.hear(3)
    lab.socket.say({ type: 'delivered', delivered: true, count: 1, id: 3 })
    await open
    expect(lab.names).toEqual(['message', 'reconnecting', 'resumed', 'message'])
    expect(lab.client.state).toBe('open')
  })

  test('is tried again after waits that double, drawn from all of their span, up to a limit', async () => {
    const lab = await Lab.inRoom({ reconnect: { initial: 100, max: 400, attempts: 4 } })
    lab.scheduler.delays.length = 0
    for (let i = 0; i < 5; i++) {
      lab.socket.end(1006)
      lab.scheduler.ring()
    }
    expect(lab.scheduler.delays).toEqual([50, 100, 200, 200])
    expect(lab.names).toEqual([...Array<string>(4).fill('reconnecting'), 'close'])
    expect(lab.client.state).toBe('closed')
  })

  test.each([1000, 1009, 4409, 4429])('closed with %i is not tried again', async (code) => {
    const lab = await Lab.inRoom()
    lab.socket.end(code)
    expect([lab.names, lab.scheduler.size]).toEqual([['close'], 0])
  })

  test('that breaks again while it is taken up is taken up all the same', async () => {
    const lab = await Lab.inRoom()
    for (let i = 0; i < 3; i++) {
      await lab.comeBack()
      expect(lab.client.state).toBe('reconnecting')
      expect(lab.socket.last).toMatchObject({ type: 'resume', session: 'first' })
    }
    lab.resume(0)
    expect([lab.client.state, lab.client.channel]).toEqual(['open', 'room'])
    expect(lab.names).toEqual(['reconnecting', 'reconnecting', 'reconnecting', 'resumed'])
  })

  test('that was taken up is waited for no longer than the first time', async () => {
    const lab = await Lab.inRoom({ reconnect: { initial: 100, attempts: 2 } })
    lab.scheduler.delays.length = 0
    for (let i = 0; i < 4; i++) {
      await lab.comeBack()
      lab.resume(0)
    }
    expect(lab.scheduler.delays).toEqual([50, 50, 50, 50])
    expect(lab.client.state).toBe('open')
  })

  test('that another protocol greets is left for the next one', async () => {
    const lab = await Lab.inRoom()
    lab.socket.end(1006)
    lab.scheduler.ring()
    const stranger = lab.socket
    stranger.protocol = 'other'
    stranger.say(welcome('second'))
    expect([stranger.closedWith, stranger.sent, lab.client.state]).toEqual([4000, [], 'reconnecting'])
    lab.scheduler.ring()
    lab.socket.say(welcome('third'))
    expect(lab.socket.last).toMatchObject({ type: 'resume', session: 'first' })
  })

  test('of a server that is not there from the start fails at once', async () => {
    const lab = new Lab()
    const greeted = lab.client.connect()
    lab.socket.end(1006)
    await expect(greeted).rejects.toMatchObject({ code: 'connect-failed' })
    expect(lab.names).toEqual(['close'])
  })

  test('before the answer to a join: the resumption or another join answers it', async () => {
    const lab = await Lab.connected()
    const joined = lab.client.join('room', { peer: 'alice' })
    await lab.comeBack()
    expect(lab.socket.last).toMatchObject({ type: 'resume', session: 'first' })
    expect(lab.socket.last).not.toHaveProperty('seq')
    await lab.refuse('resume-failed')
    expect(lab.socket.last).toEqual({ type: 'join', channel: 'room', peer: 'alice', resumable: true, id: 1 })
    lab.admit(1)
    expect(await joined).toMatchObject({ peer: 'alice' })
    expect(lab.names).toEqual(['reconnecting', 'joined'])
  })

  test.each(['resumed', 'lost'])(
    'before a join that was given up is taken up, and left: %s',
    async (fate) => {
      const lab = await Lab.connected()
      const controller = new AbortController()
      const joined = lab.client.join('room', { peer: 'alice', signal: controller.signal })
      await lab.comeBack()
      controller.abort()
      await expect(joined).rejects.toMatchObject({ name: 'AbortError' })
      expect(lab.socket.last).toMatchObject({ type: 'resume' })
      if (fate === 'resumed') {
        lab.resume(0)
        expect(lab.socket.last).toMatchObject({ type: 'leave' })
        const id = lab.socket.last['id'] as number
        lab.socket.say({ type: 'left', channel: 'room', reason: 'leave', id })
      } else await lab.refuse('resume-failed')
      expect(lab.client.state).toBe('open')
      const again = lab.client.join('room', { peer: 'alice' })
      lab.admit(3)
      await again
    },
  )

  test('outside of a channel is just opened again', async () => {
    const lab = await Lab.connected()
    const ping = lab.client.ping()
    await lab.comeBack(1012)
    await expect(ping).rejects.toMatchObject({ code: 'closed' })
    expect(lab.client.state).toBe('open')
    expect(lab.socket.sent).toEqual([])
  })
})

describe('a session that is lost', () => {
  test('fails what had no answer, says so, and joins anew', async () => {
    const lab = await Lab.inRoom()
    const open = lab.client.sendMessage('a')
    await lab.comeBack()
    await lab.refuse('resume-failed')
    await expect(open).rejects.toMatchObject({ code: 'lost' })
    expect(lab.socket.last).toMatchObject({
      type: 'join',
      channel: 'room',
      peer: 'alice',
      token: 'ticket',
      resumable: true,
    })
    lab.admit(7)
    expect(lab.names).toEqual(['reconnecting', 'lost', 'joined'])
    lab.hear(8)
    expect(lab.names.at(-1)).toBe('message')
    await lab.comeBack()
    expect(lab.socket.last).toMatchObject({ type: 'resume', session: 'second', seq: 8 })
  })

  test('is not joined anew where a listener went elsewhere', async () => {
    const lab = await Lab.inRoom()
    lab.client.on('lost', () => void lab.client.join('other'))
    await lab.comeBack()
    await lab.refuse('resume-failed')
    expect(lab.socket.sent.slice(1).map((text) => JSON.parse(text) as object)).toMatchObject([
      { type: 'join', channel: 'other' },
    ])
  })

  test('and cannot be joined anew, is an error', async () => {
    const lab = await Lab.inRoom()
    await lab.comeBack()
    await lab.refuse('resume-failed')
    await lab.refuse('join-refused')
    expect(lab.events.at(-1)).toEqual(['error', expect.objectContaining({ code: 'join-refused' })])
    expect(lab.client.channel).toBeUndefined()
  })

  test('and cannot be joined anew for want of a token, is an error', async () => {
    const lab = await Lab.connected()
    let isSignedIn = true
    const token = (): string => {
      if (!isSignedIn) throw new Error('signed out')
      return 'ticket'
    }
    const answer = lab.client.join('room', { token })
    lab.admit(1)
    await answer
    isSignedIn = false
    await lab.comeBack()
    await lab.refuse('resume-failed')
    expect(lab.names.slice(-2)).toEqual(['lost', 'error'])
    expect(lab.events.at(-1)?.[1]).toMatchObject({ code: 'no-token', cause: { message: 'signed out' } })
    expect([lab.client.channel, lab.client.state]).toEqual([undefined, 'open'])
  })

  test('while leaving is left', async () => {
    const lab = await Lab.inRoom()
    const left = lab.client.leave()
    await lab.comeBack()
    await lab.refuse('resume-failed')
    await left
    expect(lab.client.channel).toBeUndefined()
    expect(lab.names).toEqual(['reconnecting'])
  })

  test('not yet, while leaving, is left again', async () => {
    const lab = await Lab.inRoom()
    const left = lab.client.leave()
    await lab.comeBack()
    lab.resume(0)
    expect(lab.socket.last).toEqual({ type: 'leave', id: 2 })
    lab.socket.say({ type: 'left', channel: 'room', reason: 'leave', id: 2 })
    await left
  })

  test('for now, because the server cannot reach what it shares, is tried again', async () => {
    const lab = await Lab.inRoom()
    await lab.comeBack()
    await lab.refuse('unavailable')
    expect([lab.client.state, lab.names]).toEqual(['reconnecting', ['reconnecting', 'reconnecting']])
  })
})

describe('a server that drains', () => {
  test('is left within its time, and another one is next', async () => {
    const lab = await Lab.inRoom({ url: ['ws://192.0.2.1', 'ws://192.0.2.2'] })
    const old = lab.socket
    lab.socket.say({ type: 'drain', within: 10_000 })
    expect(lab.scheduler.delays.at(-1)).toBe(4_000)
    lab.scheduler.ring()
    expect(old.closedWith).toBe(4000)
    lab.scheduler.ring()
    expect([lab.socket.url, lab.client.state]).toEqual(['ws://192.0.2.2', 'reconnecting'])
    old.say({ type: 'message', from: 'bob', data: 'late', seq: 2 })
    lab.socket.say(welcome('second'))
    expect(lab.socket.last).toMatchObject({ type: 'resume', session: 'first', seq: 1 })
    expect(lab.names).toEqual(['drain', 'reconnecting'])
  })
})

describe('a connection that is silent', () => {
  test('is asked for a sign of life, and left when there is none', async () => {
    const lab = await Lab.inRoom({ quietAfter: 1_000, timeout: 500 })
    const old = lab.socket
    const pings = (): number => lab.socket.sent.filter((text) => text === '{"type":"ping"}').length
    lab.scheduler.ring()
    expect(pings()).toBe(0)
    lab.scheduler.ring()
    expect(pings()).toBe(1)
    lab.socket.say({ type: 'pong' })
    lab.scheduler.ring()
    expect(pings()).toBe(1)
    lab.scheduler.ring()
    expect(pings()).toBe(2)
    lab.scheduler.ring()
    expect([old.closedWith, lab.client.state]).toEqual([4000, 'reconnecting'])
  })
})

describe('what waits for the server', () => {
  test('is bounded', async () => {
    const lab = await Lab.inRoom()
    lab.socket.end(1006)
    for (let i = 0; i < 256; i++) expect(lab.client.sendCandidate(null)).toBe(true)
    expect(lab.client.sendCandidate(null)).toBe(false)
    await expect(lab.client.sendMessage(1)).rejects.toMatchObject({ code: 'too-much' })
    lab.scheduler.ring()
    lab.socket.say(welcome('second'))
    lab.resume(250)
    expect(lab.socket.sent).toHaveLength(7)
    lab.socket.say({ type: 'ack', n: 256 })
    await lab.comeBack()
    lab.resume(256)
    expect(lab.socket.sent).toHaveLength(1)
  })

  test('is not sent when its time is over', async () => {
    const lab = await Lab.inRoom({ timeout: 10_000 })
    lab.socket.end(1006)
    const late = lab.client.sendMessage(1)
    lab.scheduler.ring()
    await expect(late).rejects.toMatchObject({ code: 'timeout' })
    lab.socket.say(welcome('second'))
    lab.resume(0)
    expect(lab.socket.sent).toHaveLength(1)
  })
})
