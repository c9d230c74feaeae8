import { appendFileSync } from 'node:fs'

import type { KeyLog } from '../keys/key-log.ts'

/**
 * For `keyLog`: appends the secrets to a file, by default the one that the environment variable SSLKEYLOGFILE names,
 * as OpenSSL's tools and browsers do. Undefined, which logs nothing, where it names none. Whoever reads the file can
 * read the connections: for debugging alone.
 *
 * @example
 * const socket = connect({ port: 4433, certificate, verify, keyLog: keyLogFile() })
 */
export function keyLogFile(path: string | undefined = process.env['SSLKEYLOGFILE']): KeyLog | undefined {
  if (path === undefined || path === '') return undefined
  return (line) => appendFileSync(path, `${line}\n`, { mode: 0o600 })
}
