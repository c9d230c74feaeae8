import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

import { type BrowserOptions, chromiumPath, firefoxPath, openChromium, openFirefox } from './browsers.ts'
import type { ForeignEnd } from './interop-end.ts'
import { ForeignPage } from './interop-page.ts'
import { ForeignProcess } from './interop-process.ts'

/** A WebRTC stack that is not ours, and how to run it. */
export interface Stack {
  readonly name: string
  /** Begins a connection. */
  start(): ForeignEnd
  /** What is missing here, null where the stack can be used. */
  missing(): string | null
  /** Bytes of the largest message that it announces; what is sent both ways has 256 KiB at most. */
  readonly maxMessageSize: number
  /** Channels that it takes at a time; what is opened beyond that it drops. Default: any number. */
  readonly accepts?: number
  /** What it is known to get wrong by itself, and is not asked to do. */
  readonly faults?: readonly ('empty messages' | 'announces unordered channels as ordered')[]
}

const { resolve } = createRequire(import.meta.url)

/** What a command that should succeed says when it does not. */
function complaint(command: string, ...args: readonly string[]): string | null {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status === 0) return null
  const lines = (error?.message ?? stderr).trim().split('\n')
  return lines.find((line) => line.includes('Error')) ?? lines[0] ?? ''
}

function npmStack(name: string, maxMessageSize: number): Stack {
  const child = join(import.meta.dirname, 'interop-child.ts')
  const tsx = join(dirname(resolve('tsx/package.json')), 'dist', 'esm', 'index.mjs')
  const load = `process.chdir(${JSON.stringify(import.meta.dirname)}); require(require.resolve('${name}', { paths: ['.'] })); process.exit(0)`
  return {
    name,
    start: () => new ForeignProcess(name, process.execPath, ['--import', tsx, child, name]),
    missing: () => complaint(process.execPath, '-e', load),
    maxMessageSize,
  }
}

/** Native: libdatachannel, with libjuice, OpenSSL and usrsctp. */
export const nodeDatachannel: Stack = npmStack('node-datachannel', 262_144)
/** Native: Google's libwebrtc, with BoringSSL. */
export const wrtc: Stack = npmStack('@roamhq/wrtc', 262_144)
/** TypeScript. It gives up unless use_srtp is negotiated, even for data alone. */
export const werift: Stack = {
  ...npmStack('werift', 65_536),
  faults: ['empty messages', 'announces unordered channels as ordered'],
}

const PYTHON = '/usr/bin/python3'

/** Python, with OpenSSL. */
export const aiortc: Stack = {
  name: 'aiortc',
  start: () => new ForeignProcess('aiortc', PYTHON, [join(import.meta.dirname, 'interop_aiortc.py')]),
  missing: () => complaint(PYTHON, '-c', 'import aiortc'),
  maxMessageSize: 65_536,
}

const pionSource = join(import.meta.dirname, '..', 'peers', 'pion')
const pionProgram = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'peers', 'pion')

/** Go. The first time its modules are fetched and built, into a folder that is not under version control. */
export const pion: Stack = {
  name: 'pion',
  start: () => {
    const fault = complaint('go', 'build', '-C', pionSource, '-o', pionProgram, '.')
    if (fault !== null) throw new Error(fault)
    return new ForeignProcess('pion', pionProgram, [])
  },
  missing: () => complaint('go', 'version'),
  maxMessageSize: 262_144,
  // `acceptChSize` of its sctp/association.go: DATA of a seventeenth stream that waits is thrown away and not acknowledged, and
  // our timeout sends it again, so 500 channels at once take many timeouts: 2 to 9 s here, and with slow ones a minute.
  // packages/sctp/test/send/discarded-chunks.test.ts shows that none is lost.
  accepts: 16,
}

/** dcSCTP. */
export const chromium: Stack = {
  name: 'Chromium',
  start: () => new ForeignPage(openChromium()),
  missing: () => absent(chromiumPath),
  maxMessageSize: 262_144,
}

/** With I-DATA, which it has behind a field trial. */
export const chromiumInterleaving: Stack = {
  ...chromium,
  name: 'Chromium that interleaves',
  start: () =>
    new ForeignPage(
      openChromium({ flags: ['--force-fieldtrials=WebRTC-DataChannelMessageInterleaving/Enabled/'] }),
    ),
}

function firefoxWith(name: string, preferences: BrowserOptions['preferences']): Stack {
  return {
    name,
    start: () => new ForeignPage(openFirefox({ preferences: preferences ?? {} })),
    missing: () => absent(firefoxPath),
    maxMessageSize: 1_073_741_823,
  }
}

/** dcSCTP, with NSS. */
export const firefox: Stack = firefoxWith('Firefox', {})
export const firefoxUsrsctp: Stack = firefoxWith('Firefox with usrsctp', {
  'media.peerconnection.sctp.use_dcsctp': false,
})

function absent(path: string): string | null {
  return existsSync(path) ? null : `${path} is missing`
}

/** Why tests against a stack cannot run, null where they can. In CI it must be there: the tests run and fail. */
export function whyNot(stack: Stack): string | null {
  if (process.env['CI'] === 'true') return null
  const missing = stack.missing()
  return missing === null ? null : `${stack.name} cannot be used: ${missing}`
}
