import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

import { afterEach, expect, test } from '@jest/globals'
import { transportAddress } from '@purertc/stun'
import { discoverMappedAddress } from '@purertc/stun/node'

import { createTurnClient, type NodeTurnClient } from '../src/node/index.ts'

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** The program on a free port; resolves when it listens. */
async function start(
  ...flags: string[]
): Promise<{ child: ChildProcess; port: number; metricsPort: number }> {
  const [port, metricsPort] = [await freePort(), await freePort()]
  const entry = new URL('../src/node/bin/main.ts', import.meta.url).pathname
  const program = ['--conditions=@purertc/source', '--import', 'tsx', entry]
  const own = ['--address', '127.0.0.1', '--port', String(port), '--metrics-port', String(metricsPort)]
  const child = spawn(process.execPath, [...program, ...own, '--user', 'ann:secret', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  if (child.stdout === null) throw new Error('no output')
  const [output] = (await once(child.stdout, 'data')) as [Buffer]
  expect(output.toString()).toContain(`listening udp 127.0.0.1:${port}`)
  return { child, port, metricsPort }
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}

async function figure(metricsPort: number, name: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${metricsPort}/metrics`)
  const text = await response.text()
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1])
}

test('one command brings STUN, TURN and figures up, and a signal ends it', async () => {
  const { child, port, metricsPort } = await start('--allow-loopback-peers')
  expect((await discoverMappedAddress(`stun:127.0.0.1:${port}`)).address).toBe('127.0.0.1')
  const client = await createTurnClient({
    server: `turn:127.0.0.1:${port}?transport=tcp`,
    username: 'ann',
    password: 'secret',
  })
  expect(await figure(metricsPort, 'turn_allocations')).toBe(1)
  await client.close()
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  expect(await exited).toEqual([0, null])
}, 60_000)

test('several processes share a port: each client stays with the one that has its allocation', async () => {
  const { child, port, metricsPort } = await start('--allow-loopback-peers', '--processes', '2')
  const clients: NodeTurnClient[] = []
  for (let i = 0; i < 12; i++)
    clients.push(
      await createTurnClient({ server: `turn:127.0.0.1:${port}`, username: 'ann', password: 'secret' }),
    )
  const addresses = clients.map(({ relayedAddress }) => relayedAddress ?? transportAddress('0.0.0.0', 0))
  expect(new Set(addresses.map((address) => address.port)).size).toBe(12)
  // The ranges of two processes: both of them serve somebody.
  expect(new Set(addresses.map((address) => address.port < 57_344)).size).toBe(2)
  for (const [i, client] of clients.entries()) {
    client.createPermission(addresses[(i + 1) % 12] ?? transportAddress('0.0.0.0', 0))
    client.on('message', (data, from) => client.send(from, data))
  }
  for (let i = 0; i < 12; i += 2) {
    const [one, other] = [clients[i], addresses[i + 1]]
    if (one === undefined || other === undefined) continue
    one.removeAllListeners('message')
    clients[i + 1]?.createPermission(addresses[i] ?? other)
    await new Promise((resolve) => setTimeout(resolve, 100))
    for (let n = 0; n < 10; n++) {
      const echoed = once(one, 'message')
      one.send(other, Uint8Array.of(n))
      expect(await echoed).toEqual([Uint8Array.of(n), other])
    }
  }
  expect(await figure(metricsPort, 'turn_allocations')).toBe(12)
  await Promise.all(clients.map((client) => client.close()))
  expect(await figure(metricsPort, 'turn_allocations')).toBe(0)
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  expect(await exited).toEqual([0, null])
}, 60_000)

test('several processes count a user’s allocations together', async () => {
  const { child, port } = await start('--processes', '2', '--allocations-per-user', '6')
  const options = { server: `turn:127.0.0.1:${port}`, username: 'ann', password: 'secret' }
  const clients: NodeTurnClient[] = []
  for (let i = 0; i < 6; i++) clients.push(await createTurnClient(options))
  for (let i = 0; i < 4; i++) await expect(createTurnClient(options)).rejects.toMatchObject({ code: 486 })
  await expect(
    createTurnClient({ ...options, server: `${options.server}?transport=tcp` }),
  ).rejects.toMatchObject({ code: 486 })
  await clients.pop()?.close()
  clients.push(await createTurnClient(options))
  await Promise.all(clients.map((client) => client.close()))
  child.kill('SIGTERM')
  await once(child, 'exit')
}, 60_000)
