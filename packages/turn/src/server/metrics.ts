import type { Counters } from '@purertc/bytes'

import type { Traffic } from './allocation.ts'

/** One figure of a server, as Prometheus understands it. */
export interface Metric {
  readonly name: string
  /** What it counts, for people. */
  readonly help: string
  /** A counter never goes down while the server lives. */
  readonly type: 'counter' | 'gauge'
  readonly samples: readonly MetricSample[]
}

export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/**
 * Figures in the text format of Prometheus (version 0.0.4): the body of an answer to `GET /metrics`.
 *
 * @example
 * response.setHeader('content-type', 'text/plain; version=0.0.4')
 * response.end(formatMetrics(server.metrics()))
 */
export function formatMetrics(metrics: readonly Metric[]): string {
  let text = ''
  for (const { name, help, type, samples } of metrics) {
    text += `# HELP ${name} ${escape(help)}\n# TYPE ${name} ${type}\n`
    for (const { labels, value } of samples) text += `${name}${formatLabels(labels)} ${value}\n`
  }
  return text
}

/** A figure of its own. */
function metric(name: string, type: Metric['type'], help: string, value: number): Metric {
  return { name, help, type, samples: [{ labels: {}, value }] }
}

/** A figure for each of several names. */
export function metricBy(
  name: string,
  type: Metric['type'],
  help: string,
  label: string,
  values: Readonly<Partial<Record<string, number>>>,
): Metric {
  const samples = Object.entries(values).map(([key, value = 0]) => ({ labels: { [label]: key }, value }))
  return { name, help, type, samples }
}

type Gauge = 'allocations' | 'opening' | 'users' | 'ports' | 'waiting' | 'connections'

interface Figures {
  readonly load: Readonly<Record<Gauge, number>>
  readonly relayed: { readonly toPeers: Readonly<Traffic>; readonly toClient: Readonly<Traffic> }
  readonly answered: Counters<string>
  readonly discarded: Counters<string>
}

/** What every server counts. */
export function serverMetrics({ load, relayed, answered, discarded }: Figures): Metric[] {
  const { toPeers, toClient } = relayed
  const datagrams = { 'to-peers': toPeers.datagrams, 'to-client': toClient.datagrams }
  const bytes = { 'to-peers': toPeers.bytes, 'to-client': toClient.bytes }
  return [
    metric('turn_allocations', 'gauge', 'Allocations that there are', load.allocations),
    metric('turn_allocations_opening', 'gauge', 'Allocations whose relay is being opened', load.opening),
    metric('turn_users', 'gauge', 'Users who hold an allocation', load.users),
    metric('turn_ports', 'gauge', 'Relay ports in use or reserved', load.ports),
    metric('turn_lookups_waiting', 'gauge', 'Requests that wait for a password', load.waiting),
    metric('turn_peer_connections', 'gauge', 'TCP connections with peers', load.connections),
    metricBy('turn_relayed_datagrams_total', 'counter', 'Datagrams relayed', 'direction', datagrams),
    metricBy('turn_relayed_bytes_total', 'counter', 'Application data relayed', 'direction', bytes),
    metricBy('turn_answers_total', 'counter', 'Answers, by kind or code', 'code', answered.snapshot()),
    metricBy('turn_discarded_total', 'counter', 'Datagrams dropped', 'reason', discarded.snapshot()),
  ]
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${escape(value).replaceAll('"', '\\"')}"`,
  )
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}
