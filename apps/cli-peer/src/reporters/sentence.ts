import type { Report } from '../report.ts'

/** One report as a line for people; `null` for progress, which is drawn as a bar. */
export function sentence(report: Report): string | null {
  switch (report.event) {
    case 'joined':
      return `joined channel ${report.channel}, ${report.members} ${report.members === 1 ? 'peer' : 'peers'} on it`
    case 'message':
      return `${report.direction} ${report.kind}`
    case 'candidate':
      return `${report.side === 'local' ? 'gathered' : 'was told'} ${report.candidate}`
    case 'nominated':
      return (
        `nominated ${report.local} → ${report.remote} ` +
        `(${count(report.candidatesGathered, 'candidate')} gathered, ${count(report.pairsChecked, 'pair')} checked)`
      )
    case 'secured':
      return `${report.version}, ${report.cipherSuite}, fingerprint matches: ${report.fingerprint}`
    case 'file':
      return (
        `${report.direction} ${report.name}: ${size(report.bytes)} in ${report.seconds.toFixed(2)} s, ` +
        `${rate(report.bytes, report.seconds)}, SHA-256 ${report.sha256.slice(0, 16)}… verified`
      )
    case 'text':
      return `${report.direction} “${printable(report.text)}”`
    case 'failed':
      return `failed: ${report.reason}`
    case 'note':
      return report.text
    case 'progress':
      return null
  }
}

export const size = (bytes: number): string =>
  bytes >= mebibyte ? `${(bytes / mebibyte).toFixed(1)} MiB` : `${(bytes / 1024).toFixed(1)} KiB`

export const rate = (bytes: number, seconds: number): string =>
  `${(bytes / 1e6 / Math.max(seconds, 0.001)).toFixed(1)} MB/s`

/** A peer's text is untrusted: no control character reaches the terminal, and none that turns its direction. */
export const printable = (text: string): string => text.replace(/\p{Cc}|\p{Bidi_Control}/gu, '�')

const count = (n: number, thing: string): string => `${n} ${thing}${n === 1 ? '' : 's'}`

const mebibyte = 1024 * 1024
