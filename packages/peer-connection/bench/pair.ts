/** Two processes, one for each end, and what goes between them beside the measured traffic. */
import { type ChildProcess, fork } from 'node:child_process'

import type { Command, Report } from './endpoint.ts'
import type { StackName } from './stacks.ts'

/** Changes what one end signals on its way to the other, as a middlebox between them demands. */
export type Rewrite = (from: 0 | 1, body: unknown) => Promise<unknown>

interface Message {
  readonly topic: string
  readonly body: unknown
}

/** Milliseconds that one measurement may take. */
const PATIENCE = 90_000

/** Runs one command in two fresh processes; the reports are the offerer's and the answerer's. Null where it fails. */
export async function inPair(
  name: StackName,
  command: Command,
  rewrite: Rewrite = (_, body) => Promise.resolve(body),
): Promise<readonly [Report, Report] | null> {
  const ends = [start(name, 'offerer'), start(name, 'answerer')] as const
  try {
    const ready = ends.map((end) => next(end, 'ready'))
    const reports = ends.map((end) => next(end, 'report'))
    forward(ends[0], ends[1], (body) => rewrite(0, body))
    forward(ends[1], ends[0], (body) => rewrite(1, body))
    await Promise.all(ready)
    for (const end of ends) end.send({ topic: 'command', body: command })
    const [offerer, answerer] = await Promise.all(reports)
    return [offerer as Report, answerer as Report]
  } catch (error) {
    process.stderr.write(`${name}, ${command.kind} of ${command.size} bytes: ${String(error)}\n`)
    return null
  } finally {
    for (const end of ends) end.kill()
  }
}

function start(name: StackName, role: string): ChildProcess {
  const execArgv = [...process.execArgv, '--expose-gc']
  return fork(new URL('endpoint.ts', import.meta.url), [name, role], { execArgv, serialization: 'advanced' })
}

/** In order, whatever the rewriting waits for. */
function forward(from: ChildProcess, to: ChildProcess, rewrite: (body: unknown) => Promise<unknown>): void {
  let tail = Promise.resolve()
  from.on('message', ({ topic, body }: Message) => {
    if (['ready', 'report', 'failure'].includes(topic)) return
    tail = tail.then(async () => {
      const rewritten = await rewrite(body)
      if (to.connected) to.send({ topic, body: rewritten })
    })
  })
}

function next(end: ChildProcess, topic: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${topic} within ${PATIENCE} ms`)), PATIENCE)
    end.on('message', (message: Message) => {
      if (message.topic === 'failure') reject(new Error(String(message.body)))
      if (message.topic !== topic) return
      clearTimeout(timer)
      resolve(message.body)
    })
    end.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`an end went away with ${code}`))
    })
  })
}
