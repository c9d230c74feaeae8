/**
 * The floor of throughput: one process sends datagrams to another on node:dgram, bare or as records of AES-128-GCM as
 * `@purertc/crypto/node` seals and opens them, and nothing else: no ICE, no DTLS, no SCTP, no channels. One datagram for each
 * turn of the receiver's event loop tells how many have come. Datagrams are as large as `bench/data-channel.ts --only
 * held` and `--only large` have them, the latter with one record in each and with four.
 *
 *     npm run build
 *     node --import tsx packages/peer-connection/bench/floor-throughput.ts [--seconds 2]
 */
import { fork } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { parseArgs } from 'node:util'

import { nodeCrypto } from '@purertc/crypto/node'

interface Setting {
  /** Bytes of a record. */
  readonly size: number
  /** Bytes of them that a data channel would fill with its user's data. */
  readonly data: number
  /** Of a datagram. */
  readonly records: number
  readonly isSealed: boolean
}

interface Outcome {
  readonly records: number
  /** Milliseconds. */
  readonly elapsed: number
  /** Microseconds of the process. */
  readonly cpu: number
}

const settings: readonly Setting[] = [
  { size: 1_200, data: 1_130, records: 1, isSealed: false },
  { size: 1_200, data: 1_130, records: 1, isSealed: true },
  { size: 16_424, data: 16_344, records: 1, isSealed: false },
  { size: 16_424, data: 16_344, records: 1, isSealed: true },
  { size: 16_368, data: 16_296, records: 4, isSealed: false },
  { size: 16_368, data: 16_296, records: 4, isSealed: true },
]

const HOST = '127.0.0.1'
const TAG = 16
/** Bytes that may be on their way: they all fit the receiver's socket. */
const WINDOW = 600_000
const BUFFER = 4 * 1_048_576
/** Milliseconds that do not count. */
const WARM_UP = 400

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '2' }, end: { type: 'string' } },
})

async function listen(): Promise<Socket> {
  const socket = createSocket({
    type: 'udp4',
    recvBufferSize: BUFFER,
    sendBufferSize: BUFFER,
    lookup: (host, _options, callback) => callback(null, host, 4),
  })
  const listening = once(socket, 'listening')
  socket.bind(0, HOST)
  await listening
  return socket
}

/** Counts from the end of the warm-up on. */
class Meter {
  #start = performance.now()
  #cpu = process.cpuUsage()
  #records = 0
  #isWarm = false

  count(records: number): void {
    this.#records += records
    if (this.#isWarm || performance.now() - this.#start < WARM_UP) return
    this.#isWarm = true
    this.#start = performance.now()
    this.#cpu = process.cpuUsage()
    this.#records = 0
  }

  get outcome(): Outcome {
    const { user, system } = process.cpuUsage(this.#cpu)
    return { records: this.#records, elapsed: performance.now() - this.#start, cpu: user + system }
  }
}

/** The key of both ends, and the nonce of each record in turn. */
function createRecords(): { aead: ReturnType<typeof nodeCrypto.createAead>; next: () => Uint8Array } {
  const nonce = new Uint8Array(12)
  const view = new DataView(nonce.buffer)
  let sequence = 0
  const next = (): Uint8Array => {
    view.setUint32(8, sequence++)
    return nonce
  }
  return { aead: nodeCrypto.createAead('aes-128-gcm', new Uint8Array(16)), next }
}

const AAD = new Uint8Array(5)

async function receive({ size, records, isSealed }: Setting): Promise<void> {
  const socket = await listen()
  const meter = new Meter()
  const { aead, next } = createRecords()
  const text = new Uint8Array(size)
  const answer = new Uint8Array(60)
  let count = 0
  let nonce = next()
  let isAnswering = false
  socket.on('message', (bytes, from) => {
    if (isSealed)
      for (let at = 0; at < bytes.length; at += size) {
        const record = bytes.subarray(at, at + size)
        if (aead.open(nonce, AAD, record, text, 0) < 0) throw new Error('a record is not authentic')
        nonce = next()
        aead.expect?.(nonce, size - TAG)
      }
    meter.count(records)
    count++
    if (isAnswering) return
    isAnswering = true
    setImmediate(() => {
      isAnswering = false
      new DataView(answer.buffer).setUint32(0, count)
      socket.send(answer, from.port, HOST)
    })
  })
  process.on('message', () => process.send?.(meter.outcome))
  process.send?.(socket.address().port)
}

async function send({ size, records, isSealed }: Setting): Promise<void> {
  const [port] = (await once(process, 'message')) as [number]
  const socket = await listen()
  const meter = new Meter()
  const { aead, next } = createRecords()
  const text = new Uint8Array(size - TAG).fill(1)
  const datagram = new Uint8Array(records * size)
  const window = Math.floor(WINDOW / datagram.length)
  let sent = 0
  let received = 0
  const pump = (): void => {
    for (; sent - received < window; sent++) {
      if (isSealed)
        for (let at = 0; at < datagram.length; at += size) aead.seal(next(), AAD, text, datagram, at)
      socket.send(datagram, port, HOST)
      meter.count(records)
    }
  }
  socket.on('message', (answer) => {
    received = answer.readUInt32BE(0)
    pump()
  })
  process.on('message', () => process.send?.(meter.outcome))
  pump()
}

async function measure(setting: Setting): Promise<void> {
  const start = (end: string): ReturnType<typeof fork> =>
    fork(new URL(import.meta.url), ['--end', `${end} ${settings.indexOf(setting)}`], {
      execArgv: process.execArgv,
    })
  const [receiver, sender] = [start('receiver'), start('sender')]
  const [port] = (await once(receiver, 'message')) as [number]
  sender.send(port)
  await new Promise((resolve) => setTimeout(resolve, WARM_UP + Number(values.seconds) * 1_000))
  const reports = [sender, receiver].map(async (end) => {
    end.send('report')
    const [outcome] = (await once(end, 'message')) as [Outcome]
    return outcome
  })
  const [sending, receiving] = (await Promise.all(reports)) as [Outcome, Outcome]
  for (const end of [sender, receiver]) end.kill()
  const each = ({ cpu, records }: Outcome): number => cpu / records
  const { size, data, records, isSealed } = setting
  const rate = (receiving.records * data) / 1e3 / receiving.elapsed
  process.stdout.write(
    `${records > 1 ? `${records} × ` : ''}${size} bytes${isSealed ? ', AES-128-GCM' : ''}: ${rate.toFixed(1)} MB/s, ` +
      `${each(sending).toFixed(1)} + ${each(receiving).toFixed(1)} µs a record, ` +
      `${(((each(sending) + each(receiving)) * 1e3) / data).toFixed(1)} CPU s/GB\n`,
  )
}

const [end, index] = (values.end ?? '').split(' ')
const setting = settings[Number(index)]
if (end === 'receiver' && setting !== undefined) await receive(setting)
else if (end === 'sender' && setting !== undefined) await send(setting)
else for (const each of settings) await measure(each)
