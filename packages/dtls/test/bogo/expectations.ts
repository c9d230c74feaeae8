import type { DtlsSession } from '../../src/index.ts'
import type { Options } from './flags.ts'

/** What does not hold of a session although the runner asked for it; null where all does. */
export function checkSession(options: Options, session: DtlsSession, isResumption: boolean): string | null {
  const isServer = options.has('server')
  const unequal = (what: string, actual: unknown, expected: unknown): string | null =>
    actual === expected ? null : `${what} ${String(actual)} instead of ${String(expected)}`
  const asked = (
    name: 'expect-curve-id' | 'expect-cipher' | 'expect-version',
    actual: number | undefined,
  ): string | null => (options.isSet(name) ? unequal(name, actual, options.number(name)) : null)
  return (
    unequal('resumed', session.isResumed, isResumption && !options.has('expect-session-miss')) ??
    asked('expect-curve-id', session.group?.id) ??
    asked('expect-cipher', session.cipherSuite.id) ??
    asked('expect-version', session.version) ??
    unequal('protocol', session.alpnProtocol ?? '', options.text(isServer ? 'select-alpn' : 'expect-alpn')) ??
    (options.isSet('expect-server-name')
      ? unequal('server name', session.serverName, options.text('expect-server-name'))
      : null) ??
    (options.has('expect-no-server-name') ? unequal('server name', session.serverName, null) : null) ??
    (options.has('expect-no-peer-cert') ? unequal('certificate', session.peerCertificate, null) : null) ??
    (options.has('require-any-client-certificate') && session.peerCertificate === null
      ? 'no certificate'
      : null)
  )
}
