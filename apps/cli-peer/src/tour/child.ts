import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A program of ours in a process of its own that tells one JSON value a line. */
export class Child {
  readonly #process: ChildProcess
  readonly #errors: string[] = []
  /** The exit code, once the process and its output have ended. */
  readonly ended: Promise<number>

  constructor(script: string, args: readonly string[], line: (value: unknown) => void) {
    const child = spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#process = child
    createInterface({ input: child.stdout }).on('line', (text) => line(parse(text)))
    createInterface({ input: child.stderr }).on('line', (text) => {
      this.#errors.push(text)
      if (this.#errors.length > 20) this.#errors.shift()
    })
    this.ended = new Promise((resolve) => {
      child.on('error', (error) => this.#errors.push(error.message))
      child.on('close', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)))
    })
  }

  /** The last lines of the error output. */
  get errors(): string {
    return this.#errors.join('\n')
  }

  /** Such as SIGSTOP, which lets it stand still. */
  signal(name: NodeJS.Signals): void {
    this.#process.kill(name)
  }

  /** Asks the process to end, and makes it end after two seconds. */
  async stop(): Promise<void> {
    this.#process.kill('SIGTERM')
    const force = setTimeout(() => this.#process.kill('SIGKILL'), 2_000)
    await this.ended
    clearTimeout(force)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return { event: 'unreadable', text }
  }
}
