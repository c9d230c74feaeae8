import { createServer, type Server } from 'node:http'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createSignalingServer, type SignalingServer } from '@purertc/signaling-server'

import { Peer, type PeerEvents, type PeerOptions, type RTCIceCandidateInit } from '../src/index.ts'
import { platform } from '../src/node/peer.ts'
import { Peer as MachinePeer } from '../src/peer/peer.ts'

let server: SignalingServer
let http: Server
let url = ''

beforeAll(async () => {
  http = createServer()
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const address = http.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  server = await createSignalingServer({
    server: http,
    closeSessionOnHangup: false,
    iceServers: [{ urls: `stun:127.0.0.1:${address.port}` }],
  })
  url = `ws://127.0.0.1:${address.port}`
})

afterAll(async () => {
  await server.close()
  await new Promise((resolve) => http.close(resolve))
})

const network = { addresses: ['127.0.0.1'] }

function createPeer(name: string, channel: string, options: Partial<PeerOptions> = {}): Peer {
  return new Peer({ signaling: url, channel, peer: name, network, ...options })
}

function next<Name extends keyof PeerEvents>(peer: MachinePeer, name: Name): Promise<PeerEvents[Name]> {
  return new Promise((resolve) => peer.once(name, resolve))
}

/** Alice is there first, so she offers. */
async function connected(
  channel: string,
  alices: Partial<PeerOptions> = {},
  bobs: Partial<PeerOptions> = {},
): Promise<{ alice: Peer; bob: Peer; close: () => Promise<unknown> }> {
  const alice = createPeer('alice', channel, alices)
  const bob = createPeer('bob', channel, bobs)
  const both = Promise.all([next(alice, 'connect'), next(bob, 'connect')])
  await alice.connect()
  await bob.connect()
  await both
  return { alice, bob, close: () => Promise.all([alice.close(), bob.close()]) }
}

