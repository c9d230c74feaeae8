import type { IncomingMessage, ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'

import sirv from 'sirv'

/**
 * Serves the demo page: `/` and its style from `public/`, its scripts under `/page/`, and the signalling client, which
 * the page imports by its package name through an import map, under `/modules/signaling-client/`.
 */
export function serveStatic(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('referrer-policy', 'no-referrer')
  const url = request.url ?? '/'
  for (const { prefix, serve } of mounts) {
    if (!url.startsWith(prefix)) continue
    request.url = url.slice(prefix.length - 1)
    serve(request, response, () => notFound(response))
    return
  }
  notFound(response)
}

function notFound(response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' })
  response.end('Not found\n')
}

const mount = (prefix: string, folder: URL): { prefix: string; serve: ReturnType<typeof sirv> } => ({
  prefix,
  serve: sirv(fileURLToPath(folder), { dev: true }),
})

/** The longest prefix first. */
const mounts = [
  mount('/modules/signaling-client/', new URL('.', import.meta.resolve('@purertc/signaling-client'))),
  mount('/page/', new URL('../dist/page/', import.meta.url)),
  mount('/', new URL('../public/', import.meta.url)),
]
