import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'

import { keyLogFile } from '../src/node/index.ts'
import { Pair } from './pair.ts'

describe('the log of keys', () => {
  test('has the same lines on both ends, and those of another handshake are others', () => {
    const handshake = (seed: number): { client: string[]; server: string[] } => {
      const client: string[] = []
      const server: string[] = []
      const pair = new Pair({
        seed,
        client: { keyLog: (line) => client.push(line) },
        server: { keyLog: (line) => server.push(line) },
      }).handshake()
      expect(pair.isConnected).toBe(true)
      return { client: client.sort(), server: server.sort() }
    }
    const { client, server } = handshake(1)
    expect(client.length).toBeGreaterThan(0)
    expect(client).toEqual(server)
    for (const line of client) expect(line).toMatch(/^[A-Z_0-9]+ [0-9a-f]{64} ([0-9a-f]{64}|[0-9a-f]{96})$/)
    expect(handshake(2).client).not.toEqual(client)
  })

  test('is a file that nobody else reads, where one is named', () => {
    expect(keyLogFile('')).toBeUndefined()
    const directory = mkdtempSync(join(tmpdir(), 'purertc-keys-'))
    try {
      const path = join(directory, 'keys.log')
      const keyLog = keyLogFile(path)
      keyLog?.('A 00 11')
      keyLog?.('B 00 22')
      expect(readFileSync(path, 'utf8')).toBe('A 00 11\nB 00 22\n')
      expect(statSync(path).mode & 0o077).toBe(0)
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  test('is off where SSLKEYLOGFILE names none', () => {
    const { SSLKEYLOGFILE: named } = process.env
    delete process.env['SSLKEYLOGFILE']
    expect(keyLogFile()).toBeUndefined()
    process.env['SSLKEYLOGFILE'] = '/nowhere/keys'
    expect(keyLogFile()).toBeDefined()
    if (named === undefined) delete process.env['SSLKEYLOGFILE']
    else process.env['SSLKEYLOGFILE'] = named
  })
})