describe('a Peer', () => {
  test('meets another one and exchanges text and bytes', async () => {
    const { alice, bob, close } = await connected('basic')
    expect(alice.isConnected && bob.isConnected).toBe(true)
    expect(alice.pair).toMatchObject({ role: 'controlling', state: 'succeeded' })
    expect(alice.security).toMatchObject({ version: 'DTLS 1.3', group: 'x25519mlkem768' })
    expect(alice.security?.cipherSuite).toBe('TLS_AES_128_GCM_SHA256')
    const text = next(bob, 'message')
    expect(alice.send('hello')).toBe(true)
    expect(await text).toBe('hello')
    const bytes = next(alice, 'message')
    bob.send(Uint8Array.of(1, 2, 3))
    expect(await bytes).toEqual(Uint8Array.of(1, 2, 3))
    await close()
    expect(() => alice.send('late')).toThrow(expect.objectContaining({ code: 'not-connected' }))
  })

  test('exchanges datagrams in the mode of the offering end, one write one message', async () => {
    const { alice, bob, close } = await connected('datagrams', { mode: 'datagram' })
    const received: unknown[] = []
    bob.on('message', (data) => received.push(data))
    const third = new Promise<void>((resolve) => bob.on('message', () => received.length === 3 && resolve()))
    for (const text of ['one', 'two', 'three']) alice.send(text)
    await third
    expect(received).toEqual(['one', 'two', 'three'].map((text) => new TextEncoder().encode(text)))
    const answer = next(alice, 'message')
    bob.send('four')
    expect(await answer).toEqual(new TextEncoder().encode('four'))
    await close()
  })

  test('tells what happens, in the order of the four steps', async () => {
    const steps: string[] = []
    const alice = createPeer('alice', 'steps')
    const bob = createPeer('bob', 'steps')
    const names = ['joined', 'localDescription', 'remoteDescription', 'secured', 'connect'] as const
    for (const name of names) alice.on(name, () => steps.push(name))
    const frames: string[] = []
    alice.on('rawMessage', (text) => frames.push(text))
    const candidates: unknown[] = []
    alice.on('localCandidate', (candidate) => candidates.push(candidate?.candidate ?? null))
    const nominated = next(alice, 'candidatePairNominated')
    const joined = next(alice, 'joined')
    const both = Promise.all([next(alice, 'connect'), next(bob, 'connect')])
    await alice.connect()
    await bob.connect()
    const [connect] = await both
    expect(await joined).toMatchObject({ peer: 'alice', channel: 'steps', members: [] })
    expect((await joined).iceServers).toHaveLength(1)
    expect(steps).toEqual(names)
    expect(connect).toMatchObject({ peer: 'bob', mode: 'datachannel', pair: { state: 'succeeded' } })
    expect(connect.security.fingerprint).toMatch(/^sha-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
    expect((await nominated).nominated).toBe(true)
    expect(candidates[0]).toMatch(/^candidate:.* 127\.0\.0\.1 \d+ typ host/)
    expect(frames.some((frame) => frame.includes('peer-joined'))).toBe(true)
    await Promise.all([alice.close(), bob.close()])
  })

  test('lets the application edit descriptions and refuse candidates', async () => {
    const seen: string[] = []
    const { bob, close } = await connected(
      'decisions',
      {
        decide: {
          localDescription: async ({ type, sdp = '' }) => ({ type, sdp: `${sdp}a=x-edited:yes\r\n` }),
          localCandidate: ({ candidate = '' }) => candidate.includes('127.0.0.1'),
          candidatePair: (pair) => {
            seen.push(pair.remote.type)
            return true
          },
        },
        network: { addresses: ['127.0.0.1', '::1'] },
      },
      { decide: { remoteCandidate: async (candidate) => seen.push(candidate.candidate ?? '') > 0 } },
    )
    expect(bob.connection?.remoteDescription?.sdp).toContain('a=x-edited:yes')
    expect(seen.filter((line) => line.startsWith('candidate:'))).toHaveLength(1)
    expect(seen.some((line) => line.includes('::1'))).toBe(false)
    await close()
  })

  test('tells of servers that give nothing, and of a pair that the other one refused', async () => {
    const refused: string[] = []
    // RFC 1035 §2.3.4: a label of more than 63 octets is refused without asking a name server.
    const unknown = `stun:${'x'.repeat(64)}.invalid`
    const alice = createPeer('alice', 'failures', {
      network: { addresses: ['127.0.0.1', '::1'] },
      iceServers: [{ urls: unknown }],
      ice: { sped: true },
      sctpSnap: true,
    })
    const bob = createPeer('bob', 'failures', {
      network: { addresses: ['127.0.0.1', '::1'] },
      ice: { sped: true },
      sctpSnap: true,
      // The first pair that is nominated is not the one to use.
      decide: {
        candidatePair: ({ remote }) => {
          if (refused.length === 0) refused.push(remote.address)
          return remote.address !== refused[0]
        },
      },
    })
    const failed = next(alice, 'candidatePairFailed')
    const lacking = next(alice, 'candidateError')
    const both = Promise.all([next(alice, 'connect'), next(bob, 'connect')])
    await alice.connect()
    await bob.connect()
    await both
    expect(await lacking).toMatchObject({ url: unknown, errorCode: 701, address: null })
    const { pair: lost, reason } = await failed
    expect([reason, lost.local.address]).toEqual(['403', refused[0]])
    expect(alice.connection?.localDescription?.sdp).toMatch(/^a=ice-options:trickle sped\r$/m)
    expect(alice.connection?.localDescription?.sdp).toMatch(/^a=sctp-init:/m)
    await Promise.all([alice.close(), bob.close()])
  })

  test('hears that the other one has gone, and is told so once', async () => {
    const { alice, bob } = await connected('gone')
    const gone: unknown[] = []
    alice.on('remoteDisconnect', ({ reason }) => gone.push(reason))
    const cleared = next(alice, 'clear')
    await bob.close()
    await cleared
    expect(alice.isConnected).toBe(false)
    expect(gone).toHaveLength(1)
    await alice.close()
  })

  test('may keep the link when the other one only leaves the channel', async () => {
    const { alice, bob, close } = await connected('kept', { decide: { remoteDisconnect: () => false } })
    const left = next(alice, 'remoteDisconnect')
    await bob.signaling?.leave()
    expect(await left).toEqual({ peer: 'bob', reason: 'left' })
    const message = next(alice, 'message')
    bob.send('still here')
    expect(await message).toBe('still here')
    await close()
  })

  test('can be used again after clear(), by either end', async () => {
    const { alice, bob, close } = await connected('again')
    for (const restarter of [alice, bob]) {
      const bobsClear = next(bob, 'clear')
      const alicesClear = next(alice, 'clear')
      alice.clear()
      await Promise.all([alicesClear, bobsClear])
      expect(alice.connection).toBeNull()
      const both = Promise.all([next(alice, 'connect'), next(bob, 'connect')])
      await restarter.connect()
      await both
      const message = next(bob, 'message')
      alice.send('again')
      expect(await message).toBe('again')
    }
    await close()
  })

  test('restarts ICE without losing what is sent meanwhile', async () => {
    const { alice, bob, close } = await connected('restart')
    const before = alice.connection?.localDescription?.sdp
    const renegotiated = next(alice, 'remoteDescription')
    const message = next(bob, 'message')
    await alice.connect()
    alice.send('meanwhile')
    expect(await message).toBe('meanwhile')
    await renegotiated
    expect(alice.connection?.localDescription?.sdp).not.toBe(before)
    expect(alice.isConnected).toBe(true)
    await close()
  })

  test('takes a candidate of before a restart for late, and one of nowhere for an error', async () => {
    const alice = createPeer('alice', 'late')
    const bob = createPeer('bob', 'late')
    const candidates: RTCIceCandidateInit[] = []
    alice.on('localCandidate', (candidate) => candidate !== null && candidates.push(candidate))
    const both = Promise.all([next(alice, 'connect'), next(bob, 'connect')])
    await alice.connect()
    await bob.connect()
    await both
    const late = { sdpMid: '0', candidate: '', ...candidates[0] }
    const errors: string[] = []
    bob.on('error', ({ message }) => errors.push(message))
    const renegotiated = next(alice, 'remoteDescription')
    await alice.connect()
    await renegotiated
    alice.signaling?.sendCandidate(late, 'bob')
    alice.signaling?.sendCandidate({ ...late, usernameFragment: 'nowhere' }, 'bob')
    await next(bob, 'error')
    expect(errors).toEqual([expect.stringContaining('belongs to no ICE session')])
    await Promise.all([alice.close(), bob.close()])
  })

  test('close() lets what was sent arrive', async () => {
    const { alice, bob } = await connected('farewell')
    let bytes = 0
    bob.on('message', (data) => (bytes += data.length))
    const size = 64 * 1024
    // As much as a slow machine carries in the five seconds that a farewell may take.
    for (let i = 0; i < 16; i++) alice.send(new Uint8Array(size))
    await alice.close()
    expect(bytes).toBe(16 * size)
    await bob.close()
  })

  test('close() waits no longer when the link is gone', async () => {
    const limitless = { ...platform, atMost: (_: number, promise: Promise<void>) => promise }
    const alice = new MachinePeer({ signaling: url, channel: 'hurried', peer: 'alice', network }, limitless)
    const bob = createPeer('bob', 'hurried')
    const both = Promise.all([next(alice, 'connect'), next(bob, 'connect')])
    await alice.connect()
    await bob.connect()
    await both
    const closed = alice.close()
    // As when the other's goodbye comes over signalling first.
    alice.clear()
    await closed
    await bob.close()
  })

  test('asks for a break when much is waiting, and says when to go on', async () => {
    const { alice, close } = await connected('backpressure')
    let sent = 0
    while (alice.send(new Uint8Array(65_536))) sent++
    expect(sent).toBeGreaterThan(8)
    await next(alice, 'drain')
    expect(alice.bufferedAmount).toBeLessThanOrEqual(262_144)
    await close()
  })

  test('is told where to meet whom', () => {
    const signaling = 'ws://127.0.0.1:9'
    const invalid = expect.objectContaining({ code: 'invalid-options' })
    expect(() => new Peer({ channel: 'x' } as never)).toThrow(invalid)
    expect(() => new Peer({ signaling } as never)).toThrow(invalid)
    expect(() => new Peer(undefined as never)).toThrow(invalid)
  })

  test('says when the signalling server cannot be reached, or refuses', async () => {
    const nobody = new Peer({ signaling: 'ws://127.0.0.1:9', channel: 'x' })
    await expect(nobody.connect()).rejects.toMatchObject({ name: 'PeerError', code: 'signaling' })
    await nobody.close()
    await expect(nobody.connect()).rejects.toMatchObject({ code: 'closed' })

    const first = createPeer('same', 'taken')
    const second = createPeer('same', 'taken')
    await first.connect()
    await expect(second.connect()).rejects.toMatchObject({ code: 'signaling', cause: { code: 'peer-taken' } })
    await Promise.all([first.close(), second.close()])
  })

  test('survives descriptions and candidates that are no such thing', async () => {
    const { alice, bob, close } = await connected('hostile')
    const errors: string[] = []
    bob.on('error', ({ code }) => errors.push(code))
    alice.signaling?.sendDescription({ type: 'offer', sdp: 'nonsense' }, 'bob')
    alice.signaling?.sendDescription({ type: 'answer', sdp: 'v=0\r\n' }, 'bob')
    alice.signaling?.sendCandidate({ candidate: 'candidate:nonsense', sdpMid: '0' }, 'bob')
    alice.signaling?.sendCandidate({ candidate: 'x'.repeat(2_000), sdpMLineIndex: 65_535 }, 'bob')
    await next(bob, 'error')
    // An offer of another session replaces the link, and this one comes to nothing: what matters is that the next works.
    const both = Promise.all([next(alice, 'connect'), next(bob, 'connect')])
    alice.clear()
    await alice.connect()
    await both
    expect(errors.every((code) => code === 'negotiation')).toBe(true)
    await close()
  })
})
