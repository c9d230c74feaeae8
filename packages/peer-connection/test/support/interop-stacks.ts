import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** A WebRTC stack that is not ours, and how to run it. */
export interface Stack {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** A command that succeeds where the stack can be used. */
  readonly probe: readonly [command: string, ...args: string[]]
  /** Bytes of the largest message that it announces. */
  readonly maxMessageSize: number
  /** What it is known to get wrong by itself, and is not asked to do. */
  readonly faults?: readonly ('empty messages' | 'announces unordered channels as ordered')[]
}

const { resolve } = createRequire(import.meta.url)

function npmStack(name: string, maxMessageSize: number): Stack {
  const child = join(import.meta.dirname, 'interop-child.ts')
  const load = `process.chdir(${JSON.stringify(import.meta.dirname)}); require(require.resolve('${name}', { paths: ['.'] })); process.exit(0)`
  return {
    name,
    command: process.execPath,
    args: ['--import', join(dirname(resolve('tsx/package.json')), 'dist', 'esm', 'index.mjs'), child, name],
    probe: [process.execPath, '-e', load],
    maxMessageSize,
  }
}

const PYTHON = '/usr/bin/python3'

/** Native: libdatachannel, with libjuice, OpenSSL and usrsctp. */
export const nodeDatachannel: Stack = npmStack('node-datachannel', 262_144)
/** Native: Google's libwebrtc, with BoringSSL. */
export const wrtc: Stack = npmStack('@roamhq/wrtc', 262_144)
/** TypeScript. It gives up unless use_srtp is negotiated, even for data alone. */
export const werift: Stack = {
  ...npmStack('werift', 65_536),
  faults: ['empty messages', 'announces unordered channels as ordered'],
}
/** Python, with OpenSSL. */
export const aiortc: Stack = {
  name: 'aiortc',
  command: PYTHON,
  args: [join(import.meta.dirname, 'interop_aiortc.py')],
  probe: [PYTHON, '-c', 'import aiortc'],
  maxMessageSize: 65_536,
}

/** Why tests against a stack cannot run, null where they can. In CI it must be there: the tests run and fail. */
export function whyNot({ name, probe }: Stack): string | null {
  if (process.env['CI'] === 'true') return null
  const [command, ...args] = probe
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status === 0) return null
  const lines = (error?.message ?? stderr).trim().split('\n')
  return `${name} cannot be loaded: ${lines.find((line) => line.includes('Error')) ?? lines[0] ?? ''}`
}
