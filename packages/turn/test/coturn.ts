/** coturn's programs as tests use them. */
import { spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { describe } from '@jest/globals'
import type { TransportAddress } from '@purertc/stun'

import type { NodeTurnClient } from '../src/node/index.ts'
import { freePort } from '../../bytes/test/support/free-port.ts'
import { cert, key } from './vectors/localhost-certificate.ts'

/** Runs coturn's client with four sessions of 100 messages. */
export async function uclient(
  server: TransportAddress | undefined,
  flags: readonly string[],
): Promise<string> {
  const { address, port } = server ?? { address: '', port: 0 }
  const load = ['-n', '100', '-m', '4', '-l', '500', '-z', '5']
  const credentials = ['-u', 'ann', '-w', 'secret', '-p', String(port)]
  const child = spawn('turnutils_uclient', [...credentials, ...load, ...flags, address])
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await once(child, 'close')
  return output
}

/** Starts coturn's server on a free port of loopback; `stop` resolves when it is gone. */
export async function startTurnserver(
  flags: readonly string[],
  plain = true,
  address = '127.0.0.1',
): Promise<{ port: number; stop: () => Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), 'purertc-turn-'))
  const port = await freePort()
  const child = spawn(
    'turnserver',
    [
      ...[
        '-n',
        ...(plain ? ['--no-tls', '--no-dtls'] : []),
        '--no-cli',
        '--lt-cred-mech',
        '--realm=example.org',
        '--user=ann:secret',
      ],
      ...[
        `--listening-ip=${address}`,
        `--relay-ip=${address}`,
        `--listening-port=${port}`,
        '--allow-loopback-peers',
      ],
      ...['--simple-log', `--log-file=${join(directory, 'log')}`, `--pidfile=${join(directory, 'pid')}`],
      `--userdb=${join(directory, 'db')}`,
      ...flags,
    ],
    { stdio: 'ignore' },
  )
  const exited = once(child, 'exit')
  const died = exited.then(([code]) => {
    throw new Error(`turnserver ended with ${code}`)
  })
  died.catch(() => undefined)
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
    rmSync(directory, { recursive: true, force: true })
  }
  await answersBinding(port, address, died)
  return { port, stop }
}

/** Asks for a mapped address until the server answers: it is up. */
async function answersBinding(port: number, address: string, died: Promise<never>): Promise<void> {
  const request = Uint8Array.of(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  const answered = once(socket, 'message')
  const asking = setInterval(() => socket.send(request, port, address), 50)
  try {
    await Promise.race([answered, died])
  } finally {
    clearInterval(asking)
    socket.close()
  }
}

/**
 * Resolves when each of the two hears the other one: a permission is one's own affair, and what comes before it is dropped.
 * Nothing is on its way then.
 */
export async function acquaint(...pair: readonly [NodeTurnClient, NodeTurnClient]): Promise<void> {
  const say = (kind: number): void => {
    for (const [i, client] of pair.entries()) {
      const { relayedAddress } = pair[1 - i] ?? client
      if (relayedAddress !== null) client.send(relayedAddress, Uint8Array.of(kind))
    }
  }
  const heard = (kind: number): Promise<unknown> =>
    Promise.all(
      pair.map(
        (client) =>
          new Promise<void>((resolve) => {
            const listener = (data: Uint8Array): void => {
              if (data[0] !== kind) return
              client.off('message', listener)
              resolve()
            }
            client.on('message', listener)
          }),
      ),
    )
  const met = heard(HELLO)
  const trying = setInterval(() => say(HELLO), 50)
  await met
  clearInterval(trying)
  const settled = heard(ENOUGH)
  say(ENOUGH)
  await settled
}

const HELLO = 1
const ENOUGH = 2

/** The test certificate as coturn takes it. */
export function certificateFiles(): { tls: { ca: string }; flags: string[]; remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'purertc-turn-'))
  writeFileSync(join(directory, 'cert.pem'), cert)
  writeFileSync(join(directory, 'key.pem'), key)
  const flags = [`--cert=${join(directory, 'cert.pem')}`, `--pkey=${join(directory, 'key.pem')}`]
  return { tls: { ca: cert }, flags, remove: () => rmSync(directory, { recursive: true, force: true }) }
}

/** In CI the programs must be there; elsewhere their absence is reported. */
export function suite(name: string, program: string, tests: () => void): void {
  const isThere = spawnSync('which', [program]).status === 0
  if (isThere || process.env['CI'] !== undefined) describe(name, tests)
  else describe.skip(`${name} (${program} is not installed)`, tests)
}
