import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { afterEach, describe, expect, test } from '@jest/globals'
import { SignalingClient } from '@purertc/signaling-client'
import { discoverMappedAddress } from '@purertc/stun/node'
import { type Logger, pino } from 'pino'
import { WebSocket } from 'ws'

import { DemoServer } from '../src/demo-server.ts'

const log = pino({ level: 'silent' })
const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close()
})

async function start(
  options: Parameters<typeof DemoServer.start>[0] = {},
  logger: Logger = log,
): Promise<DemoServer> {
  const server = await DemoServer.start({ port: 0, turnPort: 0, ...options }, logger)
  open.push(server)
  return server
}

describe('the demo server', () => {
  test('says that it is healthy', async () => {
    const response = await fetch((await start()).healthUrl)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ status: 'ok', connections: 0, allocations: 0 })
  })

  test('serves the page, and nothing outside of it', async () => {
    const { url } = await start()
    const page = await fetch(url)
    expect(page.headers.get('content-type')).toMatch('text/html')
    expect(await page.text()).toContain('PureRTC')
    for (const path of ['package.json', '..%2fpackage.json', 'page/..%2f..%2fpackage.json', 'src/main.ts'])
      expect((await fetch(url + path)).status).toBe(404)
  })

  test('answers STUN on UDP', async () => {
    const mapped = await discoverMappedAddress((await start()).stunAddress)
    expect(mapped.address).toBe('127.0.0.1')
  })

  test('tells a signalling client where STUN and TURN are, with credentials that end', async () => {
    const server = await start()
    const client = new SignalingClient({ url: server.signalingUrl, WebSocket })
    open.push(client)
    const { iceServers } = await client.connect()
    expect(iceServers).toEqual([
      { urls: [`stun:${server.stunAddress}`] },
      {
        urls: [`turn:${server.stunAddress}?transport=udp`],
        username: expect.stringMatching(/^\d+:demo$/),
        credential: expect.any(String),
      },
    ])
  })

  test('logs what happens, a line of JSON each, without secrets', async () => {
    const lines: string[] = []
    let write: (line: string) => void = () => {}
    const gone = new Promise<void>((resolve) => {
      write = (line) => {
        lines.push(line)
        if (line.includes('"disconnected"')) resolve()
      }
    })
    const server = await start({}, pino({ level: 'debug' }, { write: (line: string) => write(line) }))
    const refused = new WebSocket(server.signalingUrl)
    await new Promise((resolve) => refused.once('error', resolve))
    const client = new SignalingClient({ url: server.signalingUrl, WebSocket })
    await client.connect()
    await client.join('room', { peer: 'alice', token: 'hush' })
    client.sendDescription({ type: 'offer', sdp: 'hush' })
    await client.leave()
    await client.close()
    await gone
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(events).toMatchObject([
      { msg: 'refused', level: 40, address: '127.0.0.1', status: 400 },
      { msg: 'connected', level: 20, id: 1, address: '127.0.0.1' },
      { msg: 'joined', level: 30, id: 1, channel: 'room', peer: 'alice', count: 1 },
      { msg: 'left', level: 30, id: 1, channel: 'room', peer: 'alice', count: 0 },
      { msg: 'disconnected', level: 20, id: 1, code: 1000 },
    ])
    expect(lines.join('')).not.toContain('hush')
  })

  test('takes a free port where the wanted one is taken', async () => {
    const other = createServer()
    open.push({ close: () => closed(other) })
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const first = await start({ port })
    expect(first.url).not.toContain(`:${port}/`)
    const second = await start({ turnPort: Number(first.stunAddress.split(':')[1]) })
    expect(second.stunAddress).not.toBe(first.stunAddress)
    expect((await fetch(second.healthUrl)).status).toBe(200)
  })

  test('rejects an address that this machine does not have', async () => {
    await expect(
      DemoServer.start({ host: '198.51.100.77', port: 0, turnPort: 0 }, log),
    ).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
    })
  })
})

const closed = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()))
