import { fileURLToPath } from 'node:url'

import type { Report } from '../../src/report.ts'
import { Child } from '../../src/tour/child.ts'

/** The built programs, in processes of their own. */
export interface DemoServerProgram {
  readonly pageUrl: string
  readonly signalingUrl: string
  stop(): Promise<void>
}

export async function startDemoServer(): Promise<DemoServerProgram> {
  let announce: (line: Listening) => void = () => {}
  const listening = new Promise<Listening>((resolve) => (announce = resolve))
  const child = new Child(executable('demo-server'), ['--port', '0', '--turn-port', '0'], (line) => {
    if ((line as { msg?: string }).msg === 'listening') announce(line as Listening)
  })
  const outcome = await Promise.race([listening, child.ended])
  if (typeof outcome === 'number')
    throw new Error(`the demo server ended with ${outcome} (is it built?): ${child.errors}`)
  return { pageUrl: outcome.page, signalingUrl: outcome.signaling, stop: () => child.stop() }
}

export interface PeerProgram {
  /** Grows while the program runs. */
  readonly reports: readonly Report[]
  readonly ended: Promise<number>
  readonly errors: () => string
  signal(name: NodeJS.Signals): void
}

export function startPeer(
  args: readonly string[],
  listener: (report: Report) => void = () => {},
): PeerProgram {
  const reports: Report[] = []
  const child = new Child(executable('cli-peer'), [...args, '--json'], (line) => {
    reports.push(line as Report)
    listener(line as Report)
  })
  return { reports, ended: child.ended, errors: () => child.errors, signal: (name) => child.signal(name) }
}

interface Listening {
  readonly page: string
  readonly signaling: string
}

const executable = (app: string): string =>
  fileURLToPath(new URL(`../../../${app}/dist/main.js`, import.meta.url))
