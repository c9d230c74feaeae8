import { Counter, Gauge, type Registry } from 'prom-client'

import type { HubCounters } from '../counters.ts'
import type { SignalingServer } from './server.ts'

/**
 * Registers what a server counts with prom-client, under `purertc_signaling_`.
 *
 * @example
 * const registry = new Registry()
 * const server = await createSignalingServer({ port: 8080, registry }) // serves /metrics
 * collectMetrics(server, registry)
 */
export function collectMetrics(server: SignalingServer, registry: Registry): void {
  const registers = [registry]
  for (const [name, help, read] of GAUGES)
    new Gauge({
      name: PREFIX + name,
      help,
      registers,
      collect() {
        this.set(read(server))
      },
    })
  for (const [name, help, field] of COUNTERS)
    new Counter({
      name: PREFIX + name,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(server.counters[field])
      },
    })
  new Counter({
    name: `${PREFIX}errors_total`,
    help: 'Frames that were refused, by error code',
    labelNames: ['code'],
    registers,
    collect() {
      this.reset()
      for (const [code, count] of Object.entries(server.counters.refusals)) this.inc({ code }, count)
    },
  })
  countEvents(server, registers)
}

/** What the server itself does not count. */
function countEvents(server: SignalingServer, registers: Registry[]): void {
  const closes = new Counter({
    name: `${PREFIX}disconnects_total`,
    help: 'Connections that ended, by close code',
    labelNames: ['code'],
    registers,
  })
  server.on('disconnect', (_, code) => closes.inc({ code: knownCode(code) }))
  const refusals = new Counter({
    name: `${PREFIX}refusals_total`,
    help: 'Upgrades that were refused, by HTTP status',
    labelNames: ['status'],
    registers,
  })
  server.on('refusal', (_, status) => refusals.inc({ status }))
}

/** Clients choose from 2,000 codes: each would be a time series of its own. */
function knownCode(code: number): string {
  return code < 3_000 || (code >= 4_400 && code < 4_500) ? code.toString() : 'other'
}

const PREFIX = 'purertc_signaling_'

const GAUGES: readonly (readonly [string, string, (server: SignalingServer) => number])[] = [
  ['connections', 'Open connections', (server) => server.connections],
  ['channels', 'Channels with members on this process', (server) => server.channels],
  ['away', 'Members whose socket broke and who may come back', (server) => server.away],
  ['ready', 'Whether joins and messages get through', (server) => Number(server.isReady)],
]

const COUNTERS: readonly (readonly [string, string, Exclude<keyof HubCounters, 'refusals'>])[] = [
  ['frames_received_total', 'Frames of clients', 'framesReceived'],
  ['frames_sent_total', 'Frames to clients', 'framesSent'],
  ['relayed_total', 'Frames that were handed on', 'relayed'],
  ['deliveries_total', 'Copies of them that went to members here', 'deliveries'],
  ['repeated_total', 'Frames that came again and were not handed on again', 'repeated'],
  ['joins_total', 'Entries into channels', 'joins'],
  ['resumptions_total', 'Sessions that were taken up', 'resumptions'],
  ['resumptions_failed_total', 'Sessions that could not be taken up', 'resumptionsFailed'],
  ['replayed_total', 'Events that were sent again', 'replayed'],
  ['expired_total', 'Members that did not come back in time', 'expired'],
]
