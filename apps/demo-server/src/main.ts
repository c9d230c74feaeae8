#!/usr/bin/env node
import { readFileSync } from 'node:fs'

import { Command } from 'commander'
import { pino } from 'pino'
import { PinoPretty } from 'pino-pretty'

import { DemoServer } from './demo-server.ts'
import { type DemoServerOptions, flags } from './options.ts'

const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
const program = new Command('purertc-demo-server')
  .description('Signalling, STUN, TURN and a page to try them, in one process.')
  .version((JSON.parse(manifest) as { readonly version: string }).version)
  .showHelpAfterError('(--help tells what there is)')
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
  log.debug({ err: error })
  log.fatal(`the server could not start: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
