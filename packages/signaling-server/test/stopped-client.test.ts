import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { afterEach, describe, expect, test } from '@jest/globals'
import { CloseCode, type ServerFrame } from '@purertc/signaling-protocol'

import { createSignalingServer, type SignalingPeer, type SignalingServer } from '../src/index.ts'
import { TestClient } from './test-client.ts'

/** Its process stands still: the system keeps its socket open, takes what comes for a while, and nobody answers. */
describe('a client whose process is stopped', () => {
  let server: SignalingServer
  let alice: TestClient
  let bystander: ChildProcess
  afterEach(async () => {
    const gone = once(bystander, 'exit')
    bystander.kill('SIGKILL')
    await gone
    await alice.close()
    await server.close()
  })

  /** Alice and the bystander are in a room, and the bystander is stopped. */
  async function stop(limits: object): Promise<void> {
    server = await createSignalingServer({
      port: 0,
      host: '127.0.0.1',
      limits: { resumeWithin: 10, ...limits },
    })
    const url = `ws://127.0.0.1:${server.address?.port ?? 0}/`
    alice = new TestClient(url)
    await alice.next()
    alice.say({ type: 'join', channel: 'room', peer: 'alice' })
    await alice.next()
    const execArgv = ['--import', 'tsx', '--conditions=@purertc/source']
    bystander = fork(PROGRAM, [url, 'room', 'bob'], { execArgv })
    await once(bystander, 'message')
    expect(await alice.next()).toMatchObject({ type: 'peer-joined', peer: 'bob' })
    bystander.kill('SIGSTOP')
  }

  test('is cut when it misses its heartbeats', async () => {
    await stop({ heartbeat: 2_000 })
    const [peer, code] = (await once(server, 'disconnect')) as [SignalingPeer, number]
    expect([peer.peer, code]).toEqual(['bob', CloseCode.heartbeatTimeout])
    expect(await alice.next()).toEqual({ type: 'peer-left', peer: 'bob', count: 1 })
  }, 30_000)

  test('is cut when what waits for it grows too long', async () => {
    await stop({ sendBuffer: 65_536, burst: 1_000_000, framesPerSecond: 1_000_000 })
    let cut: readonly [SignalingPeer, number] | undefined
    server.once('disconnect', (peer, code) => (cut = [peer, code]))
    const data = 'x'.repeat(65_536)
    const heard: ServerFrame[] = []
    while (cut === undefined) {
      alice.say({ type: 'message', data })
      heard.push(...(await alice.untilPong()))
    }
    expect([cut[0].peer, cut[1]]).toEqual(['bob', CloseCode.slowReader])
    expect(heard[0] ?? (await alice.next())).toEqual({ type: 'peer-left', peer: 'bob', count: 1 })
  }, 30_000)
})

const PROGRAM = fileURLToPath(new URL('./support/bystander.ts', import.meta.url))
