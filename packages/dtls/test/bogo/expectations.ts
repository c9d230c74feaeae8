import type { DtlsSession } from '../../src/index.ts'
import type { Options } from './flags.ts'

/** What does not hold of a session although the runner asked for it; null where all does. */
export function checkSession(options: Options, session: DtlsSession, _isResumption: boolean): string | null {
  const curve = options.number('expect-curve-id')
  const group = session.group?.id ?? 0
  if (curve !== 0 && group !== curve) return `group ${group} instead of ${curve}`
  const cipher = options.number('expect-cipher')
  if (cipher !== 0 && session.cipherSuite.id !== cipher)
    return `suite ${session.cipherSuite.id} instead of ${cipher}`
  const version = options.number('expect-version')
  if (version !== 0 && session.version !== version) return `version ${session.version} instead of ${version}`
  return null
}
