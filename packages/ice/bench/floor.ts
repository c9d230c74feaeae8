/**
 * The least that consent can cost a process in Node: bare node:dgram that answers each datagram, with or without the two
 * HMACs that a check and its answer take, at the rate that agents have. What comes in is scattered over time, as from many
 * peers, or comes in a burst every 20 or 250 ms. Needs `npm run build`.
 *
 *     node --import tsx packages/ice/bench/floor.ts [exchanges a second]
 */
import { type ChildProcess, fork } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

import { nodeCrypto } from '@purertc/crypto/node'

const MEASURED = 4_000

type Arrival = 'scattered' | 'every 20 ms' | 'every 250 ms'

const [rateText = '2000', arrival, port] = process.argv.slice(2)
const rate = Number(rateText)
if (port === undefined)
  for (const kind of ['scattered', 'every 20 ms', 'every 250 ms'] as const) await compare(kind)
else send(arrival as Arrival, Number(port))

async function compare(kind: Arrival): Promise<void> {
  for (const signs of [false, true]) {
    const { exchanges, cpu, elapsed } = await measure(kind, signs)
    console.info(
      `${kind}, ${signs ? 'two HMACs' : 'no HMAC'}: ${((1_000 * exchanges) / elapsed).toFixed(0)} a second,`,
      `${((1_000 * cpu) / exchanges).toFixed(1)} µs each, ${((100 * cpu) / elapsed).toFixed(1)} % of a core`,
    )
  }
}

async function measure(
  kind: Arrival,
  signs: boolean,
): Promise<{ exchanges: number; cpu: number; elapsed: number }> {
  const hmac = nodeCrypto.createHmac('sha1', new Uint8Array(24))
  const digest = new Uint8Array(20)
  let exchanges = 0
  const socket = createSocket({ type: 'udp4', lookup: (host, _options, done) => done(null, host, 4) })
  socket.on('message', (bytes, from) => {
    exchanges++
    if (signs) for (let i = 0; i < 2; i++) hmac.compute(bytes, bytes.length, digest)
    socket.send(bytes, from.port, from.address)
  })
  const listening = once(socket, 'listening')
  socket.bind(0, '127.0.0.1')
  await listening
  const sender: ChildProcess = fork(import.meta.filename, [rateText, kind, String(socket.address().port)])
  await sleep(2_000)
  exchanges = 0
  const before = process.cpuUsage()
  const start = performance.now()
  await sleep(MEASURED)
  const { user, system } = process.cpuUsage(before)
  const result = { exchanges, cpu: (user + system) / 1_000, elapsed: performance.now() - start }
  sender.kill()
  socket.close()
  return result
}

/** In a process of its own. */
function send(kind: Arrival, to: number): void {
  const socket = createSocket('udp4')
  const datagram = new Uint8Array(100)
  let next = performance.now()
  const pause = kind === 'scattered' ? 0 : kind === 'every 20 ms' ? 20 : 250
  const wait = (): number => (-Math.log(Math.random()) * 1_000) / rate
  const tick = (): void => {
    const now = performance.now()
    if (pause > 0) for (let i = 0; i < (rate * pause) / 1_000; i++) socket.send(datagram, to, '127.0.0.1')
    else for (; next <= now; next += wait()) socket.send(datagram, to, '127.0.0.1')
    setTimeout(tick, pause > 0 ? pause : Math.max(0, next - now))
  }
  tick()
}
