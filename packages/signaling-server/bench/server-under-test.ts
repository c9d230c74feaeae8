import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A server in a process of its own; `relay-process.ts` says which there are. */
export class ServerUnderTest {
  readonly port: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  /** With a folder, its processor profile is written there when it stops. */
  static async start(args: readonly string[], profiles?: string): Promise<ServerUnderTest> {
    const program = fileURLToPath(new URL('./relay-process.ts', import.meta.url))
    const profile = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`]
    const execArgv = ['--import', 'tsx', '--conditions=@purertc/source', '--expose-gc', ...profile]
    const child = fork(program, args, { execArgv })
    const [{ port }] = (await once(child, 'message')) as [{ port: number }]
    return new ServerUnderTest(child, port)
  }

  /** Bytes of memory, and milliseconds of processor time since it began. */
  async usage(): Promise<{ readonly rss: number; readonly cpu: number }> {
    this.#child.send('usage')
    const [usage] = (await once(this.#child, 'message')) as [{ rss: number; cpu: number }]
    return usage
  }

  async stop(): Promise<void> {
    const gone = once(this.#child, 'exit')
    this.#child.disconnect()
    await gone
  }
}
