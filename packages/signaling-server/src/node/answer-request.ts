import type { IncomingMessage, ServerResponse } from 'node:http'

import type { MetricsRegistry } from './options.ts'

/** What the plain requests of a signalling server are answered from. */
export interface Vitals {
  readonly isReady: boolean
  readonly connections: number
  readonly channels: number
}

/**
 * Answers `/health` (200 while the process lives), `/ready` (503 while it drains or cannot reach what it shares) and
 * `/metrics`. False where the request is for none of them.
 */
export function answerRequest(
  request: Pick<IncomingMessage, 'url' | 'method'>,
  response: ServerResponse,
  vitals: Vitals,
  registry: MetricsRegistry | undefined,
): boolean {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false
  const path = request.url?.split('?', 1)[0]
  const { isReady, connections, channels } = vitals
  if (path === '/health') answer(response, 200, JSON_TYPE, text({ status: 'ok', connections, channels }))
  else if (path === '/ready') {
    const status = isReady ? 'ready' : 'unavailable'
    answer(response, isReady ? 200 : 503, JSON_TYPE, text({ status }))
  } else if (path === '/metrics' && registry !== undefined) void answerMetrics(response, registry)
  else return false
  return true
}

async function answerMetrics(response: ServerResponse, registry: MetricsRegistry): Promise<void> {
  try {
    const metrics = await registry.metrics()
    answer(response, 200, registry.contentType, metrics)
  } catch {
    answer(response, 500, 'text/plain; charset=utf-8', 'the metrics could not be collected\n')
  }
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' })
  response.end(body)
}

function text(value: object): string {
  return `${JSON.stringify(value)}\n`
}

const JSON_TYPE = 'application/json; charset=utf-8'
