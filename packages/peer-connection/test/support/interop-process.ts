import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

import { ForeignEnd } from './interop-end.ts'
import type { Command, Report } from './interop-protocol.ts'

/** One connection of a foreign stack, in a process of its own: native handles must not outlive it. */
export class ForeignProcess extends ForeignEnd {
  readonly #process: ChildProcessWithoutNullStreams
  #stderr = ''

  constructor(name: string, command: string, args: readonly string[]) {
    super()
    this.#process = spawn(command, args)
    this.#process.stderr.on('data', (chunk: Buffer) => void (this.#stderr += chunk.toString()))
    // What is written to a process that has ended is lost; its exit is what fails the test.
    this.#process.stdin.on('error', () => undefined)
    this.#process.on('error', (error) => this.fail(error))
    this.#process.on('close', (code) => this.fail(new Error(`${name} ended (${code}): ${this.#stderr}`)))
    createInterface({ input: this.#process.stdout }).on('line', (line) =>
      this.take(JSON.parse(line) as Report),
    )
  }

  tell(command: Command): void {
    this.#process.stdin.write(`${JSON.stringify(command)}\n`)
  }

  async stop(): Promise<void> {
    if (this.hasEnded) return
    const closed = once(this.#process, 'close')
    this.#process.kill('SIGKILL')
    await closed
  }

  protected get complaints(): string {
    return this.#stderr
  }
}
