/** `npm start`: the demo server and two peers in processes of their own, through the whole stack, three times. */
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

import pc from 'picocolors'

import { HumanReporter } from '../reporters/human.ts'
import type { Report } from '../report.ts'
import { type Act, type ActResult, find, perform, type PeerName } from './act.ts'
import { type RunningServer, startServer } from './demo-server.ts'
import { TourFailure } from './failure.ts'
import { summary } from './summary.ts'

const fileSize = 64 * 1024 * 1024

const reporter = new HumanReporter(process.stdout)
let folder: string | null = null
let server: RunningServer | null = null
try {
  folder = await mkdtemp(join(tmpdir(), 'purertc-'))
  server = await startServer()
  reporter.line(`Demo server: signalling ${server.signalingUrl}, STUN and TURN ${server.stunAddress}`)
  await tour(server, folder)
} catch (error) {
  reporter.close()
  const step = error instanceof TourFailure ? error.step : 'Setup'
  const reason = error instanceof Error ? error.message : String(error)
  process.stderr.write(`${pc.red(`${step} failed`)}: ${reason.replace(/\.?$/, '.')}\n`)
  process.exitCode = 1
} finally {
  await server?.stop()
  if (folder !== null) await rm(folder, { recursive: true, force: true })
}

async function tour({ signalingUrl }: RunningServer, folder: string): Promise<void> {
  const started = performance.now()
  const file = join(folder, 'photo-archive.bin')
  const expected = await createFile(file)
  const transfer = { alice: ['--send', file], bob: ['--receive', '1', '--output', folder] }
  const greeting = 'Hello over plain DTLS: no SCTP in between.'

  const direct = await act('A file over a reliable, ordered data channel', {
    ...transfer,
    channel: 'direct',
    signalingUrl,
    options: ['--loopback'],
    timeoutSeconds: 60,
  })
  await check(direct, folder, expected)
  const datagram = await act('A text as DTLS application data', {
    alice: ['--say', greeting],
    bob: ['--listen', '1'],
    channel: 'datagram',
    signalingUrl,
    options: ['--loopback', '--datagram'],
    timeoutSeconds: 30,
  })
  if (find(datagram, 'bob', 'text')?.text !== greeting)
    throw new TourFailure('Communicating', 'bob received another text than alice had sent')
  const relayed = await act('The same file through the TURN server only', {
    ...transfer,
    channel: 'relayed',
    signalingUrl,
    options: ['--loopback', '--relay'],
    timeoutSeconds: 90,
  })
  await check(relayed, folder, expected)
  for (const peer of ['alice', 'bob'] as const)
    if (!find(relayed, peer, 'nominated')?.local.startsWith('relay'))
      throw new TourFailure('Connecting', `${peer} was limited to relay candidates but nominated another`)

  reporter.close()
  reporter.line(summary({ direct, datagram, relayed, seconds: (performance.now() - started) / 1000 }))
}

async function act(title: string, parts: Act): Promise<ActResult> {
  reporter.line(`\n${pc.bold(title)}`)
  return perform(parts, (peer: PeerName, report: Report) => reporter.report(report, `${peer.padEnd(5)}  `))
}

/** A file of random bytes, so that nothing on the way can compress it. Returns its SHA-256. */
async function createFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  const handle = await open(path, 'w')
  const blockSize = 1024 * 1024
  for (let at = 0; at < fileSize; at += blockSize) {
    const block = randomBytes(blockSize)
    hash.update(block)
    await handle.write(block)
  }
  await handle.close()
  return hash.digest('hex')
}

/** Reads the received file back from the disk: the proof does not rest on what the peers said. */
async function check(result: ActResult, folder: string, expected: string): Promise<void> {
  const received = find(result, 'bob', 'file')
  if (!received) throw new TourFailure('Communicating', 'bob received no file')
  const hash = createHash('sha256')
  await pipeline(createReadStream(join(folder, received.name)), hash)
  if (hash.digest('hex') !== expected || received.sha256 !== expected)
    throw new TourFailure('Communicating', 'the file that bob received differs from the one that alice sent')
}
