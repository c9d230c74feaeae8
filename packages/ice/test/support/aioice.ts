import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { formatCandidate, type IceCandidate, type IceCredentials } from '../../src/index.ts'

const PYTHON = '/usr/bin/python3'

/** Why tests against aioice cannot run, `null` where they can. In CI it must be there: the tests run and fail. */
export function whyNoAioice(): string | null {
  if (process.env['CI'] !== undefined) return null
  return spawnSync(PYTHON, ['-c', 'import aioice']).status === 0 ? null : 'python3-aioice is not installed'
}

export interface AioiceOptions {
  readonly controlling: boolean
  readonly address?: string
  /** Port of a TURN server on 127.0.0.1: aioice then uses nothing but its relay. */
  readonly turn?: number
}

interface Hello extends IceCredentials {
  readonly candidates: readonly string[]
}

async function nextMessage<T>(lines: AsyncIterator<string>): Promise<T> {
  return JSON.parse(String((await lines.next()).value)) as T
}

/** An aioice agent in a process of its own. */
export class Aioice {
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
  static async start(options: AioiceOptions): Promise<Aioice> {
    const script = join(import.meta.dirname, 'aioice_peer.py')
    const child = spawn(PYTHON, [script, JSON.stringify({ address: '127.0.0.1', ...options })])
    child.stderr.pipe(process.stderr)
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    return new Aioice(child, lines, await nextMessage<Hello>(lines))
  }

  setRemoteCredentials(credentials: IceCredentials): void {
    this.#tell(credentials)
  }

  addRemoteCandidate(candidate: IceCandidate | null): void {
    const line = candidate === null ? '' : formatCandidate(candidate).slice('candidate:'.length)
    this.#tell({ candidate: line })
  }

  /** What came of it. */
  async connect(): Promise<{
    readonly connected: boolean
    readonly controlling?: boolean
    readonly error?: string
  }> {
    this.#tell({ connect: true })
    return nextMessage(this.#lines)
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
