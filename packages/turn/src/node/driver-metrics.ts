import type { Counters } from '@purertc/bytes'

import { type Metric, metricBy } from '../server/metrics.ts'
import type { DisconnectReason } from './listener.ts'
import type { Siblings } from './processes/siblings.ts'

/** What only the driver of a server knows: how connections ended, and what went to other processes, if there are any. */
export function driverMetrics(
  disconnected: Counters<DisconnectReason>,
  passed: Siblings['passed'] | undefined,
): Metric[] {
  const ended = disconnected.snapshot()
  const [ofEnded, ofPassed] = ['Connections that ended or were not taken', 'Datagrams for other processes']
  const own = metricBy('turn_disconnections_total', 'counter', ofEnded, 'reason', ended)
  if (passed === undefined) return [own]
  return [own, metricBy('turn_siblings_datagrams_total', 'counter', ofPassed, 'outcome', passed.snapshot())]
}
