/**
 * The floor of a round trip: two processes that throw a datagram to and fro on node:dgram, with or without AES-GCM around
 * it, with an event loop that sleeps meanwhile or one that does not, and nothing else. `bench/data-channel.ts --only
 * trip` has 64 bytes in datagrams of 129. With `--two-cores` (Linux) each process has a processor of its own, as on a
 * machine without other work.
 *
 *     node --import tsx packages/peer-connection/bench/floor.ts [--two-cores]
 */
import { execFileSync, fork } from 'node:child_process'
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
  /** Whether the event loop stays awake until the answer comes. */
  readonly isAwake: boolean
  readonly seal: (text: Uint8Array) => Uint8Array
  readonly open: (sealed: Uint8Array) => Uint8Array
}

const bare: Wrapping = { isAwake: false, seal: (text) => text, open: (sealed) => sealed }

const key = createSecretKey(Buffer.alloc(16, 7))
const aesGcm: Wrapping = {
  isAwake: false,
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

async function echo({ isAwake, seal, open }: Wrapping): Promise<void> {
  const socket = await listen()
  if (isAwake) stayAwake()
  socket.on('message', (bytes, from) => socket.send(seal(open(bytes)), from.port, from.address))
  process.send?.(socket.address().port)
}

async function measure(name: string, { isAwake, seal, open }: Wrapping): Promise<void> {
  const other = fork(new URL(import.meta.url), [name, ...options], { execArgv: process.execArgv })
  const [port] = (await once(other, 'message')) as [number]
  const socket = await listen()
  const text = new Uint8Array(name.startsWith('bare') ? SIZE : SIZE - NONCE - TAG)
  const samples: number[] = []
  const sleep = isAwake ? stayAwake() : () => undefined
  while (samples.length < ROUND_TRIPS) {
    const sentAt = performance.now()
    socket.send(seal(text), port, HOST)
    const [bytes] = (await once(socket, 'message')) as [Uint8Array]
    open(bytes)
    samples.push((performance.now() - sentAt) * 1_000)
  }
  sleep()
  socket.close()
  other.kill()
  const figures = [samples.slice(0, 1_000), samples.slice(1_000, 2_000), samples.slice(2_000), samples]
  const shown = figures.map((part) => median(part).toFixed(0)).join(' / ')
  process.stdout.write(`${name}: ${shown} µs (p50 of the first 1,000, the next, the rest, all)\n`)
}

/** Returns what ends it. */
function stayAwake(): () => void {
  let isOver = false
  const turn = (): void => {
    if (!isOver) setImmediate(turn)
  }
  turn()
  return () => {
    isOver = true
  }
}

const wrappings: Readonly<Record<string, Wrapping>> = {
  bare,
  'bare, awake': { ...bare, isAwake: true },
  'aes-128-gcm': aesGcm,
}
const [name, ...rest] = process.argv.slice(2)
const own = wrappings[name ?? '']
const options = own === undefined ? process.argv.slice(2) : rest
if (options.includes('--two-cores'))
  execFileSync('taskset', ['-acp', own === undefined ? '0' : '1', String(process.pid)])
if (own !== undefined) await echo(own)
else for (const [each, wrapping] of Object.entries(wrappings)) await measure(each, wrapping)
