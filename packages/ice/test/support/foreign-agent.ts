import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { expect } from '@jest/globals'

import { formatCandidate, type IceCandidate, type IceCredentials, parseCandidate } from '../../src/index.ts'
import type { NodeEnd } from './node-end.ts'

/** Another stack's agent, as a program that speaks lines of JSON: the sources are in `test/peers`. */
export interface ForeignProgram {
  readonly command: string
  readonly args: readonly string[]
}

/** Not every program knows all of them. */
export interface ForeignOptions {
  readonly controlling: boolean
  /** Default 127.0.0.1. */
  readonly address?: string
  readonly lite?: boolean
  readonly tcp?: boolean
  /** Port of a TURN server on 127.0.0.1, whose relay alone is used. */
  readonly turn?: number
  /** Nominates as RFC 8445 says; else as RFC 5245 allowed. */
  readonly regular?: boolean
  /** Renews consent, RFC 7675. */
  readonly consent?: boolean
}

/** What came of connecting. */
export interface ForeignOutcome {
  readonly connected: boolean
  readonly controlling?: boolean
  readonly error?: string
}

/** Why tests against a program cannot run, `null` where they can. In CI it must be there: the tests run and fail. */
export function whyNo(name: string, command: string, args: readonly string[]): string | null {
  if (process.env['CI'] !== undefined) return null
  return spawnSync(command, args).status === 0 ? null : `${name} is not installed`
}

export const aioice: ForeignProgram = { command: '/usr/bin/python3', args: [peerPath('aioice_peer.py')] }

/** The first time its modules are fetched. */
export function buildPion(): ForeignProgram {
  const command = join(mkdtempSync(join(tmpdir(), 'purertc-pion-')), 'peer')
  build('go', ['build', '-o', command, '.'], peerPath('pion'))
  return { command, args: [] }
}

export function buildNice(): ForeignProgram {
  const command = join(mkdtempSync(join(tmpdir(), 'purertc-nice-')), 'peer')
  const flags = build('pkg-config', ['--cflags', '--libs', 'nice'], '.').trim().split(' ')
  build('gcc', ['-Wall', '-Wextra', '-Werror', '-o', command, 'nice.c', ...flags], peerPath('nice'))
  return { command, args: [] }
}

/** An agent in a process of its own. */
export class ForeignAgent {
  readonly credentials: IceCredentials
  readonly candidates: readonly string[]
  readonly #process: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>

  private constructor(child: ChildProcessWithoutNullStreams, lines: AsyncIterator<string>, hello: Hello) {
    this.#process = child
    this.#lines = lines
    this.credentials = { usernameFragment: hello.usernameFragment, password: hello.password }
    this.candidates = hello.candidates.map((line) => `candidate:${line}`)
  }

  /** Resolves when it has gathered. */
  static async start({ command, args }: ForeignProgram, options: ForeignOptions): Promise<ForeignAgent> {
    const child = spawn(command, [...args, JSON.stringify({ address: '127.0.0.1', ...options })])
    child.stderr.pipe(process.stderr)
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    return new ForeignAgent(child, lines, await next<Hello>(lines))
  }

  setRemoteCredentials(credentials: IceCredentials): void {
    this.#tell(credentials)
  }

  /** `null`: there are no more. */
  addRemoteCandidate(candidate: IceCandidate | null): void {
    this.#tell({ candidate: candidate === null ? '' : formatCandidate(candidate).slice('candidate:'.length) })
  }

  /** What came of it. */
  async connect(): Promise<ForeignOutcome> {
    this.#tell({ connect: true })
    return next(this.#lines)
  }

  send(text: string): void {
    this.#tell({ send: text })
  }

  async close(): Promise<void> {
    const exit = once(this.#process, 'exit')
    this.#tell({ close: true })
    await exit
  }

  #tell(message: object): void {
    this.#process.stdin.write(`${JSON.stringify(message)}\n`)
  }
}

/** Tells each about the other. */
export function introduceForeign(end: NodeEnd, theirs: ForeignAgent, isLite = false): void {
  theirs.setRemoteCredentials(end.ice.agent.localCredentials)
  for (const candidate of end.candidates) theirs.addRemoteCandidate(candidate)
  end.ice.setRemoteCredentials(theirs.credentials, { isLite })
  for (const line of theirs.candidates) end.ice.addRemoteCandidate(parseCandidate(line))
  end.ice.addRemoteCandidate(null)
}

/** Data both ways, once we have a pair. */
export async function exchange(end: NodeEnd, theirs: ForeignAgent): Promise<void> {
  await end.until(() => end.selected !== null)
  end.send('ping')
  await end.until(() => end.received.includes('echo ping'))
  theirs.send('unasked')
  await end.until(() => end.received.includes('unasked'))
  expect(end.failures).toEqual([])
}

interface Hello extends IceCredentials {
  readonly candidates: readonly string[]
}

async function next<T>(lines: AsyncIterator<string>): Promise<T> {
  return JSON.parse(String((await lines.next()).value)) as T
}

function peerPath(name: string): string {
  return join(import.meta.dirname, '..', 'peers', name)
}

function build(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd })
  if (status !== 0) throw new Error(`${program}: ${stderr.toString()}`)
  return stdout.toString()
}
