import { fileURLToPath } from 'node:url'

import { Child } from './child.ts'
import { TourFailure } from './failure.ts'

export interface RunningServer {
  readonly signalingUrl: string
  readonly healthUrl: string
  /** `127.0.0.1:3478` */
  readonly stunAddress: string
  stop(): Promise<void>
}

/** Starts the demo server in a process of its own and waits until it is healthy. */
export async function startServer(): Promise<RunningServer> {
  let ready: (value: Ready) => void = () => {}
  const announced = new Promise<Ready>((resolve) => (ready = resolve))
  const child = new Child(script, ['--host', '127.0.0.1'], (value) => {
    if (isReady(value)) ready(value)
  })
  const outcome = await Promise.race([announced, child.ended])
  if (typeof outcome === 'number')
    throw new TourFailure('Setup', `the demo server ended with ${outcome}: ${child.errors}`)
  const health = await fetch(outcome.health)
  if (!health.ok)
    throw new TourFailure('Setup', `the demo server's health endpoint answered ${health.status}`)
  return {
    signalingUrl: outcome.signaling,
    healthUrl: outcome.health,
    stunAddress: outcome.stun,
    stop: () => child.stop(),
  }
}

interface Ready {
  readonly signaling: string
  readonly health: string
  readonly stun: string
}

const isReady = (value: unknown): value is Ready =>
  typeof value === 'object' && value !== null && 'msg' in value && value.msg === 'listening'

const script = fileURLToPath(import.meta.resolve('@purertc/demo-server/main'))
