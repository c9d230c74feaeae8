/**
 * The floor of a round trip: two processes that throw a datagram to and fro on node:dgram, with or without AES-GCM around
 * it, and nothing else. `bench/data-channel.ts --only trip` has 64 bytes in datagrams of 129.
 *
 *     node --import tsx packages/peer-connection/bench/floor.ts
 */
import { fork } from 'node:child_process'
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

import { median } from './table.ts'

const SIZE = 129
const ROUND_TRIPS = 10_000
const NONCE = 12
const TAG = 16
const HOST = '127.0.0.1'

interface Wrapping {
  readonly seal: (text: Uint8Array) => Uint8Array
  readonly open: (sealed: Uint8Array) => Uint8Array
}

const bare: Wrapping = { seal: (text) => text, open: (sealed) => sealed }

const key = createSecretKey(Buffer.alloc(16, 7))
const aesGcm: Wrapping = {
  seal: (text) => {
    const nonce = randomBytes(NONCE)
    const cipher = createCipheriv('aes-128-gcm', key, nonce)
    return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()])
  },
  open: (sealed) => {
    const decipher = createDecipheriv('aes-128-gcm', key, sealed.subarray(0, NONCE))
    decipher.setAuthTag(sealed.subarray(-TAG))
    const text = decipher.update(sealed.subarray(NONCE, -TAG))
    decipher.final()
    return text
  },
}

async function listen(): Promise<Socket> {
  // Node's own look-up takes a turn of the event loop for every send; with this one the socket listens at once.
  const socket = createSocket({ type: 'udp4', lookup: (host, _options, callback) => callback(null, host, 4) })
  const listening = once(socket, 'listening')
  socket.bind(0, HOST)
  await listening
  return socket
}

async function echo({ seal, open }: Wrapping): Promise<void> {
  const socket = await listen()
  socket.on('message', (bytes, from) => socket.send(seal(open(bytes)), from.port, from.address))
  process.send?.(socket.address().port)
}

async function measure(name: string, { seal, open }: Wrapping): Promise<void> {
  const other = fork(new URL(import.meta.url), [name], { execArgv: process.execArgv })
  const [port] = (await once(other, 'message')) as [number]
  const socket = await listen()
  const text = new Uint8Array(name === 'bare' ? SIZE : SIZE - NONCE - TAG)
  const samples: number[] = []
  while (samples.length < ROUND_TRIPS) {
    const sentAt = performance.now()
    socket.send(seal(text), port, HOST)
    const [bytes] = (await once(socket, 'message')) as [Uint8Array]
    open(bytes)
    samples.push((performance.now() - sentAt) * 1_000)
  }
  socket.close()
  other.kill()
  const figures = [samples.slice(0, 1_000), samples.slice(1_000, 2_000), samples.slice(2_000), samples]
  const shown = figures.map((part) => median(part).toFixed(0)).join(' / ')
  process.stdout.write(`${name}: ${shown} µs (p50 of the first 1,000, the next, the rest, all)\n`)
}

const wrappings: Readonly<Record<string, Wrapping>> = { bare, 'aes-128-gcm': aesGcm }
const [, , role] = process.argv
const own = wrappings[role ?? '']
if (own !== undefined) await echo(own)
else for (const [name, wrapping] of Object.entries(wrappings)) await measure(name, wrapping)
