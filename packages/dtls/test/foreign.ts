import { type ChildProcessWithoutNullStreams, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect } from '@jest/globals'

import type { Certificate } from '../src/index.ts'
import { type DtlsSocket, readCertificate } from '../src/node/index.ts'

export { freePort } from '../../bytes/test/support/free-port.ts'

/** `describe` where the program is installed. Elsewhere the tests are skipped by name, and in CI they fail. */
export function describeWith(program: string, name: string, body: () => void): void {
  const isInstalled = spawnSync(program, ['--help']).error === undefined
  if (isInstalled) describe(name, body)
  else if (process.env['CI'] === undefined) describe.skip(`${name} (${program} is not installed)`, body)
  else
    describe(name, () => {
      throw new Error(`${program} is not installed`)
    })
}

/** A certificate as files for a foreign program, and as ours. */
export interface CertificateFiles {
  readonly certificateFile: string
  readonly keyFile: string
  readonly publicKeyFile: string
  readonly certificate: Certificate
}

/** A directory with certificates that OpenSSL has made. */
export class Workshop {
  readonly #directory = mkdtempSync(join(tmpdir(), 'purertc-dtls-'))

  makeCertificate(name: string): CertificateFiles {
    const certificateFile = join(this.#directory, `${name}.pem`)
    const keyFile = join(this.#directory, `${name}.key`)
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    const output = ['-keyout', keyFile, '-out', certificateFile, '-subj', `/CN=${name}`, '-days', '2']
    execFileSync('openssl', ['req', '-x509', ...newKey, ...output], { stdio: 'pipe' })
    const certificate = readCertificate(readFileSync(certificateFile, 'utf8'), readFileSync(keyFile, 'utf8'))
    const publicKeyFile = join(this.#directory, `${name}.pub`)
    execFileSync('openssl', ['pkey', '-in', keyFile, '-pubout', '-out', publicKeyFile])
    return { certificateFile, keyFile, publicKeyFile, certificate }
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true })
  }
}

/** A foreign program that runs, with all it has said so far. */
export class Program {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #command: string
  #output = ''
  #watchers: (() => void)[] = []
  #hasEnded = false

  constructor(command: string, args: readonly string[]) {
    this.#command = [command, ...args].join(' ')
    this.#process = spawn(command, args)
    const hear = (chunk: Buffer): void => {
      this.#output += chunk.toString('latin1')
      for (const watcher of this.#watchers.splice(0)) watcher()
    }
    this.#process.stdout.on('data', hear)
    this.#process.stderr.on('data', hear)
    this.#process.on('error', (error) => hear(Buffer.from(`\n[${error.message}]`)))
    this.#process.on('close', () => {
      this.#hasEnded = true
      hear(Buffer.from('\n[exit]'))
    })
  }

  type(text: string): void {
    this.#process.stdin.write(text)
  }

  /** Waits until the program has said something that matches, as long as it runs. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = Date.now() + 60_000
    for (;;) {
      const match = pattern.exec(this.#output)
      if (match !== null) return match
      const left = deadline - Date.now()
      if (left < 0 || this.#hasEnded)
        throw new Error(`no ${String(pattern)} from: ${this.#command}\n${this.#output}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#watchers.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await ended
  }
}

/** Foreign programs, ended after the test that started them. */
export class Programs {
  readonly #running: Program[] = []

  constructor() {
    afterEach(async () => {
      for (const program of this.#running.splice(0)) await program.stop()
    })
  }

  run(command: string, ...args: readonly string[]): Program {
    const program = new Program(command, args)
    this.#running.push(program)
    return program
  }
}

/** A line each way, where the program shows what it receives and sends what it reads. */
export async function talk(socket: DtlsSocket, program: Program, name: string): Promise<void> {
  socket.send(`from us to ${name}\n`)
  await program.says(new RegExp(`from us to ${name}`))
  const message = once(socket, 'message')
  program.type(`from ${name} to us\n`)
  expect(String((await message)[0])).toBe(`from ${name} to us\n`)
}
