import { type ChildProcessWithoutNullStreams, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { NatLaboratory } from '@purertc/netsim/node'

import type { IceCredentials } from '../../src/index.ts'
import type { NodeIceOptions } from '../../src/node/index.ts'
import type { LabCommand, LabReport, LabSelection } from './lab-protocol.ts'

/** Why tests in the laboratory cannot run, `null` where they can. In CI it must be there: the tests run and fail. */
export function whyNoLaboratory(): string | null {
  return process.env['CI'] === undefined ? NatLaboratory.whyNot() : null
}

/** A process of `lab-peer.ts` in a client's namespace. */
export class LabHost {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #listeners = new Map<number, (report: LabReport) => void>()
  #nextId = 1

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    child.stderr.pipe(process.stderr)
    createInterface({ input: child.stdout }).on('line', (line) => {
      const report = JSON.parse(line) as LabReport
      this.#listeners.get(report.id)?.(report)
    })
  }

  /** Resolves when the process takes commands. */
  static async start(lab: NatLaboratory, where: string): Promise<LabHost> {
    const host = new LabHost(spawnSource(lab, where, 'lab-peer.ts', []))
    await new Promise<void>((resolve) => host.#listeners.set(0, () => resolve()))
    return host
  }

  open(options: NodeIceOptions): LabEnd {
    const id = this.#nextId++
    const end = new LabEnd((command) => this.#child.stdin.write(`${JSON.stringify({ id, ...command })}\n`))
    this.#listeners.set(id, (report) => end.take(report))
    end.tell({ do: 'start', options })
    return end
  }
}

type Command = LabCommand extends infer C ? (C extends unknown ? Omit<C, 'id'> : never) : never

/** One agent in there. */
export class LabEnd {
  readonly received: string[] = []
  readonly states: string[] = []
  readonly errors: { readonly code: number; readonly url: string }[] = []
  readonly candidates: string[] = []
  selected: LabSelection | null = null
  credentials: IceCredentials | null = null
  #hasClosed = false
  #onSignal: ((report: LabReport) => void) | null = null
  #wake: () => void = () => undefined
  readonly #write: (command: Command) => void
  readonly #signals: LabReport[] = []

  constructor(write: (command: Command) => void) {
    this.#write = write
  }

  tell(command: Command): void {
    this.#write(command)
  }

  /** From now on, and with what there was before, signals to `other`. */
  signalTo(other: LabEnd): void {
    const signal = (report: LabReport): void => {
      if (report.event === 'credentials') other.tell({ do: 'remote', credentials: report.credentials })
      if (report.event === 'candidate') other.tell({ do: 'candidate', line: report.line })
    }
    this.#onSignal = signal
    for (const report of this.#signals.splice(0)) signal(report)
  }

  take(report: LabReport): void {
    if (report.event === 'credentials' || report.event === 'candidate') {
      if (report.event === 'credentials') this.credentials = report.credentials
      else if (report.line !== null) this.candidates.push(report.line)
      if (this.#onSignal === null) this.#signals.push(report)
      else this.#onSignal(report)
    } else if (report.event === 'selected') this.selected = report
    else if (report.event === 'received') this.received.push(report.text)
    else if (report.event === 'state') this.states.push(report.state)
    else if (report.event === 'error') this.errors.push(report)
    else this.#hasClosed = true
    this.#wake()
  }

  /** False where it does not hold after `patience` ms. */
  async until(condition: () => boolean, patience = 60_000): Promise<boolean> {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      this.#wake()
    }, patience)
    while (!condition() && !isLate) await new Promise<void>((resolve) => (this.#wake = resolve))
    clearTimeout(timer)
    return condition()
  }

  async close(): Promise<void> {
    this.tell({ do: 'close' })
    await this.until(() => this.#hasClosed)
  }
}

/** A STUN and TURN server on the public network; resolves when it listens. */
export async function startLabServer(
  lab: NatLaboratory,
  addresses: readonly string[],
  certificate: LabCertificate,
): Promise<ChildProcessWithoutNullStreams> {
  const child = spawnSource(lab, 'public', 'lab-server.ts', [
    addresses.join(','),
    certificate.certFile,
    certificate.keyFile,
  ])
  child.stderr.pipe(process.stderr)
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)))
  })
  return child
}

export interface LabCertificate {
  readonly certFile: string
  readonly keyFile: string
}

/** A certificate of the public network's addresses, in files of `folder`. */
export function makeLabCertificate(folder: string, addresses: readonly string[]): LabCertificate {
  const certFile = join(folder, 'cert.pem')
  const keyFile = join(folder, 'key.pem')
  const names = addresses.map((address) => `IP:${address}`).join(',')
  const { status, stderr } = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
    ...['-subj', '/CN=lab', '-addext', `subjectAltName=${names}`, '-keyout', keyFile, '-out', certFile],
  ])
  if (status !== 0) throw new Error(stderr.toString())
  return { certFile, keyFile }
}

function spawnSource(
  lab: NatLaboratory,
  where: string,
  file: string,
  args: readonly string[],
): ChildProcessWithoutNullStreams {
  return lab.spawn(where, process.execPath, [
    ...['--import', 'tsx', '--conditions=@purertc/source', '--no-warnings'],
    join(import.meta.dirname, file),
    ...args,
  ])
}
