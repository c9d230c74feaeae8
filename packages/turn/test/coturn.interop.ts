import { spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type TransportAddress, transportAddress } from '@purertc/stun'

import { createTurnClient, createTurnServer, type NodeTurnServer } from '../src/node/index.ts'
import { cert, key } from './vectors/localhost-certificate.ts'

suite('our client and coturn’s server', 'turnserver', () => {
  const stops: (() => Promise<void>)[] = []
  afterAll(async () => {
    for (const stop of stops.reverse()) await stop()
  })

  test('two clients talk over their relayed addresses, in indications and channels, over stale nonces', async () => {
    const coturn = await startTurnserver(['--stale-nonce=1'])
    stops.push(coturn.stop)
    const options = { server: `turn:127.0.0.1:${coturn.port}`, username: 'ann', password: 'secret' }
    const ann = await createTurnClient(options)
    const bob = await createTurnClient({ ...options, channels: 'manual' })
    const toAnn = ann.relayedAddress ?? transportAddress('0.0.0.0', 0)
    const toBob = bob.relayedAddress ?? transportAddress('0.0.0.0', 0)
    expect(toAnn.address).toBe('127.0.0.1')
    expect(ann.mappedAddress?.address).toBe('127.0.0.1')
    ann.createPermission(toBob)
    bob.createPermission(toAnn)
    await sleep(1_500)
    for (let i = 0; i < 200; i++) {
      const [atBob, atAnn] = [once(bob, 'message'), once(ann, 'message')]
      const data = new Uint8Array(1 + ((i * 37) % 1_200)).fill(i)
      ann.send(toBob, data)
      expect(await atBob).toEqual([data, toAnn])
      bob.send(toAnn, data)
      expect(await atAnn).toEqual([data, toBob])
    }
    await Promise.all([ann.close(), bob.close()])
  })

  test.each(['turn:127.0.0.1:PORT?transport=tcp', 'turns:localhost:SECURE'])(
    '%s: data of every length goes both ways',
    async (template) => {
      const secure = await freePort()
      const { tls, flags, remove } = certificateFiles()
      const coturn = await startTurnserver([`--tls-listening-port=${secure}`, ...flags], false)
      stops.push(coturn.stop)
      const server = template.replace('PORT', String(coturn.port)).replace('SECURE', String(secure))
      const options = { server, username: 'ann', password: 'secret', tls }
      const ann = await createTurnClient(options)
      const bob = await createTurnClient(options)
      remove()
      const toAnn = ann.relayedAddress ?? transportAddress('0.0.0.0', 0)
      const toBob = bob.relayedAddress ?? transportAddress('0.0.0.0', 0)
      ann.createPermission(toBob)
      bob.createPermission(toAnn)
      await sleep(200)
      for (let i = 0; i < 100; i++) {
        const [atBob, atAnn] = [once(bob, 'message'), once(ann, 'message')]
        const data = new Uint8Array(1 + ((i * 37) % 1_200)).fill(i)
        ann.send(toBob, data)
        expect(await atBob).toEqual([data, toAnn])
        bob.send(toAnn, data)
        expect(await atAnn).toEqual([data, toBob])
      }
      await Promise.all([ann.close(), bob.close()])
    },
  )

  test('wrong passwords and forbidden peers are refused', async () => {
    const coturn = await startTurnserver(['--denied-peer-ip=127.0.0.9'])
    stops.push(coturn.stop)
    const server = `turn:127.0.0.1:${coturn.port}`
    await expect(createTurnClient({ server, username: 'ann', password: 'guess' })).rejects.toMatchObject({
      code: 401,
    })
    await expect(createTurnClient({ server, username: 'eve', password: 'secret' })).rejects.toMatchObject({
      code: 401,
    })
    const client = await createTurnClient({ server, username: 'ann', password: 'secret' })
    const refused = once(client, 'peerRefused')
    client.createPermission(transportAddress('127.0.0.9', 9))
    expect(await refused).toMatchObject([{ address: '127.0.0.9' }, { code: 403 }])
    await client.close()
  })

  test('a quota is a quota', async () => {
    const coturn = await startTurnserver(['--user-quota=1'])
    stops.push(coturn.stop)
    const options = { server: `turn:127.0.0.1:${coturn.port}`, username: 'ann', password: 'secret' }
    const client = await createTurnClient({ ...options, lifetime: 777 })
    await expect(createTurnClient(options)).rejects.toMatchObject({ code: 486 })
    await client.close()
  })
})

