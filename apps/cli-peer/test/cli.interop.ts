import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import type { Report } from '../src/report.ts'
import { type DemoServerProgram, type PeerProgram, startDemoServer, startPeer } from './support/programs.ts'

/* The built programs as a user starts them: what they say and how they end when something is wrong. */
let server: DemoServerProgram
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'purertc-cli-'))
  server = await startDemoServer()
})

afterAll(async () => {
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe('a peer that cannot do what it was asked for exits with 1 and says which step failed, and why', () => {
  test.each<[string, string[], Report['step'], RegExp]>([
    ['no server', ['join', 'x', '--signaling', 'ws://127.0.0.1:1/'], 'Signaling', /ECONNREFUSED/],
    ['no URL', ['join', 'x', '--signaling', 'nonsense'], 'Signaling', /Invalid URL/],
    ['nobody there', ['join', 'alone', '--timeout', '5'], 'Signaling', /is another peer on the channel/],
    ['no such file', ['send', 'x', '/nonexistent/file'], 'Communicating', /ENOENT/],
    ['a folder', ['send', 'x', tmpdir()], 'Communicating', /is no file/],
  ])('%s', async (_, args, step, reason) => {
    const { code, reports } = await runPeer(args)
    expect(code).toBe(1)
    expect(reports.at(-1)).toEqual({ step, event: 'failed', reason: expect.stringMatching(reason) })
  })

  test('a peer that goes away', async () => {
    const both = await Promise.all([
      runPeer(['join', 'left-alone', '--loopback', '--receive', '1', '--output', folder]),
      runPeer(['join', 'left-alone', '--loopback', '--say', 'bye']),
    ])
    expect(both.map(({ code }) => code)).toEqual([1, 0])
    expect(both[0].reports.at(-1)).toMatchObject({
      step: 'Communicating',
      event: 'failed',
      reason: expect.stringMatching(/hung up/),
    })
  })
})

describe('an interrupted peer ends at once, with 128 and the number of the signal', () => {
  const interrupted = async (args: string[], moment: Report['event']): Promise<void> => {
    const peer = startPeer([...args, '--loopback', '--signaling', server.signalingUrl], ({ event }) => {
      if (event === moment) signalOnce(peer, 'SIGINT')
    })
    expect(await peer.ended).toBe(130)
    expect(peer.reports.at(-1)).toMatchObject({ event: 'failed', reason: 'interrupted' })
  }

  test('alone on its channel', () => interrupted(['chat', 'nobody'], 'joined'))

  test('reading its standard input', async () => {
    const other = runPeer(['join', 'chatty', '--loopback', '--listen', '1'])
    await interrupted(['chat', 'chatty'], 'secured')
    expect((await other).code).toBe(1)
  })

  test('receiving a file, of which nothing is left', async () => {
    const [file, output] = [join(folder, 'large.bin'), join(folder, 'is/made')]
    writeFileSync(file, '')
    truncateSync(file, 1024 ** 3)
    const sender = runPeer(['send', 'halfway', '--loopback', file])
    await interrupted(['receive', 'halfway', '--output', output], 'progress')
    expect((await sender).code).toBe(1)
    expect(readdirSync(output)).toEqual([])
  })
})

test('a receiver whose sender is interrupted keeps nothing', async () => {
  const [file, output] = [join(folder, 'large.bin'), join(folder, 'nothing')]
  writeFileSync(file, '')
  truncateSync(file, 1024 ** 3)
  const receiver = runPeer(['receive', 'cut', '--loopback', '--output', output])
  const sender = startPeer(
    ['send', 'cut', '--loopback', '--signaling', server.signalingUrl, file],
    (report) => {
      if (report.event === 'progress') signalOnce(sender, 'SIGTERM')
    },
  )
  expect(await sender.ended).toBe(143)
  expect((await receiver).code).toBe(1)
  expect(readdirSync(output)).toEqual([])
})

test('a signalling server that says nothing is waited for no longer than --timeout', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  const args = ['receive', 'x', '--timeout', '1', '--output', folder]
  const { code, reports } = await runPeer([...args, '--signaling', `ws://127.0.0.1:${port}`])
  silent.close()
  expect(code).toBe(1)
  expect(reports).toEqual([
    { step: 'Signaling', event: 'failed', reason: expect.stringMatching(/server does not answer/) },
  ])
})

test('wrong arguments are refused with a sentence', async () => {
  const { code, errors } = await runPeer(['join', 'x', '--datagram', '--receive', '1'])
  expect(code).toBe(1)
  expect(errors).toMatch(/files need a data channel/)
})

test('two peers exchange texts in order', async () => {
  const both = await Promise.all([
    runPeer(['join', 'talk', '--loopback', '--say', 'one', 'two', '--listen', '1']),
    runPeer(['join', 'talk', '--loopback', '--say', 'three', '--listen', '2']),
  ])
  expect(both.map(({ code }) => code)).toEqual([0, 0])
  const heard = both.map(({ reports }) =>
    reports.flatMap((report) =>
      report.event === 'text' && report.direction === 'received' ? [report.text] : [],
    ),
  )
  expect(heard).toEqual([['three'], ['one', 'two']])
})

test('who speaks in datagrams stays until a listener that stood still has heard it', async () => {
  const args = ['join', 'slow', '--loopback', '--datagram', '--signaling', server.signalingUrl]
  const bob = startPeer([...args, '--listen', '1'], ({ event }) => {
    if (event !== 'nominated') return
    bob.signal('SIGSTOP')
    setTimeout(() => bob.signal('SIGCONT'), 2_000)
  })
  const alice = startPeer([...args, '--say', 'one'])
  expect(await Promise.all([alice.ended, bob.ended])).toEqual([0, 0])
  expect(bob.reports).toContainEqual(expect.objectContaining({ direction: 'received', text: 'one' }))
})

const signalled = new WeakSet<PeerProgram>()

/** A second signal would end the program before it has cleaned up. */
function signalOnce(peer: PeerProgram, name: NodeJS.Signals): void {
  if (!signalled.has(peer)) peer.signal(name)
  signalled.add(peer)
}

async function runPeer(
  args: string[],
): Promise<{ code: number; reports: readonly Report[]; errors: string }> {
  const where = args.includes('--signaling') ? [] : ['--signaling', server.signalingUrl]
  const peer = startPeer([...args, ...where])
  const code = await peer.ended
  return { code, reports: peer.reports, errors: peer.errors() }
}
