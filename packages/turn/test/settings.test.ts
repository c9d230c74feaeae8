import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, describe, expect, test } from '@jest/globals'

import { sumMetrics } from '../src/node/bin/metrics-endpoint.ts'
import { relayAddressesFor } from '../src/node/bin/own-addresses.ts'
import { alternatesOf } from '../src/node/bin/serve.ts'
import { peerFilter, readSettings, type Settings } from '../src/node/bin/settings.ts'
import { hasReusePort, ownerOf } from '../src/node/processes/process-share.ts'

const folder = mkdtempSync(join(tmpdir(), 'purertc-turn-'))
const file = join(folder, 'turn.json')
afterEach(() => {
  rmSync(file, { force: true })
  for (const name of Object.keys(process.env))
    if (name.startsWith('PURERTC_TURN_')) Reflect.deleteProperty(process.env, name)
})

function read(...argv: string[]): Settings {
  return readSettings(argv, (command) =>
    command.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined }),
  )
}

describe('settings', () => {
  test('have sane limits', () => {
    expect(read('--user', 'ann:se:cret')).toMatchObject({
      address: ['0.0.0.0'],
      port: 3478,
      tlsPort: 5349,
      tcp: true,
      user: [{ name: 'ann', password: 'se:cret' }],
      relayPorts: { min: 49_152, max: 65_535 },
      allocationsPerUser: 32,
      maxAllocations: 4_000,
      processes: 1,
      drain: 0,
    })
  })

  test('come from flags, then from the environment, then from the file', () => {
    writeFileSync(
      file,
      JSON.stringify({
        port: 1,
        realm: 'file',
        user: ['bob:b', 'eve:e'],
        relayPorts: '50000-50009',
        tcp: false,
      }),
    )
    process.env['PURERTC_TURN_PORT'] = '2'
    process.env['PURERTC_TURN_REALM'] = 'environment'
    process.env['PURERTC_TURN_ADDRESS'] = '127.0.0.1 ::1'
    expect(read('--config', file, '--port', '3', '--allow-loopback-peers')).toMatchObject({
      port: 3,
      realm: 'environment',
      address: ['127.0.0.1', '::1'],
      user: [
        { name: 'bob', password: 'b' },
        { name: 'eve', password: 'e' },
      ],
      relayPorts: { min: 50_000, max: 50_009 },
      tcp: false,
      allowLoopbackPeers: true,
    })
  })

  test.each([
    ['nobody could use it', []],
    ['go together', ['--user', 'a:b', '--cert', 'c.pem']],
    ['A number from 0 to 65535', ['--user', 'a:b', '--port', '65536']],
    ['name:password', ['--user', 'ann']],
    ['16 characters', ['--secret', 'short']],
    ['Two ports', ['--user', 'a:b', '--relay-ports', '9-1']],
    ['An IP address', ['--user', 'a:b', '--address', 'example.org']],
    ['198.51.100.0/24', ['--user', 'a:b', '--deny-peer', 'example.org/8']],
    ['ENOENT', ['--user', 'a:b', '--config', '/nowhere/turn.json']],
    ['unknown option', ['--user', 'a:b', '--prot', '1']],
  ])('%s', (message, argv) => {
    expect(() => read(...argv)).toThrow(message)
  })

  test.each([
    ['no setting is called prot', '{"prot":1}'],
    ['port: A number', '{"port":"x"}'],
    ['not an object', '[]'],
    ['JSON', '{'],
  ])('a file: %s', (message, text) => {
    writeFileSync(file, text)
    expect(() => read('--user', 'a:b', '--config', file)).toThrow(message)
  })

  test('peers: denied before allowed, allowed before the usual policy', () => {
    const isAllowed = peerFilter(
      read(
        '--user',
        'a:b',
        '--allow-peer',
        '10.1.0.0/16',
        'fd00::/8',
        '--deny-peer',
        '10.1.2.0/24',
        '8.8.8.8',
      ),
    )
    const judged = [
      '10.1.0.1',
      '10.1.2.1',
      '10.2.0.1',
      '8.8.8.8',
      '8.8.4.4',
      'fd00::1',
      'fe80::1',
      '127.0.0.1',
    ]
    expect(judged.filter(isAllowed)).toEqual(['10.1.0.1', '8.8.4.4', 'fd00::1'])
  })

  test('alternates of both families', () => {
    const settings = read(
      '--user',
      'a:b',
      '--alternate',
      '198.51.100.1:3478',
      '[2001:db8::1]:3478',
      'nonsense',
    )
    expect(alternatesOf(settings)).toMatchObject([
      { family: 'IPv4', port: 3478 },
      { family: 'IPv6', address: '2001:db8::1' },
    ])
  })
})

test('figures of several processes are added by name and labels', () => {
  const figure = (value: number, code: string) =>
    ({
      name: 'turn_answers_total',
      help: '',
      type: 'counter',
      samples: [{ labels: { code }, value }],
    }) as const
  expect(sumMetrics([[figure(1, '401')], [figure(2, '401'), figure(5, 'success')]])).toMatchObject([
    {
      samples: [
        { labels: { code: '401' }, value: 3 },
        { labels: { code: 'success' }, value: 5 },
      ],
    },
  ])
})

test('clients are spread evenly over processes, each always to the same', () => {
  const counts = [0, 0, 0, 0]
  for (let port = 1024; port < 9216; port++) {
    const client = { family: 'IPv4', address: '198.51.100.7', port } as const
    const owner = ownerOf(client, 4)
    expect(ownerOf({ ...client }, 4)).toBe(owner)
    counts[owner] = (counts[owner] ?? 0) + 1
  }
  for (const count of counts) expect(Math.abs(count - 2048)).toBeLessThan(300)
})

test('sockets share ports from Node 22.12 and 23.1 on', () => {
  const versions = ['20.20.2', '22.11.0', '22.12.0', '23.0.0', '23.1.0', '24.0.0']
  expect(versions.filter(hasReusePort)).toEqual(['22.12.0', '23.1.0', '24.0.0'])
})

describe('relays of a server that listens on all addresses', () => {
  const interfaces = {
    lo: [{ address: '127.0.0.1', internal: true }],
    eth0: [
      { address: '10.0.0.5', internal: false },
      { address: 'fe80::1', internal: false },
    ],
    eth1: [{ address: '198.51.100.7', internal: false }],
  }

  test('are on the machine’s own one, a public one where it has one', () => {
    expect(relayAddressesFor(['0.0.0.0', '127.0.0.9'], interfaces)).toEqual(['198.51.100.7', '127.0.0.9'])
    expect(relayAddressesFor(['0.0.0.0'], { eth0: interfaces.eth0 })).toEqual(['10.0.0.5'])
  })

  test('have none where the machine has none of that family', () => {
    expect(
      relayAddressesFor(['0.0.0.0', '::'], { lo: interfaces.lo, eth0: interfaces.eth0.slice(1) }),
    ).toEqual(['0.0.0.0', '::'])
  })
})
