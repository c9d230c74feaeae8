import { createServer, type Server } from 'node:http'
import { once } from 'node:events'

import { formatMetrics, type Metric } from '../../server/metrics.ts'

/** Answers `GET /metrics` in Prometheus's text format; `collect` may ask other processes. */
export async function serveMetrics(
  address: string,
  port: number,
  collect: () => Promise<readonly Metric[]>,
): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    collect().then(
      (metrics) =>
        response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(formatMetrics(metrics)),
      () => response.writeHead(500).end(),
    )
  })
  server.listen(port, address)
  await once(server, 'listening')
  return server
}

/** The figures of several processes as those of one: samples with the same labels are added. */
export function sumMetrics(all: readonly (readonly Metric[])[]): Metric[] {
  const sums = new Map<string, Omit<Metric, 'samples'> & { readonly samples: Sum[] }>()
  for (const metric of all.flat()) {
    const sum = sums.get(metric.name) ?? { ...metric, samples: [] }
    sums.set(metric.name, sum)
    for (const { labels, value } of metric.samples) {
      const key = JSON.stringify(labels)
      const known = sum.samples.find((sample) => JSON.stringify(sample.labels) === key)
      if (known === undefined) sum.samples.push({ labels: { ...labels }, value })
      else known.value += value
    }
  }
  return [...sums.values()]
}

interface Sum {
  readonly labels: Readonly<Record<string, string>>
  value: number
}
