/**
 * A connection in a process of its own, inside a network namespace of the NAT laboratory. Commands and reports are lines of
 * JSON. It streams numbered messages over a reliable channel and hashes what it gets.
 */
import { createHash } from 'node:crypto'
import { createInterface } from 'node:readline'

import type { RTCDataChannel } from '../../src/index.ts'
import { RTCPeerConnection } from '../../src/node/index.ts'
import type { LabReport, LabRequest } from './lab-link.ts'

const sent = createHash('sha256')
const received = createHash('sha256')
let connection: RTCPeerConnection | null = null
let channel: RTCDataChannel | null = null
let stream: NodeJS.Timeout | undefined
let sentCount = 0
let receivedCount = 0
/** Signals are taken in their order. */
let taken: Promise<unknown> = Promise.resolve()

const report = (line: LabReport): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

createInterface({ input: process.stdin }).on('line', (line) => {
  taken = taken.then(() => run(JSON.parse(line) as LabRequest))
})
report({ event: 'ready' })

async function run(request: LabRequest): Promise<void> {
  if (request.do === 'start') connection = start(request.configuration)
  else if (connection === null) throw new Error('start comes first')
  else if (request.do === 'offer') await offer(connection, request.restart)
  else if (request.do === 'signal') await take(connection, request.signal)
  else if (request.do === 'stream') stream = setInterval(send, 10)
  else finish()
}

function start(configuration: object): RTCPeerConnection {
  const made = new RTCPeerConnection({
    ...configuration,
    hooks: {
      pairSelected: ({ local, remote }) =>
        report({ event: 'selected', local: local.type, remote: remote.type, port: remote.port }),
    },
  })
  made.onicecandidate = ({ candidate }) => {
    if (candidate !== null) report({ event: 'signal', signal: { candidate: candidate.toJSON() } })
  }
  made.oniceconnectionstatechange = () => report({ event: 'state', state: made.iceConnectionState })
  made.ondatachannel = (event) => use(event.channel)
  return made
}

function use(opened: RTCDataChannel): void {
  channel = opened
  opened.binaryType = 'arraybuffer'
  opened.onopen = () => report({ event: 'open' })
  opened.onmessage = ({ data }) => {
    received.update(new Uint8Array(data as ArrayBuffer))
    receivedCount++
    report({ event: 'received', count: receivedCount })
  }
}

async function offer(made: RTCPeerConnection, restart: boolean): Promise<void> {
  if (restart) made.restartIce()
  else use(made.createDataChannel('bytes'))
  await made.setLocalDescription()
  describe(made)
}

async function take(made: RTCPeerConnection, signal: object): Promise<void> {
  if ('candidate' in signal) {
    await made.addIceCandidate(signal.candidate as object)
    return
  }
  const { description } = signal as { readonly description: { type: 'offer' | 'answer'; sdp: string } }
  await made.setRemoteDescription(description)
  if (description.type === 'answer') return
  await made.setLocalDescription()
  describe(made)
}

function describe({ localDescription }: RTCPeerConnection): void {
  const { type, sdp } = localDescription ?? {}
  report({ event: 'signal', signal: { description: { type, sdp } } })
}

function send(): void {
  const message = new Uint8Array(1_000).fill(sentCount & 0xff)
  new DataView(message.buffer).setUint32(0, sentCount++)
  sent.update(message)
  channel?.send(message)
}

function finish(): void {
  clearInterval(stream)
  report({
    event: 'finished',
    sentCount,
    sent: sent.copy().digest('hex'),
    receivedCount,
    received: received.copy().digest('hex'),
  })
}
