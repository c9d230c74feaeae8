import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** What an end has sent or received. */
export interface StreamReport {
  readonly bytes: number
  /** Hexadecimal. */
  readonly sha256: string
  /** Bytes by which the process has grown, at most, since it began. */
  readonly memoryGrowth: number
}

interface Line {
  readonly signal?: object
  readonly report?: StreamReport
}

/** Sends a message of so many bytes from one process to another; what the sender and the receiver say of it. */
export async function streamBetweenProcesses(size: number): Promise<[StreamReport, StreamReport]> {
  const receiver = start('receiver', size)
  const sender = start('sender', size)
  try {
    forward(sender, receiver)
    forward(receiver, sender)
    return await Promise.all([reportOf(sender), reportOf(receiver)])
  } finally {
    for (const end of [sender, receiver]) end.kill('SIGKILL')
  }
}

function start(role: 'sender' | 'receiver', size: number): ChildProcess {
  const { resolve } = createRequire(import.meta.url)
  const tsx = join(dirname(resolve('tsx/package.json')), 'dist', 'esm', 'index.mjs')
  return fork(join(import.meta.dirname, 'streaming-end.ts'), [role, String(size)], {
    execArgv: ['--import', tsx, '--conditions=@purertc/source', '--no-warnings'],
  })
}

function forward(from: ChildProcess, to: ChildProcess): void {
  from.on('message', ({ signal }: Line) => signal !== undefined && to.send(signal))
}

/** Rejects where the process ends before it has reported. */
function reportOf(end: ChildProcess): Promise<StreamReport> {
  return new Promise((resolve, reject) => {
    end.on('message', ({ report }: Line) => report !== undefined && resolve(report))
    void once(end, 'exit').then(([code]) => reject(new Error(`an end went away with ${String(code)}`)))
  })
}
