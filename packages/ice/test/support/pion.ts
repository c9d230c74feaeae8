import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { formatCandidate, type IceCandidate, type IceCredentials } from '../../src/index.ts'

/** Why tests against pion/ice cannot run, `null` where they can. In CI it must be there: the tests run and fail. */
export function whyNoPion(): string | null {
  if (process.env['CI'] !== undefined) return null
  return spawnSync('go', ['version']).status === 0 ? null : 'Go is not installed'
}

/** Builds `test/peers/pion`; the first time its modules are fetched. */
export function buildPion(): string {
  const folder = join(import.meta.dirname, '..', 'peers', 'pion')
  const program = join(tmpdir(), `purertc-pion-${process.pid}`)
  const { status, stderr } = spawnSync('go', ['build', '-o', program, '.'], { cwd: folder })
  if (status !== 0) throw new Error(`go build: ${stderr.toString()}`)
  return program
}

interface Hello extends IceCredentials {
  readonly candidates: readonly string[]
}

export interface PionOptions {
  readonly controlling: boolean
  readonly lite?: boolean
  readonly tcp?: boolean
}

/** An agent of pion/ice in a process of its own. */
export class Pion {
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
  static async start(program: string, options: PionOptions): Promise<Pion> {
    const child = spawn(program, [JSON.stringify(options)])
    child.stderr.pipe(process.stderr)
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    return new Pion(child, lines, JSON.parse(String((await lines.next()).value)) as Hello)
  }

  introduce(credentials: IceCredentials, candidates: readonly (IceCandidate | null)[]): void {
    this.#tell(credentials)
    for (const candidate of candidates)
      if (candidate !== null) this.#tell({ candidate: formatCandidate(candidate).slice('candidate:'.length) })
  }

  /** What came of it. */
  async connect(): Promise<{ readonly connected: boolean; readonly error?: string }> {
    this.#tell({ connect: true })
    return JSON.parse(String((await this.#lines.next()).value)) as { connected: boolean }
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
