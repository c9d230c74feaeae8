#!/usr/bin/env node
import { Command } from 'commander'
import { pino } from 'pino'
import { PinoPretty } from 'pino-pretty'

import { DemoServer } from './demo-server.ts'
import { type DemoServerOptions, flags } from './options.ts'

const program = new Command('purertc-demo-server').description(
  'Signalling, STUN, TURN and a page to try them, in one process.',
)
for (const flag of flags) program.addOption(flag)
program.parse()

const options = program.opts<DemoServerOptions>()
const { logLevel: level = 'info' } = options
const log = process.stdout.isTTY
  ? pino({ level }, PinoPretty({ ignore: 'pid,hostname', sync: true }))
  : pino({ level })
try {
  const server = await DemoServer.start(options, log)
  log.info(
    { page: server.url, signaling: server.signalingUrl, health: server.healthUrl, stun: server.stunAddress },
    'listening',
  )
  const stop = (): void => void server.close()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
} catch (error) {
  log.fatal({ err: error }, 'the server could not start')
  process.exitCode = 1
}
