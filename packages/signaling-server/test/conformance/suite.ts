import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { CloseCode, ErrorCode, type ServerFrame } from '@purertc/signaling-protocol'

import type { Fleet, FleetOptions } from '../support/fleet.ts'
import { TestClient } from '../test-client.ts'

/**
 * What a fleet of servers must do, whatever its store is and however many servers share it. Members of a channel are
 * spread over all of them.
 */
export function describeConformance(name: string, start: (options: FleetOptions) => Promise<Fleet>): void {
  describe(name, () => {
    let fleet: Fleet
    const clients: TestClient[] = []
    let rooms = 0
    let room = ''

    beforeAll(async () => {
      fleet = await start({
        closeSessionOnHangup: true,
        limits: { members: 6, keptFrames: 4, loggedEvents: 40, resumeWithin: 1_000, burst: 5_000 },
      })
    })
    afterAll(() => fleet.stop())
    afterEach(async () => {
      await Promise.all(clients.splice(0).map((client) => client.close()))
    })

    /** Fleets may share a store, and killed ones leave members behind for a while: no two have rooms of one name. */
    const newRoom = (): void => void (room = `${name} ${++rooms}`)
    const url = (at: number): string => fleet.urls[at % fleet.urls.length] ?? ''

    async function connect(at: number): Promise<TestClient> {
      const client = new TestClient(url(at))
      clients.push(client)
      expect((await client.next()).type).toBe('welcome')
      return client
    }

    async function enter(at: number, peer: string, channel = room): Promise<TestClient> {
      const client = await connect(at)
      client.say({ type: 'join', channel, peer, resumable: true })
      expect(await client.next()).toMatchObject({ type: 'joined', peer })
      return client
    }

    /** Peers of these names, one on each server in turn, who know of each other. */
    async function fill(...names: readonly string[]): Promise<TestClient[]> {
      newRoom()
      const members: TestClient[] = []
      for (const [at, peer] of names.entries()) {
        members.push(await enter(at, peer))
        for (const member of members.slice(0, -1))
          expect(await member.next()).toMatchObject({ type: 'peer-joined', peer })
      }
      return members
    }

    async function next(client: TestClient, count: number): Promise<readonly ServerFrame[]> {
      const frames: ServerFrame[] = []
      while (frames.length < count) frames.push(await client.next())
      return frames
    }

    /** Another connection, to another server, that takes the session up. */
    async function resume(old: TestClient, at: number, more: object = {}): Promise<TestClient> {
      const client = await connect(at)
      const { session, seq } = old
      client.say({ type: 'resume', session, seq, ...more })
      return client
    }

    test('members are told who is there, in order, with their roles', async () => {
      const [alice, bob, carol] = await fill('alice', 'bob', 'carol')
      const dave = await connect(1)
      dave.say({ type: 'join', channel: room, peer: 'dave', metadata: { a: ['ü', 1] }, id: 0 })
      expect(await dave.next()).toEqual({
        type: 'joined',
        channel: room,
        peer: 'dave',
        role: 'answerer',
        polite: true,
        count: 4,
        members: [{ peer: 'alice' }, { peer: 'bob' }, { peer: 'carol' }],
        id: 0,
      })
      for (const other of [alice, bob, carol])
        expect(await other?.next()).toEqual({
          type: 'peer-joined',
          peer: 'dave',
          metadata: { a: ['ü', 1] },
          count: 4,
          role: 'offerer',
          polite: false,
          replayed: 0,
        })
    })

    test('every pair of a mesh has one who offers and one who is polite', async () => {
      const members = await fill('a', 'b', 'c', 'd', 'e')
      await Promise.all(members.map((member) => member.close()))
      const offers = new Map<string, string[]>()
      newRoom()
      const mesh: { name: string; client: TestClient }[] = []
      for (const [at, name] of ['v', 'w', 'x', 'y', 'z'].entries()) {
        mesh.push({ name, client: await enter(at, name) })
        for (const { name: other, client } of mesh.slice(0, -1)) {
          const frame = await client.next()
          if (frame.type === 'peer-joined' && frame.role === 'offerer' && !frame.polite)
            offers.set(other, [...(offers.get(other) ?? []), frame.peer])
        }
      }
      expect([...offers]).toEqual([
        ['v', ['w', 'x', 'y', 'z']],
        ['w', ['x', 'y', 'z']],
        ['x', ['y', 'z']],
        ['y', ['z']],
      ])
    })

    test('frames of every kind go to all, to one, or to all but one', async () => {
      const [alice, bob, carol] = (await fill('alice', 'bob', 'carol')) as [
        TestClient,
        TestClient,
        TestClient,
      ]
      const description = { type: 'offer', sdp: 'v=0\r\n“quoted”' } as const
      alice.say({ type: 'description', description, id: 1 })
      alice.say({ type: 'candidate', candidate: null, to: 'carol' })
      alice.say({ type: 'renegotiate', restart: true, to: 'bob' })
      alice.say({ type: 'message', data: [1, { x: null }], except: 'bob', id: 2 })
      alice.say({ type: 'message', data: 'last' })
      expect(await next(bob, 3)).toEqual([
        { type: 'description', from: 'alice', description },
        { type: 'renegotiate', from: 'alice', restart: true },
        { type: 'message', from: 'alice', data: 'last' },
      ])
      expect(await next(carol, 4)).toEqual([
        { type: 'description', from: 'alice', description },
        { type: 'candidate', from: 'alice', candidate: null },
        { type: 'message', from: 'alice', data: [1, { x: null }] },
        { type: 'message', from: 'alice', data: 'last' },
      ])
      expect(await next(alice, 2)).toEqual([
        { type: 'delivered', delivered: true, count: 2, id: 1 },
        { type: 'delivered', delivered: true, count: 1, id: 2 },
      ])
      alice.say({ type: 'message', data: 1, to: 'nobody' })
      alice.say({ type: 'message', data: 1, to: 'alice', id: 3 })
      expect(await next(alice, 2)).toEqual([
        { type: 'delivered', to: 'nobody', delivered: false, count: 0 },
        { type: 'delivered', to: 'alice', delivered: false, count: 0, id: 3 },
      ])
    })

    test('bytes go through as they are', async () => {
      const [alice, bob] = (await fill('alice', 'bob')) as [TestClient, TestClient]
      const data = Uint8Array.from({ length: 1_000 }, (_, at) => at & 0xff)
      const header = new TextEncoder().encode('{"type":"message","to":"bob","id":1}')
      alice.socket.send(Uint8Array.of(0, header.length, ...header, ...data))
      expect(await alice.next()).toMatchObject({ type: 'delivered', delivered: true })
      alice.say({ type: 'message', data: 'after' })
      await bob.next()
      expect(bob.binaries).toEqual([{ from: 'alice', data }])
    })

    test('what a lone member says is kept for the first to come', async () => {
      const [alice] = (await fill('alice')) as [TestClient]
      alice.say({ type: 'description', description: { type: 'offer', sdp: 'old' } })
      alice.say({ type: 'candidate', candidate: null })
      alice.say({ type: 'message', data: 'hi' })
      alice.say({ type: 'description', description: { type: 'offer', sdp: 'new' }, id: 1 })
      alice.say({ type: 'candidate', candidate: { candidate: 'c' } })
      alice.say({ type: 'candidate', candidate: null })
      alice.say({ type: 'candidate', candidate: null, id: 2 })
      expect(await next(alice, 2)).toMatchObject([
        { type: 'delivered', delivered: false, id: 1 },
        { type: 'error', code: ErrorCode.bufferFull, id: 2 },
      ])
      const bob = await enter(1, 'bob')
      expect(await next(bob, 4)).toMatchObject([
        { data: 'hi' },
        { description: { sdp: 'new' } },
        { candidate: { candidate: 'c' } },
        { candidate: null },
      ])
      expect(await alice.next()).toMatchObject({ type: 'peer-joined', replayed: 4 })
      const carol = await enter(2, 'carol')
      carol.say({ type: 'message', data: 1 })
      expect(await bob.next()).toMatchObject({ type: 'peer-joined', peer: 'carol' })
      expect(await bob.next()).toMatchObject({ type: 'message', from: 'carol' })
    })

    test('a taken name and a full channel are refused', async () => {
      await fill('1', '2', '3', '4', '5')
      const late = await connect(1)
      late.say({ type: 'join', channel: room, peer: '3', id: 1 })
      expect(await late.next()).toMatchObject({ code: ErrorCode.peerTaken, id: 1 })
      await enter(0, '6')
      late.say({ type: 'join', channel: room, peer: '7' })
      expect(await late.next()).toMatchObject({ code: ErrorCode.channelFull })
    })

    test('who leaves, closes or hangs up is gone for all', async () => {
      const [alice, bob, carol, dave] = await fill('alice', 'bob', 'carol', 'dave')
      bob?.say({ type: 'leave', id: 4 })
      expect(await bob?.next()).toEqual({ type: 'left', channel: room, reason: 'leave', id: 4 })
      for (const other of [alice, carol, dave])
        expect(await other?.next()).toEqual({ type: 'peer-left', peer: 'bob', count: 3 })
      await dave?.close()
      for (const other of [alice, carol])
        expect(await other?.next()).toEqual({ type: 'peer-left', peer: 'dave', count: 2 })
      carol?.say({ type: 'bye', id: 5 })
      expect(await next(alice!, 2)).toEqual([
        { type: 'remote-close', peer: 'carol' },
        { type: 'left', channel: room, reason: 'hangup' },
      ])
      expect(await next(carol!, 2)).toEqual(
        expect.arrayContaining([
          { type: 'delivered', delivered: true, count: 1, id: 5 },
          { type: 'left', channel: room, reason: 'hangup' },
        ]),
      )
      alice?.say({ type: 'join', channel: room, peer: 'alice' })
      expect(await alice?.next()).toMatchObject({ type: 'joined', role: 'offerer', count: 1 })
    })

    test.each([0, 1, 2])(
      'a broken session is taken up %i servers further, once and in order',
      async (further) => {
        const [alice, bob] = (await fill('alice', 'bob')) as [TestClient, TestClient]
        alice.say({ type: 'message', data: 0 })
        await bob.next()
        bob.say({ type: 'message', data: 'said', n: 1, id: 1 })
        await bob.next()
        bob.socket.terminate()
        await bob.closed
        for (let data = 1; data <= 20; data++) alice.say({ type: 'message', data, to: 'bob', id: data })
        expect(await alice.next()).toMatchObject({ type: 'message', data: 'said' })
        expect(await next(alice, 20)).toHaveLength(20)
        const back = await resume(bob, 1 + further, { unanswered: 1, id: 9 })
        expect(await back.next()).toEqual({ type: 'resumed', channel: room, peer: 'bob', received: 1, id: 9 })
        expect(await back.next()).toMatchObject({ type: 'delivered', id: 1 })
        expect(await next(back, 20)).toMatchObject(Array.from({ length: 20 }, (_, at) => ({ data: at + 1 })))
        back.say({ type: 'message', data: 'twice', n: 1 })
        back.say({ type: 'message', data: 'again', n: 2 })
        expect(await alice.next()).toMatchObject({ data: 'again' })
        alice.say({ type: 'message', data: 21 })
        expect(await back.next()).toMatchObject({ data: 21 })
      },
    )

    test('the newer of two connections has the session', async () => {
      const [alice, bob] = (await fill('alice', 'bob')) as [TestClient, TestClient]
      const back = await resume(bob, 2)
      expect(await back.next()).toMatchObject({ type: 'resumed' })
      expect(await bob.closed).toBe(CloseCode.replaced)
      alice.say({ type: 'message', data: 1 })
      expect(await back.next()).toMatchObject({ data: 1 })
    })

    test('who does not come back in time, or missed too much, is out', async () => {
      const [alice, bob, carol] = (await fill('alice', 'bob', 'carol')) as [
        TestClient,
        TestClient,
        TestClient,
      ]
      bob.socket.terminate()
      carol.socket.terminate()
      await Promise.all([bob.closed, carol.closed])
      for (let data = 0; data < 400; data++) alice.say({ type: 'message', data })
      await alice.untilPong()
      const back = await resume(bob, 0, { id: 1 })
      expect(await back.next()).toMatchObject({ code: ErrorCode.resumeFailed, id: 1 })
      expect(await alice.next()).toEqual({ type: 'peer-left', peer: 'bob', count: 2 })
      expect(await alice.next()).toEqual({ type: 'peer-left', peer: 'carol', count: 1 })
      const late = await resume(carol, 1, { id: 2 })
      expect(await late.next()).toMatchObject({ code: ErrorCode.resumeFailed, id: 2 })
    })

    test('who was away hears of the end', async () => {
      const [alice, bob] = (await fill('alice', 'bob')) as [TestClient, TestClient]
      bob.socket.terminate()
      await bob.closed
      alice.say({ type: 'message', data: 1 })
      alice.say({ type: 'bye' })
      expect(await alice.next()).toMatchObject({ type: 'left' })
      const back = await resume(bob, 2)
      expect(await next(back, 4)).toEqual([
        { type: 'resumed', channel: room, peer: 'bob', received: 0 },
        { type: 'message', from: 'alice', data: 1 },
        { type: 'remote-close', peer: 'alice' },
        { type: 'left', channel: room, reason: 'hangup' },
      ])
    })

    test('all members hear all others in one order', async () => {
      const members = await fill('a', 'b', 'c', 'd')
      const each = 30
      for (let i = 0; i < each; i++)
        for (const [at, member] of members.entries()) member.say({ type: 'message', data: at * 1_000 + i })
      const heard = await Promise.all(members.map((member) => next(member, each * (members.length - 1))))
      const orders = heard.map((frames) =>
        frames.map((frame) => (frame.type === 'message' ? (frame.data as number) : -1)),
      )
      for (const [x, one] of orders.entries())
        for (const [y, other] of orders.entries()) {
          const shared = (order: readonly number[]): readonly number[] =>
            order.filter((data) => Math.floor(data / 1_000) !== x && Math.floor(data / 1_000) !== y)
          expect(shared(one)).toEqual(shared(other))
        }
    })
  })
}
