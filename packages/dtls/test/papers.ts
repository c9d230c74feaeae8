import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KeyKind } from '@purertc/crypto'

import { issue, type Issued, toPem } from './authority.ts'

/** One identity as files for a foreign program. */
export interface Paper {
  readonly issued: Issued
  /** PEM: the certificate with those that lead to its authority behind it. */
  readonly certificateFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

/** An authority, an intermediate one, and a certificate of each kind of key, as files. */
export class Papers {
  readonly #directory: string
  readonly ca: string
  readonly caFile: string
  /** The intermediate authority alone. */
  readonly chainFile: string
  readonly of: Readonly<Record<KeyKind, Paper>>
  /** Of an authority that nobody trusts. */
  readonly stranger: Paper

  constructor(directory: string, root: Issued, middle: Issued, rest: Pick<Papers, 'of' | 'stranger'>) {
    this.#directory = directory
    this.ca = pem(root)
    this.caFile = this.write('ca.pem', this.ca)
    this.chainFile = this.write('chain.pem', pem(middle))
    this.of = rest.of
    this.stranger = rest.stranger
  }

  /** In a directory of their own; see {@link Papers.remove}. */
  static async make(): Promise<Papers> {
    const directory = mkdtempSync(join(tmpdir(), 'purertc-papers-'))
    const root = await issue('root', { authority: true })
    const middle = await issue('middle', { authority: 0, kind: 'ec-p384' }, root)
    const paper = async (kind: KeyKind, issuer?: Issued): Promise<Paper> => {
      const name = `${issuer === undefined ? 'stranger' : 'host'} ${kind}`
      const issued = await issue(name, { kind, hosts: ['localhost', '127.0.0.1'] }, issuer)
      const cert = issuer === undefined ? pem(issued) : pem(issued) + pem(issuer)
      const key = toPem('PRIVATE KEY', issued.pkcs8)
      const certificateFile = join(directory, `${name}.pem`)
      const keyFile = join(directory, `${name}.key`)
      writeFileSync(certificateFile, cert)
      writeFileSync(keyFile, key)
      return { issued, certificateFile, keyFile, cert, key }
    }
    const of = {
      'ec-p256': await paper('ec-p256', middle),
      'ec-p384': await paper('ec-p384', middle),
      ed25519: await paper('ed25519', middle),
      rsa: await paper('rsa', middle),
    }
    return new Papers(directory, root, middle, { of, stranger: await paper('ec-p256') })
  }

  write(name: string, text: string): string {
    const file = join(this.#directory, name)
    writeFileSync(file, text)
    return file
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true })
  }
}

const pem = ({ der }: Issued): string => toPem('CERTIFICATE', der)
