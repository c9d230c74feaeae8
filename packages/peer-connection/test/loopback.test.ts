import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'

import { describe, expect, test } from '@jest/globals'

import { type RTCConfiguration, type RTCDataChannel, RTCPeerConnection } from '../src/index.ts'

const loopback: RTCConfiguration = { network: { addresses: ['127.0.0.1'] } }

interface Pair {
  readonly alice: RTCPeerConnection
  readonly bob: RTCPeerConnection
  readonly channel: RTCDataChannel
  readonly remote: RTCDataChannel
}

/** Two connections of this process over real sockets, with a channel that is open at both ends. */
async function connect(configuration = loopback): Promise<Pair> {
  const alice = new RTCPeerConnection(configuration)
  const bob = new RTCPeerConnection(configuration)
  alice.onicecandidate = ({ candidate }) => void bob.addIceCandidate(candidate)
  bob.onicecandidate = ({ candidate }) => void alice.addIceCandidate(candidate)
  const channel = alice.createDataChannel('loopback')
  const remote = new Promise<RTCDataChannel>((resolve) => {
    bob.ondatachannel = (event) => resolve(event.channel)
  })
  const open = new Promise<void>((resolve) => (channel.onopen = () => resolve()))
  await alice.setLocalDescription()
  await bob.setRemoteDescription({ type: 'offer', sdp: alice.localDescription?.sdp ?? '' })
  await bob.setLocalDescription()
  await alice.setRemoteDescription({ type: 'answer', sdp: bob.localDescription?.sdp ?? '' })
  await open
  return { alice, bob, channel, remote: await remote }
}

describe('over real sockets', () => {
  test('text goes both ways', async () => {
    const { alice, bob, channel, remote } = await connect()
    const answer = new Promise((resolve) => (channel.onmessage = ({ data }) => resolve(data)))
    remote.onmessage = ({ data }) => remote.send(`${data as string} yourself`)
    channel.send('hello')
    expect(await answer).toBe('hello yourself')
    alice.close()
    bob.close()
  })

  test('8 MiB arrive intact under backpressure', async () => {
    const { alice, bob, channel, remote } = await connect()
    const size = 8 * 1_048_576
    const sent = createHash('sha256')
    const received = createHash('sha256')
    let most = 0
    const done = new Promise<number>((resolve) => {
      let bytes = 0
      remote.onmessage = ({ data }) => {
        const part = new Uint8Array(data as ArrayBuffer)
        received.update(part)
        bytes += part.length
        if (bytes >= size) resolve(bytes)
      }
    })
    let at = 0
    const pump = (): void => {
      for (; at < size && channel.bufferedAmount < 1_048_576; at += 16_384) {
        const part = new Uint8Array(16_384).fill(at / 16_384)
        sent.update(part)
        channel.send(part)
        most = Math.max(most, channel.bufferedAmount)
      }
    }
    channel.bufferedAmountLowThreshold = 262_144
    channel.onbufferedamountlow = pump
    pump()
    expect(await done).toBe(size)
    expect(received.digest('hex')).toBe(sent.digest('hex'))
    expect(most).toBeLessThanOrEqual(1_048_576 + 16_384)
    alice.close()
    bob.close()
  })

  test('relayed candidates alone do not connect without a TURN server, and nothing of this end is told', async () => {
    const connection = new RTCPeerConnection({ ...loopback, iceTransportPolicy: 'relay' })
    connection.createDataChannel('x')
    const lines: string[] = []
    const complete = new Promise<void>((resolve) => {
      connection.onicecandidate = ({ candidate }) =>
        candidate === null ? resolve() : lines.push(candidate.candidate)
    })
    await connection.setLocalDescription()
    await complete
    expect(lines).toEqual([''])
    connection.close()
  })

  test('a server whose name is unknown, or that is not reached, is an error event', async () => {
    // RFC 1035 §2.3.4: a label of more than 63 octets is refused without asking a name server.
    const unknown = `stun:${'x'.repeat(64)}.invalid`
    const connection = new RTCPeerConnection({
      ...loopback,
      iceServers: [{ urls: [unknown, 'turns:127.0.0.1'], username: 'u', credential: 'c' }],
    })
    const urls: string[] = []
    connection.onicecandidateerror = ({ url, errorCode }) => urls.push(`${url} ${errorCode}`)
    const complete = new Promise<void>((resolve) => {
      connection.onicecandidate = ({ candidate }) => candidate === null && resolve()
    })
    connection.createDataChannel('x')
    await connection.setLocalDescription()
    await complete
    expect(urls).toContain(`${unknown} 701`)
    connection.close()
  })
})

test('close() gives everything back: a process ends by itself', async () => {
  const program = fileURLToPath(new URL('support/one-message.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions', '@purertc/source', '--import', 'tsx', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (data: Buffer) => (output += data.toString()))
  const code = await new Promise((resolve) => child.on('exit', resolve))
  expect([code, output.trim()]).toEqual([0, 'received hello'])
})