suite('coturn’s client and our server', 'turnutils_uclient', () => {
  let server: NodeTurnServer
  beforeAll(async () => {
    server = await createTurnServer({
      listen: [
        { address: '127.0.0.1', port: 0 },
        { address: '::1', port: 0 },
        { address: '127.0.0.1', port: 0, transport: 'tcp' },
        { address: '127.0.0.1', port: 0, transport: 'tls' },
      ],
      tls: { cert, key },
      realm: 'example.org',
      authenticate: { ann: 'secret' },
      allowLoopbackPeers: true,
      // It picks channels as RFC 5766 has them.
      legacyChannels: true,
      nonceLifetime: 1,
    })
  })
  afterAll(() => server.close())

  // Each run takes four seconds, most of which it waits: three at a time.
  test.each([
    ['channels, with a twin for RTCP too, and indications', [['-y', '-c'], ['-y'], ['-y', '-c', '-s']]],
    [
      'padding and extra requests, clients that vanish, requests that are wrong in places',
      [
        ['-y', '-c', '-D', '-G', '-l', '501'],
        ['-y', '-c', '-B'],
        ['-y', '-c', '-N'],
      ],
    ],
  ])('%s: nothing is lost', async (_case, runs) => {
    const outputs = runs.map((flags) => uclient(server.addresses[0], [...flags, '-X']))
    for (const output of await Promise.all(outputs)) {
      expect(output).toMatch(/tot_send_msgs=400, tot_recv_msgs=400/)
      expect(output).toMatch(/Total lost packets 0 /)
    }
  })

  test('nothing is lost over IPv6', async () => {
    const output = await uclient(server.addresses[1], ['-y', '-c', '-x'])
    expect(output).toMatch(/Total lost packets 0 /)
  })

  test('nothing is lost over TCP', async () => {
    const runs = [['-y', '-c'], ['-y'], ['-y', '-c', '-s'], ['-y', '-c', '-l', '501']]
    const outputs = runs.map((flags) => uclient(server.addresses[2], [...flags, '-t', '-X']))
    for (const output of await Promise.all(outputs)) {
      expect(output).toMatch(/tot_send_msgs=400, tot_recv_msgs=400/)
      expect(output).toMatch(/Total lost packets 0 /)
    }
  })

  // It reads one message of a TLS record and forgets the others, so that a load loses some with coturn's server too.
  test('one message at a time, nothing is lost over TLS', async () => {
    const gentle = ['-t', '-S', '-X', '-n', '20', '-m', '1', '-z', '60']
    const runs = [
      ['-y', '-c'],
      ['-y', '-c', '-s', '-l', '501'],
    ]
    const outputs = runs.map((flags) => uclient(server.addresses[3], [...flags, ...gentle]))
    for (const output of await Promise.all(outputs)) {
      expect(output).toMatch(/method=TLSv1/)
      expect(output).toMatch(/Total lost packets 0 /)
    }
  })

  test('a peer of its own, and echoes from it', async () => {
    const peer = createSocket('udp4')
    peer.on('message', (bytes, from) => peer.send(bytes, from.port, from.address))
    peer.bind(0, '127.0.0.1')
    await once(peer, 'listening')
    const flags = ['-c', '-e', '127.0.0.1', '-r', String(peer.address().port)]
    expect(await uclient(server.addresses[0], flags)).toMatch(/Total lost packets 0 /)
    peer.close()
  })

  test('DONT-FRAGMENT, which our sockets cannot set, is refused with 420', async () => {
    expect(await uclient(server.addresses[0], ['-y', '-c', '-g'])).toMatch(/error 420/)
  })
})

/** Runs coturn's client with four sessions of 100 messages. */
async function uclient(server: TransportAddress | undefined, flags: readonly string[]): Promise<string> {
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
async function startTurnserver(
  flags: readonly string[],
  plain = true,
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
        '--listening-ip=127.0.0.1',
        '--relay-ip=127.0.0.1',
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
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
    rmSync(directory, { recursive: true, force: true })
  }
  await answersBinding(port)
  return { port, stop }
}

/** Asks for a mapped address until the server answers: it is up. */
async function answersBinding(port: number): Promise<void> {
  const request = Uint8Array.of(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
  const socket = createSocket('udp4')
  const answered = once(socket, 'message')
  const asking = setInterval(() => socket.send(request, port, '127.0.0.1'), 50)
  await answered
  clearInterval(asking)
  socket.close()
}

/** The test certificate as coturn takes it. */
function certificateFiles(): { tls: { ca: string }; flags: string[]; remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'purertc-turn-'))
  writeFileSync(join(directory, 'cert.pem'), cert)
  writeFileSync(join(directory, 'key.pem'), key)
  const flags = [`--cert=${join(directory, 'cert.pem')}`, `--pkey=${join(directory, 'key.pem')}`]
  return { tls: { ca: cert }, flags, remove: () => rmSync(directory, { recursive: true, force: true }) }
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** In CI the programs must be there; elsewhere their absence is reported. */
function suite(name: string, program: string, tests: () => void): void {
  const isThere = spawnSync('which', [program]).status === 0
  if (isThere || process.env['CI'] !== undefined) describe(name, tests)
  else describe.skip(`${name} (${program} is not installed)`, tests)
}
