import { afterAll } from '@jest/globals'
import type { KeyKind } from '@purertc/crypto'

import type { CipherSuite12Name } from '../src/index.ts'
import type { ConnectOptions, DtlsServer, DtlsSocket, ServerOptions } from '../src/node/index.ts'
import { Endpoints } from './endpoints.ts'
import { freePort, type Program, Programs, talk as talkTo } from './foreign.ts'
import { Papers } from './papers.ts'

export const papers = await Papers.make()
export const key = Buffer.from('b7f0a1c2d3e4f5061728394a5b6c7d8e', 'hex')
export const identity = 'lamp 7'
export const psk = {
  hint: 'a hint',
  key: (name: Uint8Array) => (Buffer.from(name).toString() === identity ? key : null),
}

/** OpenSSL's name of a suite, ours, and the key of the server's certificate. */
export const suites: readonly (readonly [string, CipherSuite12Name, KeyKind])[] = [
  ['ECDHE-ECDSA-AES128-GCM-SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ec-p256'],
  ['ECDHE-ECDSA-AES256-GCM-SHA384', 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ec-p384'],
  ['ECDHE-ECDSA-CHACHA20-POLY1305', 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'ed25519'],
  ['ECDHE-ECDSA-AES128-CCM8', 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', 'ec-p256'],
  ['ECDHE-RSA-AES128-GCM-SHA256', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'rsa'],
  ['ECDHE-RSA-AES256-GCM-SHA384', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'rsa'],
  ['ECDHE-RSA-CHACHA20-POLY1305', 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'rsa'],
]

/** The same of shared keys; OpenSSL has no ECDHE_PSK with AES-GCM or CCM. */
export const pskSuites: readonly (readonly [string, CipherSuite12Name])[] = [
  ['PSK-AES128-GCM-SHA256', 'TLS_PSK_WITH_AES_128_GCM_SHA256'],
  ['PSK-AES128-CCM8', 'TLS_PSK_WITH_AES_128_CCM_8'],
  ['PSK-CHACHA20-POLY1305', 'TLS_PSK_WITH_CHACHA20_POLY1305_SHA256'],
  ['ECDHE-PSK-CHACHA20-POLY1305', 'TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256'],
]

export const kinds: readonly KeyKind[] = ['ec-p256', 'ec-p384', 'ed25519', 'rsa']

export const endpoints = new Endpoints()
const programs = new Programs()
afterAll(() => papers.remove())

export const run = (...args: string[]): Program => programs.run('openssl', ...args)

/** A short tag is below OpenSSL's taste. */
export const cipher = (name: string): string[] => ['-cipher', `${name}:@SECLEVEL=0`]

export const files = (kind: KeyKind): string[] => [
  ...['-cert', papers.of[kind].certificateFile, '-key', papers.of[kind].keyFile],
  ...['-cert_chain', papers.chainFile],
]

export async function startServer(...args: string[]): Promise<{ server: Program; port: number }> {
  const port = await freePort()
  const server = run('s_server', '-dtls1_2', '-accept', `127.0.0.1:${port}`, ...args)
  await server.says(/ACCEPT/)
  return { server, port }
}

export const dial = (port: number, options: Partial<ConnectOptions>): Promise<DtlsSocket> =>
  endpoints.connect(port, { retransmitTimeout: 200, ...options })

export const listen = (options: ServerOptions): Promise<DtlsServer> =>
  endpoints.listen({ retransmitTimeout: 200, ...options })

export const call = (server: DtlsServer, ...args: string[]): Program =>
  run('s_client', '-dtls1_2', '-connect', `127.0.0.1:${server.address().port}`, ...args)

export const talk = (socket: DtlsSocket, program: Program): Promise<void> =>
  talkTo(socket, program, 'OpenSSL')

export const trusting = { ca: papers.ca, servername: 'localhost' }
export const verifying = ['-CAfile', papers.caFile, '-verify_return_error', '-verify_hostname', 'localhost']
