import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import type { Report } from '../src/report.ts'
import { type DemoServerProgram, startDemoServer, startPeer } from './support/programs.ts'

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

async function runPeer(
  args: string[],
): Promise<{ code: number; reports: readonly Report[]; errors: string }> {
  const where = args.includes('--signaling') ? [] : ['--signaling', server.signalingUrl]
  const peer = startPeer([...args, ...where])
  const code = await peer.ended
  return { code, reports: peer.reports, errors: peer.errors() }
}
