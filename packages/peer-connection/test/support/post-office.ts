import { randomUUID } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'

import type { SignalingFrame } from '../../src/index.ts'

/** What a peer finds in its mailbox; its own name is not among the senders. */
export type Letter =
  | { readonly kind: 'joined' | 'left'; readonly from: string }
  | { readonly kind: 'frame'; readonly from: string; readonly frame: SignalingFrame }

interface Mailbox {
  /** Those that have not been fetched for sure. */
  readonly letters: Letter[]
  fetched: number
  /** Hands them to the request that waits. */
  ring: () => void
}

/**
 * For `createServer` of `node:http`. `POST /CHANNEL` enters and answers `{peer, members}`; `GET /CHANNEL/PEER?N`
 * answers with all letters after the first N, as soon as there are any; `POST /CHANNEL/PEER` of `{to, frame}` sends one; `DELETE /CHANNEL/PEER` leaves.
 */
export function postOffice(): RequestListener {
  const channels = new Map<string, Map<string, Mailbox>>()
  return (request, response) => {
    serve(channels, request, response).catch(() => response.writeHead(400).end())
  }
}

async function serve(
  channels: Map<string, Map<string, Mailbox>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path = '', fetched = ''] = (request.url ?? '').split('?')
  const [, channel = '', peer] = path.split('/')
  const members = channels.get(channel) ?? new Map<string, Mailbox>()
  channels.set(channel, members)
  const tellOthers = (letter: Letter): void => {
    for (const [other, mailbox] of members) if (other !== letter.from) put(mailbox, letter)
  }
  if (peer === undefined) {
    const name = randomUUID()
    const answer = { peer: name, members: [...members.keys()] }
    members.set(name, { letters: [], fetched: 0, ring: () => {} })
    tellOthers({ kind: 'joined', from: name })
    response.end(JSON.stringify(answer))
    return
  }
  const own = members.get(peer)
  if (own === undefined) response.writeHead(404).end()
  else if (request.method === 'GET') await collect(own, Number(fetched), response)
  else if (request.method === 'DELETE') {
    members.delete(peer)
    tellOthers({ kind: 'left', from: peer })
    own.ring()
    response.end()
  } else {
    const text = Buffer.concat((await request.toArray()) as Buffer[]).toString()
    const { to, frame } = JSON.parse(text) as { to: string; frame: SignalingFrame }
    const mailbox = members.get(to)
    if (mailbox !== undefined) put(mailbox, { kind: 'frame', from: peer, frame })
    response.end()
  }
}

function put(mailbox: Mailbox, letter: Letter): void {
  mailbox.letters.push(letter)
  mailbox.ring()
}

/** Answers at once where there is something, else when there is; after a while with nothing, before a proxy gives up. */
async function collect(mailbox: Mailbox, fetched: number, response: ServerResponse): Promise<void> {
  mailbox.letters.splice(0, fetched - mailbox.fetched)
  mailbox.fetched = fetched
  if (mailbox.letters.length === 0)
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, HOLD)
      mailbox.ring = () => {
        clearTimeout(timer)
        resolve()
      }
      response.once('close', mailbox.ring)
    })
  response.end(JSON.stringify(mailbox.letters))
}

/** Milliseconds. */
const HOLD = 25_000
